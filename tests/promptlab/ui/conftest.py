"""A real browser for the scripts: pages from a dictionary, files from static/, nothing else."""

from __future__ import annotations

import mimetypes
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, sync_playwright

ORIGIN = "https://promptlab.test"
STATIC = Path(__file__).parents[3] / "static"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"


@dataclass
class Site:
    """What the browser finds at each address, what it sent, and what it complained of."""

    page: Page
    pages: dict[str, tuple[int, str]] = field(default_factory=dict)
    sent: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def serve(self, route: Route, request: Request) -> None:
        path = request.url.removeprefix(ORIGIN).partition("?")[0]
        if path.startswith(settings.STATIC_URL):
            file = STATIC / path.removeprefix(settings.STATIC_URL)
            kind = mimetypes.guess_type(file.name)[0] or "font/woff2"
            route.fulfill(body=file.read_bytes(), content_type=kind)
            return
        self.sent.append(request)
        status, body = self.pages.get(path, (404, ""))
        kind = "application/json" if path.endswith(".json") else "text/html; charset=utf-8"
        headers = {"Content-Security-Policy": POLICY, "Content-Type": kind}
        route.fulfill(status=status, body=body, headers=headers)

    def open(self, html: str) -> Page:
        self.pages["/"] = (200, html)
        self.page.goto(f"{ORIGIN}/")
        self.page.wait_for_load_state("networkidle")
        return self.page


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("BROWSER TESTS DID NOT RUN: no Chromium or Chrome; `apt install chromium`")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    yield context
    context.close()


@pytest.fixture
def site(window: BrowserContext) -> Iterator[Site]:
    """Fails the test when the page complained, of the policy for example."""
    page = window.new_page()
    site = Site(page)
    page.route("**/*", site.serve)
    page.on("console", lambda message: site.complaints.append(message.text))
    page.on("pageerror", lambda error: site.complaints.append(str(error)))
    yield site
    assert [said for said in site.complaints if "422" not in said] == []

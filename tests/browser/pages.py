"""Pages for a browser without a server: from a dictionary, and files from static/."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from playwright.sync_api import Page, Request, Route

ORIGIN = "https://promptlab.test"
STATIC = Path(__file__).parents[2] / "static"
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
        kind = "text/html" if body.lstrip().startswith("<") else "text/plain"
        kind = "application/json" if path.endswith(".json") else f"{kind}; charset=utf-8"
        headers = {"Content-Security-Policy": POLICY, "Content-Type": kind}
        route.fulfill(status=status, body=body, headers=headers)

    def open(self, html: str) -> Page:
        self.pages["/"] = (200, html)
        self.page.goto(f"{ORIGIN}/")
        self.page.wait_for_load_state("networkidle")
        return self.page

"""One stack and one browser for all browser tests; every test has a project of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.browser.chromium import FLAGS, HOW_TO_GET_ONE, find_chromium

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, ViewportSize
    from pytest_django import DjangoDbBlocker

    from promptlab.accounts.models import User
    from tests.browser.lab import Lab
    from tests.browser.stack import Stack
    from tests.browser.watch import Watch
    from tests.fakes.openai_server import OpenAIServer

# Playwright's loop runs in the thread in which tests use the ORM.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

HERE = Path(__file__).parent
CHROMIUM = find_chromium()
REQUIRED = os.environ.get("PROMPTLAB_REQUIRE_BROWSER") == "1"
DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}

Visit = Callable[..., "Page"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "embedded: needs the embedded model's engine and weights")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is not None or REQUIRED:
        return
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="no Chromium or Chrome here"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if CHROMIUM is None:
        terminalreporter.section("browser tests", red=True, bold=True)
        terminalreporter.line(HOW_TO_GET_ONE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What web and worker said is part of a failure."""
    report = yield
    running = getattr(item, "funcargs", {}).get("stack")
    if report.failed and running is not None:
        for name in ("web", "worker", "model"):
            report.sections.append((f"log of {name}", running.log_of(name)[-3000:]))
    return report


@pytest.fixture(scope="session")
def stack(postgres_url: str, django_db_blocker: DjangoDbBlocker) -> Iterator[Stack]:
    """The product, ready; the ORM of this process sees the same database."""
    from promptlab.demo.project import load_demo
    from promptlab.launch.home import home_from
    from tests.browser.stack import point_django_at, running_stack

    with running_stack(home_from(os.environ), postgres_url) as running:
        point_django_at(postgres_url)
        with django_db_blocker.unblock():
            load_demo()
            yield running


@pytest.fixture(scope="session")
def model_server() -> Iterator[OpenAIServer]:
    from tests.browser import desk
    from tests.fakes.openai_server import OpenAIServer

    with OpenAIServer(desk.answers) as server:
        yield server


@pytest.fixture
def model(model_server: OpenAIServer) -> Iterator[OpenAIServer]:
    """The scripted model. A test may slow it down or make it fail; the next one finds it well."""
    yield model_server
    model_server.seconds, model_server.key = 0.0, ""
    model_server.fault = lambda body, number: ""


@pytest.fixture
def lab(stack: Stack, model: OpenAIServer) -> Iterator[Lab]:
    """A project of this test's own; runs that it leaves are cancelled."""
    from tests.browser.lab import Lab

    lab = Lab(model.url)
    yield lab
    lab.cancel_runs()


@pytest.fixture(scope="session", autouse=True)
def patience() -> None:
    """The default of five seconds is short on two busy cores."""
    from playwright.sync_api import expect

    expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    if CHROMIUM is None:
        pytest.fail(HOW_TO_GET_ONE)
    return {"executable_path": CHROMIUM, "args": list(FLAGS), "headless": True}


@pytest.fixture(scope="session")
def base_url(stack: Stack) -> str:
    return stack.url


@pytest.fixture
def watch(stack: Stack) -> Iterator[Watch]:
    """Fails the test at its end when the browser complained about anything."""
    from tests.browser.watch import Watch

    watch = Watch(urlsplit(stack.url).netloc)
    yield watch
    complaints = watch.verdict()
    if complaints:
        pytest.fail(f"The browser complained:\n{complaints}")


@pytest.fixture
def visit(stack: Stack, watch: Watch, new_context: Callable[..., BrowserContext]) -> Visit:
    """`visit(user, path)`: a page of a browser of its own in which that user is signed in."""

    def opened(user: User | None = None, path: str = "/", **options: object) -> Page:
        context = new_context(**{"viewport": DESK, **options})
        context.set_default_timeout(15_000)
        watch.over(context)
        if user is not None:
            name, value = session_of(user)
            context.add_cookies([{"name": name, "value": value, "url": stack.url}])
        page = context.new_page()
        if path:
            page.goto(path)
        return page

    return opened


def session_of(user: User) -> tuple[str, str]:
    """Name and value of the cookie of a session in which the user is signed in."""
    from django.conf import settings
    from django.test import Client

    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    name = settings.SESSION_COOKIE_NAME
    return name, client.cookies[name].value

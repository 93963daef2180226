"""A socket is opened by promptlab's own pages, and by no other."""

from __future__ import annotations

from typing import Any

import pytest

from promptlab.origins import OwnPagesOnly
from tests.fakes.websocket import Socket

SOON = 5.0


async def greet(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "websocket.accept"})


async def opened(**headers: str) -> bool:
    page = Socket(OwnPagesOnly(greet), "/ws/", **headers)
    return await page.connect(SOON)


@pytest.fixture(autouse=True)
def at_home(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["lab.local", "127.0.0.1", "localhost", "[::1]"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://lab.example.org"]


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("lab.local:8000", "http://lab.local:8000"),
        ("lab.local:8000", "HTTP://Lab.LOCAL:8000"),
        ("LAB.local:8000", "http://lab.local:8000"),
        ("lab.local", "http://lab.local"),
        ("lab.local:80", "http://lab.local"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("[::1]:8000", "http://[::1]:8000"),
        ("lab.local.:8000", "http://lab.local.:8000"),
    ],
)
async def test_a_page_of_the_same_address_opens_a_socket(host: str, origin: str) -> None:
    assert await opened(host=host, origin=origin)


@pytest.mark.parametrize(
    "origin",
    [
        "", "null", "http://lab.local:8001", "http://lab.local", "https://lab.local:8000",
        "ws://lab.local:8000", "http://127.0.0.1:8000", "http://localhost:8000",
        "http://lab.local.:8000", "http://evil.example:8000", "http://lab.local.evil.example:8000",
        "http://evil.example@lab.local:8000", "http://lab.local:8000@evil.example",
        "http://lab.local:8000/", "http://lab.local:8000/?a", "http://lab.local:8000#a",
        "lab.local:8000", "//lab.local:8000", "file://", "http://", "http://lab.local:x",
        "http://lab.local:99999", "http://lab.local:0", "http://[::1", "http://lab.local:8000 ",
        "http://lab.local:8000,http://evil.example", "http://lab.lo\u00e9al:8000",
    ],
)  # fmt: skip
async def test_no_other_page_does(origin: str) -> None:
    assert not await opened(host="lab.local:8000", origin=origin)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "", "lab.local:x"])
async def test_a_host_that_is_not_ours_is_no_home(host: str) -> None:
    assert not await opened(host=host, origin=f"http://{host}")


# --- Behind a proxy -------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["lab.example.org", "127.0.0.1:8000", "lab.example.org:8000"])
async def test_the_public_address_is_told_by_its_setting_whatever_the_proxy_sends(
    host: str, settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "lab.example.org"]
    assert await opened(host=host, origin="https://lab.example.org")
    assert not await opened(host=host, origin="https://lab.example.org:8443")
    assert not await opened(host=host, origin="http://lab.example.org:1234")


async def test_a_trusted_proxy_says_what_scheme_the_page_has(settings: Any) -> None:
    page = {"host": "lab.local", "origin": "https://lab.local"}
    forwarded = {"x-forwarded-proto": "https"}
    assert not await opened(**page, **forwarded)
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert await opened(**page, **forwarded)
    assert not await opened(**page)


async def test_a_forwarded_host_is_not_believed() -> None:
    page = {"host": "lab.local", "origin": "http://evil.example"}
    assert not await opened(**page, **{"x-forwarded-host": "evil.example"})

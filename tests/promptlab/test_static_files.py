"""Static files come whole, under ASGI too."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings


def test_a_file_is_sent_whole_in_part_or_not_again(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "a.css").write_text("body { color: teal }")
    settings.STATIC_ROOT, settings.WHITENOISE_USE_FINDERS = str(tmp_path), False
    settings.WHITENOISE_AUTOREFRESH = False
    client = Client()
    whole = client.get("/static/a.css")
    assert isinstance(whole, HttpResponse)
    assert (whole.status_code, whole.content) == (200, b"body { color: teal }")
    assert whole["Content-Type"].startswith("text/css")
    some = client.get("/static/a.css", headers={"range": "bytes=0-3"})
    assert (some.status_code, some.content) == (206, b"body")
    again = (
        client.get("/static/a.css", headers={"if-none-match": whole["ETag"]})
        if whole.get("ETag")
        else client.get("/static/a.css", headers={"if-modified-since": whole["Last-Modified"]})
    )
    assert (again.status_code, again.content) == (304, b"")
    head = client.head("/static/a.css")
    assert (head.content, head["Content-Length"]) == (b"", whole["Content-Length"])


def test_nothing_is_streamed_from_a_blocking_iterator(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "a.css").write_text("body {}")
    settings.STATIC_ROOT, settings.WHITENOISE_AUTOREFRESH = str(tmp_path), False
    sent: list[Mapping[str, Any]] = []

    async def ask() -> None:
        handler = ASGIHandler()
        handler.load_middleware(is_async=True)
        scope = {
            "type": "http", "method": "GET", "path": "/static/a.css", "headers": [],
            "query_string": b"", "http_version": "1.1",
        }  # fmt: skip
        waiting = iter([{"type": "http.request", "body": b"", "more_body": False}])

        async def receive() -> dict[str, Any]:
            message = next(waiting, None)
            return message if message is not None else await asyncio.Future()

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        await handler(scope, receive, send)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(ask())
    assert sent[0]["status"] == 200
    assert b"".join(m.get("body", b"") for m in sent) == b"body {}"

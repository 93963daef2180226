"""Bodies beyond the limit never reach Django."""

from __future__ import annotations

import pytest

from promptlab.body_limit import BodyLimit


async def through(headers, chunks, limit=100):
    reached, sent = [], []
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]

    async def application(scope, receive, send):
        for _ in chunks:
            reached.append(await receive())

    async def receive():
        return waiting.pop(0)

    async def send(message):
        sent.append(message)

    await BodyLimit(application, limit)({"headers": headers}, receive, send)
    return reached, sent


async def test_a_body_announced_as_too_large_is_refused_with_what_to_do():
    reached, sent = await through([(b"content-length", b"101")], [])
    assert sent[0]["status"] == 413
    assert b"50 MB" in sent[1]["body"]
    assert not reached


async def test_a_body_that_grows_beyond_the_limit_is_cut_off():
    reached, _ = await through([], [b"x" * 60, b"x" * 60])
    assert [message["type"] for message in reached] == ["http.request", "http.disconnect"]


@pytest.mark.parametrize("length", [b"100", b"", b"nonsense"])
async def test_other_bodies_pass(length):
    reached, sent = await through([(b"content-length", length)], [b"x" * 100])
    assert [len(message["body"]) for message in reached] == [100]
    assert not sent

"""Unpacking replies: never to more than a completion can be, whatever a few bytes claim."""

from __future__ import annotations

import zlib

MOST_BYTES = 2_000_000
"""Of a reply, as it is sent and as it unpacks: more than any completion has."""

_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_RAW = -15
"""Some servers send deflate without its two bytes of header."""


class TooLong(ValueError):
    """A reply of more bytes than any completion has."""

    def __init__(self) -> None:
        super().__init__(f"the reply is longer than {MOST_BYTES:,} bytes")


class Unpackable(ValueError):
    """A reply packed in a way that was not asked for, or wrongly."""


def unpacked(body: bytes, coding: str | None) -> bytes:
    """The body as `Content-Encoding` says how to read it.

    Raises:
        TooLong: it has more than MOST_BYTES.
        Unpackable: by no means that we know, or it is broken.
    """
    coding = (coding or "identity").strip().lower()
    if coding == "identity" or not body:
        return body
    if coding not in _WINDOW:
        raise Unpackable("it is packed in a way that was not asked for")
    try:
        return _inflated(body, _WINDOW[coding])
    except zlib.error as error:
        if coding != "deflate":
            raise Unpackable("what is packed is broken") from error
    try:
        return _inflated(body, _RAW)
    except zlib.error as error:
        raise Unpackable("what is packed is broken") from error


def _inflated(body: bytes, window: int) -> bytes:
    unpacker = zlib.decompressobj(window)
    found = unpacker.decompress(body, MOST_BYTES + 1)
    if len(found) > MOST_BYTES:
        raise TooLong
    if not unpacker.eof:
        raise Unpackable("what is packed is cut off")
    return found

"""Unpacking replies: never to more than a completion can be, whatever a few bytes claim."""

from __future__ import annotations

import zlib

MOST_BYTES = 2_000_000
"""Of any answer, as it is sent and as it unpacks."""
_AROUND = 256_000
_OF_A_TOKEN = 64

_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}
_RAW = -15
"""Some servers send deflate without its two bytes of header."""


def most_bytes(tokens: int) -> int:
    """Of a reply that may have so many tokens: more than any has, in whatever language."""
    return min(_AROUND + _OF_A_TOKEN * tokens, MOST_BYTES)


class TooLong(ValueError):
    """A reply of more bytes than any that was asked for has."""

    def __init__(self, most: int) -> None:
        super().__init__(f"the reply is longer than {most:,} bytes")


class Unpackable(ValueError):
    """A reply packed in a way that was not asked for, or wrongly."""


def unpacked(body: bytes | bytearray, coding: str | None, most: int) -> bytes:
    """The body as `Content-Encoding` says how to read it.

    Raises:
        TooLong: it has more than `most` bytes.
        Unpackable: by no means that we know, or it is broken.
    """
    coding = (coding or "identity").strip().lower()
    if coding == "identity" or not body:
        return bytes(body)
    if coding not in _WINDOW:
        raise Unpackable("it is packed in a way that was not asked for")
    try:
        return _inflated(body, _WINDOW[coding], most)
    except zlib.error as error:
        if coding != "deflate":
            raise Unpackable("what is packed is broken") from error
    try:
        return _inflated(body, _RAW, most)
    except zlib.error as error:
        raise Unpackable("what is packed is broken") from error


def is_short(body: bytes | bytearray, coding: str | None, most: int) -> bool:
    """Whether the body has at most `most` bytes, as far as it can be unpacked."""
    try:
        return len(unpacked(body, coding, most)) <= most
    except TooLong:
        return False
    except Unpackable:
        return True


def beginning(body: bytes, coding: str | None, most: int) -> bytes:
    """At most `most` bytes of a body of which the rest does not matter; b"" if none can be read."""
    coding = (coding or "identity").strip().lower()
    if coding == "identity":
        return body[:most]
    try:
        return zlib.decompressobj(_WINDOW[coding]).decompress(body, most)
    except (KeyError, zlib.error):
        return b""


def _inflated(body: bytes | bytearray, window: int, most: int) -> bytes:
    unpacker = zlib.decompressobj(window)
    found = unpacker.decompress(body, most + 1)
    if len(found) > most:
        raise TooLong(most)
    if not unpacker.eof:
        raise Unpackable("what is packed is cut off")
    return found

"""Every way in which a provider goes wrong, by name: FAULTS. A player answers one request so."""

from __future__ import annotations

import asyncio
import gzip
import json
import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache, partial

from aiohttp import web

from tests.fakes.completions import Body, completion, empty

DRIP_SECONDS = 0.2
STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504)
REDIRECTS = (301, 302, 303, 307, 308)
NUL = "a\x00b"
HALF = "a\ud83db"


@dataclass(frozen=True)
class Play:
    """A request that goes wrong. `elsewhere` is where redirects lead."""

    request: web.Request
    body: Body
    elsewhere: str

    def whole(self, text: object = "text", **parts: object) -> Body:
        model = str(self.body.get("model", "scripted"))
        return completion(self.request.path, model, text, **parts)  # type: ignore[arg-type]


Player = Callable[[Play], Awaitable[web.StreamResponse]]


def error(status: int, message: str, headers: dict[str, str] | None = None) -> web.Response:
    """An error in the way of most providers; `ensure_ascii` carries half characters, too."""
    return web.json_response({"error": {"message": message}}, status=status, headers=headers)


async def _status(status: int, play: Play) -> web.StreamResponse:
    headers = {"Retry-After": "0.05"} if status == 429 else None
    said = "Rate limit reached" if status == 429 else f"scripted failure {status}"
    return error(status, said, headers)


async def _error_of(message: str, play: Play) -> web.StreamResponse:
    return error(400, message)


async def _text(text: str, play: Play) -> web.StreamResponse:
    return web.Response(text=text, content_type="application/json")


async def _reply(made: Callable[[Play], object], play: Play) -> web.StreamResponse:
    return web.json_response(made(play))


async def _redirect(status: int, play: Play) -> web.StreamResponse:
    return web.Response(status=status, headers={"Location": play.elsewhere})


async def _many_parts(count: int, play: Play) -> web.StreamResponse:
    """JSON of so many empty objects, packed into a few hundred bytes a hundred thousand."""
    text = '{"choices": [' + ", ".join(["{}"] * count) + "]}"
    return await _packed("gzip", lambda: gzip.compress(text.encode()), play)


async def _truncated(play: Play) -> web.StreamResponse:
    whole = json.dumps(play.whole())
    return await _text(whole[: len(whole) // 2], play)


async def _page(play: Play) -> web.StreamResponse:
    return web.Response(text="<html>We are being updated.</html>", content_type="text/html")


async def _plain(play: Play) -> web.StreamResponse:
    """A reply that is whole, under the wrong name."""
    return web.Response(text=json.dumps(play.whole()), content_type="text/plain")


async def _packed(
    coding: str, made: Callable[[], bytes], play: Play, status: int = 200
) -> web.StreamResponse:
    headers = {"Content-Encoding": coding, "Content-Type": "application/json"}
    response = web.Response(body=made(), headers=headers, status=status)
    response.headers["Content-Encoding"] = coding  # as it is: aiohttp shall not pack it again
    return response


async def _body(size: int, play: Play) -> web.StreamResponse:
    """A reply of `size` bytes, in pieces, so that no test holds it whole."""
    response = web.StreamResponse(headers={"Content-Length": str(size)})
    await response.prepare(play.request)
    await response.write(b'{"choices": "'.ljust(1000))
    piece = b"x" * 1_000_000
    for _ in range(size // 1_000_000):
        await response.write(piece)
    return response


async def _endless(play: Play, status: int = 200) -> web.StreamResponse:
    response = web.StreamResponse(status=status, headers={"Content-Type": "application/json"})
    await response.prepare(play.request)
    piece = b" " * 65_536
    while True:
        await response.write(piece)


async def _drip(play: Play, status: int = 200) -> web.StreamResponse:
    response = web.StreamResponse(status=status)
    await response.prepare(play.request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(DRIP_SECONDS)


async def _drip_headers(play: Play) -> web.StreamResponse:
    await _raw(play, b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not _closed(play):
        await _raw(play, b"x")
        await asyncio.sleep(DRIP_SECONDS)
    return web.Response()


async def _hang(play: Play) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def _reset(said: bytes, play: Play) -> web.StreamResponse:
    await _raw(play, said)
    transport = play.request.transport
    if transport is not None:
        transport.abort() if not said else transport.close()
    return web.Response()


async def _one_header(play: Play) -> web.StreamResponse:
    await _raw(play, b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000_000 + b"\r\n\r\n")
    return web.Response()


async def _many_headers(play: Play) -> web.StreamResponse:
    await _raw(play, b"HTTP/1.1 200 OK\r\n")
    piece = b"".join(b"X-%d: %s\r\n" % (n, b"x" * 4000) for n in range(100))
    while not _closed(play):
        await _raw(play, piece)
        await asyncio.sleep(0)
    return web.Response()


async def _informed(play: Play) -> web.StreamResponse:
    """A hundred times “go on”, and nothing else for ever."""
    await _raw(play, b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
    return await _hang(play)


async def _raw(play: Play, data: bytes) -> None:
    transport = play.request.transport
    if transport is not None and not transport.is_closing():
        transport.write(data)
        while transport.get_write_buffer_size() > 1_000_000 and not transport.is_closing():
            await asyncio.sleep(0.005)


def _closed(play: Play) -> bool:
    return play.request.transport is None or play.request.transport.is_closing()


@cache
def bomb(unpacked: int = 1_000_000_000) -> bytes:
    """A gzip file of a thousandth of `unpacked` zeros, whole and right to its last byte."""
    piece = bytes(1_000_000)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    count, check = unpacked // len(piece), 0
    for _ in range(count):
        check = zlib.crc32(piece, check)
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    tail = packer.flush() + struct.pack("<LL", check, count * len(piece))
    return head + block * count + tail


def _raw_bomb() -> bytes:
    """The same as deflate without a header, as some servers send it."""
    return bomb()[10:-8]


def _twice() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(bomb()) + packer.flush()


FAULTS: dict[str, Player] = {
    **{str(status): partial(_status, status) for status in STATUSES},
    **{str(status): partial(_redirect, status) for status in REDIRECTS},
    "redirect": partial(_redirect, 307),
    "500_bomb": partial(_packed, "gzip", bomb, status=500),
    "500_endless": partial(_endless, status=500),
    "500_drip": partial(_drip, status=500),
    "401_brotli": partial(_packed, "br", lambda: b"\x1b" * 1000, status=401),
    "401_reset": partial(_reset, b"HTTP/1.1 401 No\r\nContent-Length: 100\r\n\r\n{"),
    "429_alone": lambda play: _answer(error(429, "Slow down")),
    "no_schema": partial(_error_of, "json_schema is not supported"),
    "garbage": partial(_text, "<html>not JSON</html>"),
    "nothing": partial(_text, ""),
    "truncated": _truncated,
    "empty": partial(_text, "{}"),
    "list": partial(_text, "[]"),
    "deep": partial(_text, "[" * 100_000),
    "parts": partial(_many_parts, 640_000),
    "some_parts": partial(_many_parts, 60_000),
    "null": partial(_reply, lambda play: play.whole(None)),
    "number": partial(_reply, lambda play: play.whole(7)),
    "no_choices": partial(_reply, lambda play: empty(play.request.path, "scripted")),
    "nul_content": partial(_reply, lambda play: play.whole(NUL)),
    "half_content": partial(_reply, lambda play: play.whole(HALF)),
    "nul_error": partial(_error_of, f"bad {NUL}"),
    "half_error": partial(_error_of, f"bad {HALF}"),
    "nul_finish": partial(_reply, lambda play: play.whole(finish=NUL)),
    "half_finish": partial(_reply, lambda play: play.whole(finish=HALF)),
    "long_finish": partial(_reply, lambda play: play.whole(finish="x" * 10_000)),
    "negative_usage": partial(_reply, lambda play: play.whole(tokens=(-5, -7))),
    "giant_usage": partial(_reply, lambda play: play.whole(tokens=(2**31, 2**63))),
    "worded_usage": partial(_reply, lambda play: play.whole(tokens=("many", None))),
    "page": _page,
    "wrong_type": _plain,
    "error_in_200": partial(
        _text, '{"error": {"message": "The model is overloaded.", "code": 503}}'
    ),
    "gzip_bomb": partial(_packed, "gzip", bomb),
    "deflate_bomb": partial(_packed, "deflate", _raw_bomb),
    "bomb_in_bomb": partial(_packed, "gzip, gzip", _twice),
    "brotli": partial(_packed, "br", lambda: b"\x1b" * 1000),
    "zstd": partial(_packed, "zstd", lambda: b"\x28\xb5\x2f\xfd" * 250),
    "bad_gzip": partial(_packed, "gzip", lambda: b"no gzip at all"),
    "endless": _endless,
    "huge": partial(_body, 200_000_000),
    "drip": _drip,
    "drip_headers": _drip_headers,
    "hang": _hang,
    "reset": partial(_reset, b""),
    "reset_after_headers": partial(
        _reset, b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"choices": ['
    ),
    "no_http": partial(_reset, b"SSH-2.0-OpenSSH_9.6\r\n"),
    "one_header": _one_header,
    "many_headers": _many_headers,
    "informed": _informed,
}  # fmt: skip
"""Names of faults and who plays them. Those that never end are ended by the client's leaving."""


async def _answer(response: web.Response) -> web.StreamResponse:
    return response

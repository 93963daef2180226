"""Which pages may open a socket: promptlab's own, by scheme, host and port."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest

Application = Any
USUAL_PORTS = {"http": 80, "https": 443}
_PAGE_SCHEMES = {"ws": "http", "wss": "https"}


@dataclass(frozen=True)
class Origin:
    """Where a page comes from, in the sense of the web's same-origin rule."""

    scheme: str
    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> Origin | None:
        """`https://lab.example.org`; None for anything that is not an origin, `null` among it."""
        try:
            parts = urlsplit(text)
            port = USUAL_PORTS[parts.scheme] if parts.port is None else parts.port
        except (ValueError, KeyError):
            return None
        plain = text.lower() == f"{parts.scheme}://{parts.netloc.lower()}" and "@" not in text
        return cls(parts.scheme, parts.hostname, port) if plain and parts.hostname else None


class OwnPagesOnly:
    """ASGI middleware: a socket is opened by a page of the address it is opened at, or of the
    public address (PROMPTLAB_URL), which a proxy may hide. A browser tells the page's origin."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.denied: Application = WebsocketDenier.as_asgi()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        chosen = self.application if _is_own(scope) else self.denied
        await chosen(scope, receive, send)


def _is_own(scope: dict[str, Any]) -> bool:
    scheme = _PAGE_SCHEMES[scope.get("scheme", "ws")]
    # Its query says nothing here, and may be no text.
    page = {"type": "http", "method": "GET", "scheme": scheme, "query_string": b""}
    request = ASGIRequest(scope | page, BytesIO())
    origin = Origin.read(request.headers.get("Origin", ""))
    try:
        # As Django sees it: with the proxy's headers when they are trusted.
        here = Origin.read(f"{request.scheme}://{request.get_host()}")
    except DisallowedHost:
        return False
    public = [Origin.read(address) for address in settings.CSRF_TRUSTED_ORIGINS]
    return origin is not None and origin in [here, *public]

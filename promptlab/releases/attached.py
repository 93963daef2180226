"""A file as an answer."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header


def attached(
    name: str, media_type: str, told: bytes | str | Iterator[bytes]
) -> HttpResponse | StreamingHttpResponse:
    """Its type is fixed and nothing is shown inside the browser, whatever it contains."""
    headers = {
        "Content-Disposition": content_disposition_header(True, name) or "attachment",
        "X-Content-Type-Options": "nosniff",
    }
    kind = f"{media_type}; charset=utf-8"
    if isinstance(told, bytes | str):
        return HttpResponse(told, content_type=kind, headers=headers)
    return StreamingHttpResponse(told, content_type=kind, headers=headers)

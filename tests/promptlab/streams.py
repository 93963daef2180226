"""What an answer says, whether it came at once or in parts."""

from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse


def whole(answer: Any) -> str:
    """Its text; of one that is streamed as long as something happens, nothing."""
    if not isinstance(answer, StreamingHttpResponse):
        return str(answer.content.decode())
    if answer.is_async:
        return ""
    return b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]

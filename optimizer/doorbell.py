"""The doorbell: says that something changed, never what. State lives in tables."""

from __future__ import annotations

from django.db import connection

CHANNEL = "promptlab_doorbell"


def ring(topic: str, ref: int) -> None:
    """Tell every listening web process that `topic` `ref` ("run" 9) changed; heard on commit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, message(topic, ref)])


def message(topic: str, ref: int) -> str:
    return f"{topic}:{ref}"

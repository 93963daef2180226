"""Marks in a prompt that let its provider keep what comes before them, where a vendor wants them.

Anthropic's models keep nothing unless a request says up to where, and take a quarter more for what
they write down, a tenth for what they read again. So a mark is set only where it is long enough to
be kept at all, and where the very same beginning was sent before: what is asked once, or shows
other demos for each input, costs no more than it did.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any

LEAST = 4096
"""Characters of the shortest beginning that may be kept: a thousand tokens."""
REMEMBERED = 512
"""Beginnings that are known to have been sent, the latest ones."""
MARK = {"type": "ephemeral"}


class CacheMarks:
    """What one client has sent so far, by digests of beginnings."""

    def __init__(self) -> None:
        self._sent: OrderedDict[str, None] = OrderedDict()

    def on(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The messages with a mark at the end of their instruction, and of what stands before the
        last of them (demos, or an agent's turns so far).
        """
        first = next((n for n, m in enumerate(messages) if m["role"] != "system"), len(messages))
        ends = {end for end in (first - 1, len(messages) - 2) if end >= 0}
        marked = {end for end in ends if self._is_known(messages[: end + 1])}
        return [_with_mark(m) if n in marked else m for n, m in enumerate(messages)]

    def _is_known(self, beginning: list[dict[str, Any]]) -> bool:
        texts = [str(message.get("content") or "") for message in beginning]
        if sum(map(len, texts)) < LEAST:
            return False
        told = "\0".join(f"{m['role']}\0{t}" for m, t in zip(beginning, texts, strict=True))
        key = hashlib.sha256(told.encode(errors="replace")).hexdigest()
        known = key in self._sent
        self._sent[key] = None
        self._sent.move_to_end(key)
        if len(self._sent) > REMEMBERED:
            self._sent.popitem(last=False)
        return known


def _with_mark(message: dict[str, Any]) -> dict[str, Any]:
    """Of a message that is no plain text nothing is changed."""
    content = message.get("content")
    if not isinstance(content, str) or not content or message["role"] == "tool":
        return message
    return message | {"content": [{"type": "text", "text": content, "cache_control": MARK}]}

"""No secret in any message: providers like to echo the key they did not like."""

from __future__ import annotations

import logging
import re
from functools import cache

from optimizer.core.programs.storable import storable
from optimizer.lm.spellings import FRAGMENT, Spellings

LIMIT = 500
"""Characters of a provider's words that are kept."""
LOOKED_AT = 20_000
"""Characters of which these are taken; secrets are found before anything shorter is cut."""
HIDDEN = "•••"

_MASK = r"(?:\*{2,}|\.{2,}|…|•+)"
_LOOKS_SECRET = re.compile(
    r"(?i)((?:bearer|basic)\s+|(?:api[-_ ]?)?key[\"']?\s*[:=]\s*[\"']?|[?&]key=)"
    rf"(?:[A-Za-z0-9_~+/-]|{_MASK}|[.*](?=\w)){{8,}}=*"
)
_KEY_SHAPED = re.compile(
    rf"\b(?:sk|pk|rk|gsk|xai|key)[-_](?:[A-Za-z0-9_-]|{_MASK}|\*){{8,}}"
    rf"|\b(?:sk|pk|rk|gsk|xai|key)-(?:\w[\w-]+{_MASK}|{_MASK}\w\w)[\w-]*"
    r"|\bAIza[A-Za-z0-9_-]{20,}"
)


class Scrubber:
    """Takes known secrets out of texts, however they are spelt, and whatever looks like one."""

    def __init__(self, *secrets: str) -> None:
        self._known = [Spellings(secret) for secret in dict.fromkeys(secrets) if secret]

    def clean(self, text: str, limit: int = LIMIT) -> str:
        """The text without secrets, storable, on one line of at most `limit` characters."""
        text = " ".join(storable(self.hide(text[:LOOKED_AT])).split())
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def hide(self, text: str) -> str:
        """The text without secrets: known ones, parts of them, and what looks like one."""
        spans = [span for known in self._known for span in known.find(text, masked=True)]
        text = _LOOKS_SECRET.sub(lambda match: match.group(1) + HIDDEN, _without(text, spans))
        return _KEY_SHAPED.sub(HIDDEN, text)

    def without_keys(self, text: str) -> str:
        """The text without known secrets that are long enough to be no words; else as it is."""
        long = [known for known in self._known if known.length >= FRAGMENT]
        return _without(text, [span for known in long for span in known.find(text)])


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    parts, done = [], 0
    for start, end in sorted(spans):
        if start >= done:
            parts += [text[done:start], HIDDEN]
        done = max(done, end)
    return "".join([*parts, text[done:]]) if parts else text


class ScrubbingFormatter(logging.Formatter):
    """Log lines and tracebacks without any secret that this process was told."""

    def format(self, record: logging.LogRecord) -> str:
        return everyones().hide(super().format(record))


_told: dict[str, None] = {}


def remember(secret: str) -> None:
    """From now on this process writes the secret into no log."""
    if secret and secret not in _told:
        _told[secret] = None
        everyones.cache_clear()


@cache
def everyones() -> Scrubber:
    """The scrubber of all secrets that this process was told."""
    return Scrubber(*_told)

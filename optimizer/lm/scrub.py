"""No secret in any message: providers like to echo the key they did not like."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus

LIMIT = 500
"""Characters of a provider's words that are kept."""
HIDDEN = "•••"

_LOOKS_SECRET = re.compile(
    r"(?i)(bearer\s+|(?:api[-_ ]?)?key[\"']?\s*[:=]\s*[\"']?|[?&]key=)[A-Za-z0-9._~+/*-]{8,}=*"
)
_KEY_SHAPED = re.compile(r"\b(?:sk|pk|rk|gsk|xai|key)-[A-Za-z0-9_*-]{8,}|\bAIza[A-Za-z0-9_-]{20,}")


class Scrubber:
    """Takes known secrets, and whatever looks like one, out of texts."""

    def __init__(self, *secrets: str) -> None:
        forms = {form for s in secrets if len(s) >= 4 for form in (s, quote(s), quote_plus(s))}
        self._forms = sorted(forms, key=len, reverse=True)

    def clean(self, text: str) -> str:
        """The text on one line, at most LIMIT characters, without secrets."""
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        text = _LOOKS_SECRET.sub(lambda match: match.group(1) + HIDDEN, text)
        text = " ".join(_KEY_SHAPED.sub(HIDDEN, text).split())
        return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"

"""A tool that asks an address, in a downloaded file: its text is copied.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any, NamedTuple

from optimizer.core.programs.turns import failed
from optimizer.core.programs.urls import filled

# ----------------------------------------------------------------------------------------------


class Fetching(NamedTuple):
    """A tool that gives what an address gives, with the arguments in its places."""

    url: str

    def __call__(self, arguments: dict[str, Any]) -> str:
        url = filled(self.url, arguments)
        if url is None:
            return failed("these arguments lead to another address")
        asked = urllib.request.Request(url, headers={"Accept": "application/json"})
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                text: str = answer.read(1 << 20).decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            if error.code >= 500 or error.code in (408, 425, 429):
                raise
            return failed(f"it answered with status {error.code}")
        return text

"""A step that asks an endpoint for passages, in a downloaded file: its text is copied.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

import urllib.request
from typing import Any, NamedTuple

from optimizer.core.programs.endpoints import body_for, passages_in
from optimizer.core.programs.layouts import spelled_out
from optimizer.core.programs.passages import passages_as
from optimizer.core.programs.urls import filled

# ----------------------------------------------------------------------------------------------


class Endpoint(NamedTuple):
    """A step that gives the passages which an endpoint finds for its input."""

    url: str
    body: str
    path: str
    k: int
    output: str
    kind: Any

    def __call__(self, values: dict[str, Any]) -> dict[str, Any]:
        (query,) = map(spelled_out, values.values())
        url = filled(self.url, {"query": query, "k": self.k})
        if url is None:
            raise ValueError("the query leads to another address")
        body = body_for(self.body, query, self.k).encode() if self.body else None
        headers = {"Accept": "application/json"} | (
            {"Content-Type": "application/json"} if body else {}
        )
        asked = urllib.request.Request(url, body, headers)
        with urllib.request.urlopen(asked, timeout=30) as answer:
            text = answer.read(1 << 20).decode("utf-8", "replace")
        return {self.output: passages_as(self.kind, passages_in(text, self.path, self.k))}

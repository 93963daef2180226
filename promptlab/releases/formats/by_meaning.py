"""Demos chosen by meaning, in a downloaded file: its text is copied, behind that of `nearest`.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

import base64
import json
import os
import urllib.request
from typing import Any

from optimizer.core.programs.vectors import BATCH, Meanings, told_of, vector_of
from promptlab.releases.formats.nearest import Nearest

# ----------------------------------------------------------------------------------------------


class NearestInMeaning(Nearest):
    """The same by the vectors of an embedding model at an OpenAI-compatible endpoint.

    `vectors` are those of the rows as the run had them; without, the rows are embedded at first.
    """

    def __init__(self, *, model: str, api_base: str, vectors: str, **nearest: Any) -> None:
        super().__init__(**nearest)
        self.model, self.api_base, self.vectors = model, api_base, base64.b64decode(vectors)

    def compared(self, text: str) -> tuple[Any, Any]:
        if self.index is None:
            self.index = Meanings(self.pooled())
        return self.index, self.embedded([told_of(text)])[0]

    def pooled(self) -> list[bytes]:
        """The vectors of the rows."""
        if self.vectors:
            size = len(self.vectors) // len(self.rows)
            return [self.vectors[at : at + size] for at in range(0, len(self.vectors), size)]
        told = [told_of(text) for text in self.texts]
        batches = [told[at : at + BATCH] for at in range(0, len(told), BATCH)]
        return [vector for batch in batches for vector in self.embedded(batch)]

    def embedded(self, texts: list[str]) -> list[bytes]:
        """Their vectors, asked of the endpoint in one request."""
        address = os.environ.get("EMBEDDING_API_BASE", self.api_base).rstrip("/")
        if not address.startswith(("http://", "https://")):
            raise RuntimeError(
                f"Set EMBEDDING_API_BASE to the address of an OpenAI-compatible endpoint that has "
                f"{self.model}; it ends in /v1."
            )
        headers = {"Content-Type": "application/json"}
        if os.environ.get("EMBEDDING_API_KEY"):
            headers["Authorization"] = f"Bearer {os.environ['EMBEDDING_API_KEY']}"
        asked = {"model": self.model, "input": texts, "encoding_format": "float"}
        body = json.dumps(asked).encode()
        request = urllib.request.Request(f"{address}/embeddings", body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            rows = json.load(answer)["data"]
        rows = sorted(rows, key=lambda row: row["index"]) if "index" in rows[0] else rows
        return [vector_of(row["embedding"]) for row in rows]

"""The optimizer model's small requests, followed as any model fit for its work would."""

from __future__ import annotations

import re

from optimizer.core.instructions import prompts


def rewritten(said: str) -> str:
    """An answer to a request to rewrite that follows it, "" for any other request."""
    if not said.startswith(prompts.REWRITE):
        return ""
    found = re.search(r"Keep these words as they are: (.*?)\. Answer", said)
    assert found is not None
    return f"In new words, which keep {found.group(1)}."

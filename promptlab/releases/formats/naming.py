"""Names of files that are safe on any system, such as support-triage-v4.json."""

from __future__ import annotations

import re

from promptlab.reviews.content import VersionContent

STATE, MODULE, PYTHON, CANONICAL = ".dspy.json", "_dspy.py", ".py", ".json"
READY, TESTS = ".prompts.json", ".tests.jsonl"


def file_name(content: VersionContent, suffix: str) -> str:
    """Dashes between words; underscores where the file is a Python module."""
    stem = slug_of(content)
    if suffix.endswith(".py"):
        module = stem.replace("-", "_")
        if module[0].isdigit():
            module = f"program_{module}"
        return f"{module}_v{content.version}{suffix}"
    return f"{stem}-v{content.version}{suffix}"


def slug_of(content: VersionContent) -> str:
    """The name in small letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", content.name.lower()).strip("-")[:60] or "program"

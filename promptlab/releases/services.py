"""What is done with versions: files of them, and labels on them."""

from __future__ import annotations

from promptlab.releases.formats import FORMATS, Format
from promptlab.reviews.labels import LabelMoved, NothingToRollBack, promote, roll_back
from promptlab.reviews.models import Version

__all__ = [
    "LabelMoved", "NothingToRollBack", "UnknownFormat", "file_of", "format_named", "promote",
    "roll_back",
]  # fmt: skip


class UnknownFormat(LookupError):
    """There is no format of this name; the message lists those there are."""


def format_named(name: str) -> Format:
    """
    Raises:
        UnknownFormat: no format has this name.
    """
    if name not in FORMATS:
        raise UnknownFormat(f"There is no format “{name}”; there are {', '.join(FORMATS)}.")
    return FORMATS[name]


def file_of(version: Version, format: Format) -> bytes:
    """The file's bytes. Canonical JSON comes as it was stored, byte for byte."""
    if format.name == "json":
        return version.canonical.encode()
    return format.write(version.content, version.sha256).encode()

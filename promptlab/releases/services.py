"""What is done with versions: files of them, and labels on them."""

from __future__ import annotations

from optimizer.core.problems import Refused
from promptlab.releases.formats import FORMATS, Format
from promptlab.reviews.labels import promote, roll_back
from promptlab.reviews.models import Version

__all__ = ["file_of", "format_named", "promote", "roll_back"]


def format_named(name: str) -> Format:
    """
    Raises:
        Refused: no format has this name.
    """
    if name not in FORMATS:
        raise Refused.because("format.unknown", "format", name=name, known=tuple(FORMATS))
    return FORMATS[name]


def file_of(version: Version, format: Format) -> bytes:
    """The file's bytes. Canonical JSON comes as it was stored, byte for byte."""
    if format.name == "json":
        return version.canonical.encode()
    return format.write(version.content, version.sha256).encode()

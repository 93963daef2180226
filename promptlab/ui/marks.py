"""What is unseen in a text, as HTML: marks that hold the characters, so that copies hold them."""

from __future__ import annotations

from django.utils.html import format_html, format_html_join

from promptlab.ui.unseen import Kind, Mark, pieces

MOST_MARKS = 500
"""Marks drawn in one text; invisible characters after them are written out."""

# The character is in a box of its own, so that it orders nothing else; a style draws the label.
_DRAWN = {
    Kind.INVISIBLE: '<span class="unseen" role="img" title="{name}" aria-label="{name}"'
    ' data-label="{label}">{text}</span>',
    Kind.SPACE: '<span class="odd-space" title="{name}">{text}</span>',
    Kind.MIXED: '<span class="mixed" title="{name}">{text}</span>',
}


def marked(text: str) -> str:
    """The text as it is where nothing is to be marked; otherwise HTML, of which it is the words."""
    found = list(pieces(text))
    if all(isinstance(piece, str) for piece in found):
        return text
    drawn = 0
    parts: list[tuple[str]] = []
    for piece in found:
        if isinstance(piece, str):
            parts.append((piece,))
        else:
            parts.append((_drawn(piece) if drawn < MOST_MARKS else piece.spelled,))
            drawn += 1
    return format_html_join("", "{}", parts)


def _drawn(mark: Mark) -> str:
    return format_html(_DRAWN[mark.kind], name=mark.name, label=mark.label, text=mark.text)

"""The sentences by code, and how one is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from optimizer.core.problems import Message, Problem, Refused, Told

_SENTENCES: dict[str, str | Promise] = {"form": "{told}"}
"""By code. What a form of Django says is told already."""


def add(sentences: Mapping[str, str | Promise]) -> None:
    """Take sentences into the catalogue, each under a code of its own.

    A sentence is a format string with the names of its problem's values: `{n:,} calls`. One that
    counts is an `ngettext_lazy` with the name of the value that it counts by. What a value is told
    as stands behind it: `{month:month}`.
    """
    twice = sorted(_SENTENCES.keys() & sentences.keys())
    if twice:
        raise ValueError(f"These codes have a sentence already: {', '.join(twice)}.")
    _SENTENCES.update(sentences)


def codes() -> frozenset[str]:
    """Every code that has a sentence."""
    return frozenset(_SENTENCES)


def sentence(told: Message) -> str:
    """What people read. Raises KeyError for a code without a sentence."""
    return told if isinstance(told, str) else term(told.code, **told.values)


def term(code: str, /, **values: Told) -> str:
    """The sentence, or the word, that stands under a code."""
    found: Any = _SENTENCES[code]
    return str(found.format(**{name: _shown(value) for name, value in values.items()}))


def reasons(refusal: Refused) -> str:
    """All that a refusal says, one sentence after another."""
    return " ".join(map(sentence, refusal.in_short))


def with_places(refusal: Refused) -> str:
    """The same, each with its place before it, as in a file that is to be corrected."""
    told = (f"{p.place}: {sentence(p)}" if p.place else sentence(p) for p in refusal.problems)
    return "; ".join(told)


def _shown(value: Told) -> object:
    if isinstance(value, Problem):
        return sentence(value)
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or _("none")
    if value is None:
        return ""
    return Shown(value) if isinstance(value, str) else value


class Shown(str):
    """A text as a sentence shows it; `{month:month}` is a day of a month told as its month."""

    def __format__(self, spec: str) -> str:
        if spec == "month":
            return date_format(date.fromisoformat(self), "F Y")
        return super().__format__(spec)

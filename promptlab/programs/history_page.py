"""A program's history as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from promptlab.programs.changes import Rewritten, in_words, rewritten
from promptlab.programs.models import Program, ProgramChange
from promptlab.ui.parameters import Parameters

CHANGES_A_PAGE = 50


@dataclass(frozen=True)
class Told:
    """One change and its words. `current`: the program is now as it was after it."""

    change: ProgramChange
    words: tuple[str, ...]
    kind: str
    current: bool


@dataclass(frozen=True)
class Difference:
    """What differs between two changes, the earlier one first."""

    before: ProgramChange
    after: ProgramChange
    words: list[str]
    rewritten: list[Rewritten]


def told_changes(program: Program, asked: Parameters) -> tuple[Page[ProgramChange], list[Told]]:
    """A page of changes, the newest first, each with what it changed."""
    rows = program.changes.select_related("state", "by")
    page = Paginator(rows, CHANGES_A_PAGE).get_page(asked.page)
    changes = list(page)
    first = changes[-1].pk if changes else 0
    earlier = [*changes[1:], rows.filter(pk__lt=first).first()]
    return page, [
        _told(program, change, before) for change, before in zip(changes, earlier, strict=False)
    ]


def words_since(program: Program, revision: int) -> tuple[str, ...]:
    """What was changed since a revision that somebody has open; never nothing."""
    related = program.changes.select_related("state")
    opened = related.filter(revision__lte=revision).order_by("-revision", "-pk").first()
    words = in_words(opened.state.core, program.core) if opened else []
    return tuple(words) or (_("what exactly is not known"),)


def difference(program: Program, asked: Parameters) -> Difference | None:
    """Between the two changes that an address names."""
    wished = [asked.number("from") or 0, asked.number("to") or 0]
    found = list(program.changes.select_related("state", "by").filter(pk__in=wished))
    if len(found) != 2:
        return None
    after, before = found
    cores = before.state.core, after.state.core
    return Difference(before, after, in_words(*cores), rewritten(*cores))


def _told(program: Program, change: ProgramChange, before: ProgramChange | None) -> Told:
    kinds = {
        ProgramChange.Kind.UNDO: _("taken back"),
        ProgramChange.Kind.REDO: _("done again"),
        ProgramChange.Kind.BACK: _("gone back"),
    }
    current = change.state.definition == program.definition
    return Told(change, tuple(_words(change, before)), kinds.get(change.kind, ""), current)  # type: ignore[call-overload]


def _words(change: ProgramChange, before: ProgramChange | None) -> list[str]:
    if before is None:
        return [_("began")]
    if change.state_id == before.state_id:
        return [_("moved boxes")]
    return in_words(before.state.core, change.state.core) or [_("saved it unchanged")]

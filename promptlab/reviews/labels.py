"""Labels: movable pointers to versions, each with its history."""

from __future__ import annotations

import re

from django.db import transaction
from django.db.models import QuerySet

from optimizer.core.problems import Conflict, Refused
from promptlab.accounts.models import User
from promptlab.programs.models import Program
from promptlab.reviews.models import Label, LabelMove, Version

NAMED = re.compile(
    r"(?!v?\d+\Z|moves\Z|latest(@|\Z))[a-z0-9][a-z0-9_-]{0,39}(@[a-z0-9][a-z0-9._:-]{0,79})?"
)
"""What a label may be called: nothing that could be meant as a version's number; after an @ stands
the model that it is for.
"""


def moves_by_hand(name: str) -> bool:
    """Whether people may move a label of this name, or make one."""
    return NAMED.fullmatch(name) is not None


def for_model(name: str, model: str) -> str:
    """The label for calls of one model: `production`, `openai/GPT-5` → `production@gpt-5`."""
    own = re.sub(r"[^a-z0-9._:-]+", "-", model.rpartition("/")[2].lower()).strip("._:-")[:80]
    return f"{name}@{own}" if own else name


def names_of(program_id: int) -> list[str]:
    """The labels of a program: those that are always offered, and its own."""
    own = Label.objects.filter(program=program_id).values_list("name", flat=True)
    return list(dict.fromkeys((Label.LATEST, *Label.USUAL, *own)))


def moves_of(program_id: int) -> QuerySet[LabelMove]:
    """Where a program's labels went, the newest move first."""
    moves = LabelMove.objects.filter(program=program_id)
    return moves.select_related("version", "replaced", "by")


def move(version: Version, name: str, by: User, *, back: bool = False) -> Label:
    """Point a label at a version, and remember that; nothing happens when it points there."""
    with transaction.atomic():
        Program.objects.select_for_update().get(pk=version.program_id)
        label = Label.objects.filter(program=version.program_id, name=name).first()
        if label is not None and label.version_id == version.pk:
            return label
        replaced = label.version if label else None
        label, _made = Label.objects.update_or_create(
            program_id=version.program_id, name=name, defaults={"version": version}
        )
        LabelMove.objects.create(
            program_id=version.program_id, label=name, version=version, replaced=replaced, by=by,
            back=back,
        )  # fmt: skip
    return label


def promote(
    version: Version, name: str, by: User, replacing: int | None, *, back: bool = False
) -> Label:
    """Move a label knowingly: `replacing` is the number of the version the reader saw it at.

    Raises:
        Conflict: it points somewhere else by now.
        Conflict: it is moved by approvals.
        Refused: no label can be called so.
    """
    if name == Label.LATEST:
        raise Conflict.because("label.approvals_only", "label", label=name)
    if not moves_by_hand(name):
        raise Refused.because("label.name", "label", label=name)
    with transaction.atomic():
        Program.objects.select_for_update().get(pk=version.program_id)
        _check_seen(name, at(version.program_id, name), replacing)
        return move(version, name, by, back=back)


def roll_back(program: Program, name: str, by: User, replacing: int | None) -> Label:
    """Point a label at the version it pointed at before; once more, at the one before that.

    Raises:
        Conflict: it never pointed anywhere else.
        Conflict: it points somewhere else by now.
    """
    before = previous(program.pk, name)
    if before is None:
        raise Conflict.because("label.no_earlier", "label", label=name)
    return promote(before, name, by, replacing, back=True)


def can_be_removed(name: str) -> bool:
    """Whether it is one that people made: those that are always offered stay."""
    return moves_by_hand(name) and name not in Label.USUAL


def remove(program: Program, name: str, by: User, replacing: int | None) -> Version:
    """Take a label of the program's own away, knowingly; the version it was at. Its history stays.

    Raises:
        Conflict: it points somewhere else by now, or nowhere.
        Conflict: it is one that every program has.
    """
    if not can_be_removed(name):
        raise Conflict.because("label.stays", "label", label=name)
    with transaction.atomic():
        Program.objects.select_for_update().get(pk=program.pk)
        now = at(program.pk, name)
        _check_seen(name, now, replacing)
        if now is None:
            raise Conflict.because("label.moved_away", "label", label=name)
        Label.objects.filter(program=program, name=name).delete()
        LabelMove.objects.create(program=program, label=name, replaced=now, by=by)
    return now


def _check_seen(name: str, now: Version | None, replacing: int | None) -> None:
    if (now.number if now else None) == replacing:
        return
    if now is None:
        raise Conflict.because("label.moved_away", "label", label=name)
    raise Conflict.because("label.moved", "label", label=name, version=f"v{now.number}")


def at(program_id: int, name: str) -> Version | None:
    """The version a label points at."""
    label = Label.objects.filter(program=program_id, name=name).select_related("version").first()
    return label.version if label else None


def at_for_model(program_id: int, name: str, model: str) -> Version | None:
    """Where the label points for calls of this model; without one of its own, where it points."""
    return at(program_id, for_model(name, model)) or at(program_id, name)


def previous(program_id: int, name: str) -> Version | None:
    """Where the label was before it came to where it is: moves that were rolled back are as if they
    had not been, and so is all that was before it was removed.
    """
    moves = LabelMove.objects.filter(program=program_id, label=name).order_by("pk")
    trail: list[Version] = []
    for move in moves.select_related("version"):
        if move.version is None:
            trail.clear()
        elif move.back and len(trail) > 1:
            trail.pop()
        else:
            trail.append(move.version)
    return trail[-2] if len(trail) > 1 else None

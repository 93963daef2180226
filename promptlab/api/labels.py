"""Labels: movable pointers to a program's versions."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import Path, Query, Router, Status

from promptlab.accounts.roles import Role
from promptlab.api.paging import Page, Window
from promptlab.api.schemas.reviews import LabelIn, LabelMoveOut, LabelOut, RollBackIn
from promptlab.api.tokens import caller
from promptlab.programs.access import program_for
from promptlab.programs.models import Program
from promptlab.releases import services
from promptlab.reviews import labels, queries

router = Router(tags=["labels"])


@router.get("", response=list[LabelOut], summary="List a program's labels")
def list_labels(request: HttpRequest, project: Path[str], program: Path[int]) -> list[LabelOut]:
    row = program_for(caller(request), project, program)
    return [_shown(row, name) for name in labels.names_of(row.pk)]


@router.get("/moves", response=Page[LabelMoveOut], summary="List where labels went, newest first")
def list_label_moves(
    request: HttpRequest, project: Path[str], program: Path[int], window: Query[Window]
) -> Any:
    """Every move there was: by whom, when, from where to where."""
    row = program_for(caller(request), project, program)
    return window.of(labels.moves_of(row.pk))


@router.put("/{str:label}", response=LabelOut, summary="Promote: point a label at a version")
def promote(
    request: HttpRequest, project: Path[str], program: Path[int], label: str, wish: LabelIn
) -> LabelOut:
    """A label that does not exist is made."""
    row = program_for(caller(request), project, program, Role.REVIEWER)
    version = queries.version_of(row.project, row.pk, wish.version)
    services.promote(version, label, caller(request), _seen(row, label, wish))
    return _shown(row, label)


@router.post("/{str:label}/rollback", response=LabelOut, summary="Roll a label back")
def roll_back(
    request: HttpRequest, project: Path[str], program: Path[int], label: str, wish: RollBackIn
) -> LabelOut:
    """To the version that it pointed at before; once more, to the one before that."""
    row = program_for(caller(request), project, program, Role.REVIEWER)
    _check_known(row, label)
    services.roll_back(row, label, caller(request), _seen(row, label, wish))
    return _shown(row, label)


@router.delete("/{str:label}", response={204: None}, summary="Remove a label of your own")
def remove_label(
    request: HttpRequest, project: Path[str], program: Path[int], label: str,
    replacing: int | None = None,
) -> Status[None]:  # fmt: skip
    """Its history stays. Labels that every program has are not removed (409). `replacing` is the
    version that you saw it at: when it points elsewhere by now, nothing is removed.
    """
    row = program_for(caller(request), project, program, Role.REVIEWER)
    _check_known(row, label)
    if replacing is None:
        now = labels.at(row.pk, label)
        replacing = now.number if now else None
    services.remove(row, label, caller(request), replacing)
    return Status(204, None)


def _check_known(row: Program, label: str) -> None:
    """
    Raises:
        Http404: the program has no such label.
    """
    known = labels.names_of(row.pk)
    if label not in known:
        raise Http404(f"There is no label “{label}”; there are {', '.join(known)}.")


def _seen(row: Program, label: str, wish: LabelIn | RollBackIn) -> int | None:
    """The version's number that the caller saw; as it is now, when they did not look."""
    if "replacing" in wish.model_fields_set:
        return wish.replacing
    now = labels.at(row.pk, label)
    return now.number if now else None


def _shown(row: Program, name: str) -> LabelOut:
    now, before = labels.at(row.pk, name), labels.previous(row.pk, name)
    return LabelOut(
        name=name,
        version=now.number if now else None,
        previous=before.number if before else None,
        moves_by_hand=labels.moves_by_hand(name),
    )

"""Improving a module's instruction without a dataset."""

from __future__ import annotations

from typing import Annotated

from django.http import Http404, HttpRequest, StreamingHttpResponse
from ninja import Path, Router, Schema, Status
from pydantic import Field as Bounds

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.problems import Refused, problem
from promptlab.accounts.roles import Role
from promptlab.api.run_requests import IdempotencyKey, made_once
from promptlab.api.schemas.base import Body, Text, example
from promptlab.api.tokens import caller
from promptlab.programs import improving
from promptlab.programs.access import program_for
from promptlab.programs.improving import LONGEST, Improvement, Slots
from promptlab.programs.models import Program
from promptlab.providers.queries import choice_of, default_models

router = Router(tags=["programs"])
Slot = Annotated[Text, Bounds(max_length=LONGEST)]


class ImproveIn(Body):
    """`given` is an answer of a model to `inputs`, `right` the right one; each may be left out.
    `writer`: “5:large-chat”, the provider's id and the model; without one the project's first.
    """

    model_config = example({"given": "spam", "right": "ham"})

    inputs: Slot = ""
    given: Slot = ""
    right: Slot = ""
    writer: Text = ""


class ChoiceIn(Body):
    """`which`: 0 or 1."""

    model_config = example({"which": 0})

    which: int


class ImprovementOut(Schema):
    """`texts` are the rewrites so far, `refused` why others were drawn again."""

    id: int
    ended: bool
    before: str
    texts: list[str]
    refused: list[str]
    problem: str
    chosen: str | None

    @classmethod
    def of(cls, found: Improvement) -> ImprovementOut:
        return cls(
            id=found.run.pk, ended=not found.waits, before=found.before, texts=list(found.texts),
            refused=list(found.refused), problem=found.problem,
            chosen=found.chosen.chosen if found.chosen else None,
        )  # fmt: skip


@router.post(
    "/modules/{str:module}/improvements",
    response={201: ImprovementOut},
    summary="Ask for two rewrites",
)
def improve_instruction(
    request: HttpRequest,
    project: Path[str],
    program: Path[int],
    module: Path[Text],
    wish: ImproveIn,
    key: IdempotencyKey = "",
) -> Status[ImprovementOut]:
    """Two calls of the model, six at most; ask for what came of it by its id. Sent again with the
    same `Idempotency-Key`, it asks for nothing more.
    """
    row = program_for(caller(request), project, program, Role.EDITOR)
    slots = Slots(wish.inputs, wish.given, wish.right)

    def start() -> int:
        return improving.start(row, module, _writer(row, wish.writer), slots).pk

    return Status(201, _shown(row, made_once(request, key, start)))


@router.get("/improvements/{int:improvement}", response=ImprovementOut, summary="The rewrites")
def get_improvement(
    request: HttpRequest, project: Path[str], program: Path[int], improvement: Path[int]
) -> ImprovementOut:
    return _shown(program_for(caller(request), project, program), improvement)


@router.post(
    "/improvements/{int:improvement}/choice", response=ImprovementOut, summary="Take one of them"
)
def choose_improvement(
    request: HttpRequest, project: Path[str], program: Path[int], improvement: Path[int],
    wish: ChoiceIn,
) -> ImprovementOut:  # fmt: skip
    """It is written into the program; the choice is kept as a preference pair."""
    user = caller(request)
    row = program_for(user, project, program, Role.EDITOR)
    improving.choose(row, _found(row, improvement), wish.which, user)
    return _shown(row, improvement)


@router.get("/preferences", summary="Choices between rewrites as preference pairs")
def get_preferences(
    request: HttpRequest, project: Path[str], program: Path[int]
) -> StreamingHttpResponse:
    """Lines of JSON for preference training (DPO)."""
    row = program_for(caller(request), project, program)
    lines = (line.encode() for line in improving.pairs_of(row))
    return StreamingHttpResponse(lines, content_type="application/jsonl; charset=utf-8")


def _writer(row: Program, value: str) -> ModelRef:
    if value:
        choice = choice_of(row.project, value)
    else:
        choice = next(iter(default_models(row.project).values()), None)
    if choice is None:
        raise Refused(problem("improve.no_model", "writer"))
    return choice.ref()


def _found(row: Program, pk: int) -> Improvement:
    found = improving.improvement_of(row, pk)
    if found is None:
        raise Http404("There is no such improvement.")
    return found


def _shown(row: Program, pk: int) -> ImprovementOut:
    return ImprovementOut.of(_found(row, pk))

"""The history that a run's writer reads, and wishes of it."""

from __future__ import annotations

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Path, Router, Schema
from pydantic import Field as Bounds

from optimizer.core.instructions.guards import MAX_LENGTH
from optimizer.core.instructions.history_board import Sign
from promptlab.accounts.access import project_for
from promptlab.accounts.roles import Role
from promptlab.api.schemas.base import Body, Text, example
from promptlab.api.tokens import caller
from promptlab.runs import queries
from promptlab.runs.board import wishing
from promptlab.runs.board.entries import board_of, has_board, prompts_of
from promptlab.runs.results.state import RunState, read_state

router = Router(tags=["runs"])


class WishIn(Body):
    """`pin`: always shown; `hide`: never; `add`: tried as an instruction of your own. With
    `taken_back` a wish of that kind is no more. It counts from the run's next step on.
    """

    model_config = example({"module": "classify", "wish": "add", "text": "Name the verb first."})

    module: Text
    wish: Literal["pin", "hide", "add"]
    text: Annotated[Text, Bounds(max_length=MAX_LENGTH)]
    taken_back: bool = False


class EntryOut(Schema):
    """`score` is a whole number from 0 to 100, null while nothing scored it."""

    module: str
    text: str
    score: int | None
    shown: bool
    pinned: bool
    hidden: bool
    added: bool


class HistoryOut(Schema):
    """Entries in the order of the prompt; `prompts` are those of the steps, the newest first."""

    entries: list[EntryOut]
    prompts: list[str]


@router.get("", response=HistoryOut, summary="What the writer reads of a run's history")
def get_history(request: HttpRequest, project: Path[str], number: Path[int]) -> HistoryOut:
    return _told(_state(request, project, number, Role.VIEWER))


@router.post("", response=HistoryOut, summary="Pin, hide or add to a run's history")
def wish_of_history(
    request: HttpRequest, project: Path[str], number: Path[int], wish: WishIn
) -> HistoryOut:
    state = _state(request, project, number, Role.EDITOR)
    if wish.taken_back:
        wishing.take_back(state.run, wish.module, Sign(wish.wish), wish.text)
    else:
        user = caller(request)
        wishing.wish(state.run, state.spec, user, wish.module, Sign(wish.wish), wish.text)
    return _told(state)


def _state(request: HttpRequest, project: str, number: int, least: Role) -> RunState:
    found = project_for(caller(request), project, least)
    return read_state(queries.project_run_of(found, number))


def _told(state: RunState) -> HistoryOut:
    """Nothing, where the run's optimizer reads no history."""
    boards = board_of(state) if has_board(state.spec.optimizer) else ()
    entries = [
        EntryOut(
            module=board.module, text=e.text, score=e.bucket, shown=e.shown, pinned=e.pinned,
            hidden=e.hidden, added=e.added,
        )
        for board in boards for e in board.entries
    ]  # fmt: skip
    return HistoryOut(entries=entries, prompts=[p.prompt for p in prompts_of(state.run)])

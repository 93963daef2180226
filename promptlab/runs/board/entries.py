"""The entries of a board: every module's instructions with their scores, and who is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.core.instructions.history_board import (
    Entry,
    Sign,
    Wish,
    bucket_of,
    shown_entries,
)
from optimizer.core.optimizers import optimizer_named
from optimizer.models import HistoryWish, Run
from promptlab.runs.results.state import RunState


@dataclass(frozen=True)
class BoardEntry:
    """`bucket` is None while nothing scored it. `shown`: the next step reads it."""

    text: str
    bucket: int | None
    shown: bool
    pinned: bool
    hidden: bool
    added: bool


@dataclass(frozen=True)
class ModuleBoard:
    """In the order of the meta-prompt; what waits for its score comes last."""

    module: str
    entries: tuple[BoardEntry, ...]


@dataclass(frozen=True)
class StepPrompt:
    step: int
    module: str
    prompt: str


def has_board(run_optimizer: str) -> bool:
    return optimizer_named(run_optimizer).consults


def wishes_of(run: Run) -> tuple[Wish, ...]:
    found = HistoryWish.objects.filter(run=run)
    return tuple(Wish(wish.module, Sign(wish.sign), wish.text) for wish in found)


def board_of(state: RunState) -> tuple[ModuleBoard, ...]:
    """Three queries, two of which the state has asked already."""
    wishes = wishes_of(state.run)
    modules = [module.name for module in state.spec.program.modules if module.writable]
    return tuple(_module(state, name, [w for w in wishes if w.module == name]) for name in modules)


def _module(state: RunState, name: str, wishes: Sequence[Wish]) -> ModuleBoard:
    known = _scored(state, name)
    shown = {e.text for e in shown_entries(known, wishes, state.spec.settings.history_least)}
    signs = {sign: {wish.text for wish in wishes if wish.sign is sign} for sign in Sign}
    scores = {entry.text: bucket_of(entry.score) for entry in known}
    waiting = [text for text in dict.fromkeys(w.text for w in wishes) if text not in scores]
    ordered = [entry.text for entry in sorted(known, key=lambda entry: entry.score)]
    return ModuleBoard(
        name,
        tuple(
            BoardEntry(
                text, scores.get(text), text in shown, text in signs[Sign.PIN],
                text in signs[Sign.HIDE], text in signs[Sign.ADD],
            )
            for text in [*ordered, *waiting]
        ),
    )  # fmt: skip


def _scored(state: RunState, name: str) -> list[Entry]:
    """A module's instructions with the mean score of the programs that had them."""
    texts = {
        event.data["index"]: event.data["instruction"]
        for event in state.events
        if event.kind == "instruction_proposed" and event.data["module"] == name
    }
    scores: defaultdict[str, list[float]] = defaultdict(list)
    for trial in (state.board.first, *state.board.fulls):
        text = texts.get(trial.choice.get(f"{name}:instruction", 0), "") if trial else ""
        if trial is not None and trial.score is not None and text.strip():
            scores[text].append(trial.score)
    return [Entry(text, sum(each) / len(each)) for text, each in scores.items()]


def prompts_of(run: Run) -> list[StepPrompt]:
    """What each step was drawn from, the newest first."""
    told = run.events.filter(kind="step_asked").order_by("-seq").values_list("data", flat=True)
    return [StepPrompt(data["step"] + 1, data["module"], data["prompt"]) for data in told]

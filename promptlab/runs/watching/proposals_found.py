"""What a run has to choose from: each module's instructions and demo sets, and how they did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from optimizer.codec import from_json
from optimizer.core.conversation.events import (
    DemoSetFound,
    InstructionDescended,
    InstructionProposed,
    Noted,
    ProposalRefused,
)
from optimizer.core.programs.demo import fixed_of
from optimizer.core.programs.program import Module, Program
from optimizer.models import RunEvent
from optimizer.running.prompts import from_row
from optimizer.sentences import sentence
from promptlab.programs.shown_demos import (
    ShownDemo,
    ShownNearest,
    shown_demo,
    shown_nearest,
)
from promptlab.runs.results.board import Board, TrialRow
from promptlab.runs.results.codes import letter
from promptlab.runs.results.evidence import in_sentence
from promptlab.runs.results.style import ShownStyle
from promptlab.runs.watching.descents import Descent, Node, Relative, descents_of, tree_of
from promptlab.ui import charts
from promptlab.ui.numbers import score

MOST_ROWS = 30
"""Instructions of a module in a heat map; where every trial writes its own there are more."""


@dataclass(frozen=True)
class FoundInstruction:
    """`mean` is over the trials that used it, None before the first. `descent`: what it rewrites,
    where it rewrites one of the others.
    """

    index: int
    text: str
    source: str
    chosen: bool
    trials: int
    mean: float | None
    descent: Descent | None = None


@dataclass(frozen=True)
class FoundDemos:
    """`demos` are those that are shown whatever the input is."""

    index: int
    letter: str
    demos: tuple[ShownDemo, ...]
    nearest: ShownNearest | None
    source: str
    chosen: bool
    trials: int
    mean: float | None


@dataclass(frozen=True)
class ModuleFindings:
    name: str
    instructions: tuple[FoundInstruction, ...]
    demo_sets: tuple[FoundDemos, ...]
    refused: tuple[tuple[str, ProposalRefused], ...] = ()
    """Why, and what was not tried."""
    tree: tuple[Node, ...] = ()
    """The instructions under what they rewrite, where they do."""


@dataclass(frozen=True)
class LogLine:
    """One event in words. `kind` is "" or "warning"."""

    seq: int
    at: Any
    text: str
    kind: str = ""


SetUrl = Callable[[str, int], str]
"""The page of all demos of a module's set, by its index."""


def findings_of(
    program: Program,
    events: Sequence[RunEvent],
    board: Board,
    best: dict[str, int] | None,
    set_url: SetUrl,
) -> tuple[ModuleFindings, ...]:
    """By module, in the program's order. `best` is the choice of the best candidate so far."""
    return tuple(_module(module, events, board, best, set_url) for module in program.modules)


def _module(
    module: Module,
    events: Sequence[RunEvent],
    board: Board,
    best: dict[str, int] | None,
    set_url: SetUrl,
) -> ModuleFindings:
    trials = comparable(board)
    mine = [e.data for e in events if e.data.get("module") == module.name]
    said = [from_json(InstructionProposed, d) for d in mine if d["kind"] == "instruction_proposed"]
    sets = [from_row(DemoSetFound, d) for d in mine if d["kind"] == "demo_set_found"]
    refused = [from_json(ProposalRefused, d) for d in mine if d["kind"] == "proposal_refused"]
    instructions = tuple(
        FoundInstruction(
            p.index, p.instruction, p.source, _is_chosen(best, module.name, "instruction", p.index),
            *_record(trials, module.name, "instruction", p.index),
        )
        for p in said
    )  # fmt: skip
    demo_sets = tuple(
        FoundDemos(
            s.index, letter(s.index),
            tuple(shown_demo(module, d) for d in fixed_of(s.demos)),
            shown_nearest(module, s.demos, set_url(module.name, s.index)), s.source,
            _is_chosen(best, module.name, "demos", s.index),
            *_record(trials, module.name, "demos", s.index),
        )
        for s in sets
    )  # fmt: skip
    left_out = tuple((sentence(proposal.reason), proposal) for proposal in refused)
    born = [
        from_json(InstructionDescended, d) for d in mine if d["kind"] == "instruction_descended"
    ]
    relatives = {i.index: Relative(i.index, i.text, i.mean) for i in instructions}
    descents = descents_of(born, relatives)
    tree = tree_of(descents, relatives, {i.index for i in instructions if i.chosen})
    instructions = tuple(replace(i, descent=descents.get(i.index)) for i in instructions)
    return ModuleFindings(module.name, instructions, demo_sets, left_out, tree)


def comparable(board: Board) -> tuple[TrialRow, ...]:
    """Trials whose scores may be averaged: minibatches, or full ones where there are no others."""
    return board.minibatches or board.fulls


def _is_chosen(best: dict[str, int] | None, module: str, what: str, index: int) -> bool:
    return best is not None and best.get(f"{module}:{what}", 0) == index


def _record(
    trials: Sequence[TrialRow], module: str, what: str, index: int
) -> tuple[int, float | None]:
    scores = [
        t.score
        for t in trials
        if t.score is not None and t.choice.get(f"{module}:{what}", 0) == index
    ]
    return len(scores), sum(scores) / len(scores) if scores else None


def heats_of(
    found: Sequence[ModuleFindings], board: Board, best: dict[str, int] | None
) -> list[charts.Heat]:
    """Instruction × demo set, a table a module, from trials that may be averaged."""
    trials = comparable(board)
    heats = []
    for module in found:
        rows = max(len(module.instructions), 1)
        columns = max(len(module.demo_sets), 1)
        if rows * columns < 2 or rows > MOST_ROWS:
            continue
        scores: dict[tuple[int, int], list[float]] = defaultdict(list)
        for t in trials:
            if t.score is not None:
                scores[_place(t.choice, module.name)].append(t.score)
        heats.append(
            charts.heat(
                module.name,
                [f"i{n}" for n in range(rows)],
                ["–", *(letter(n) for n in range(1, columns))],
                dict(scores),
                _place(best, module.name) if best is not None else None,
            )
        )
    return heats


def _place(choice: dict[str, int], module: str) -> tuple[int, int]:
    return choice.get(f"{module}:instruction", 0), choice.get(f"{module}:demos", 0)


def notes_of(events: Sequence[RunEvent], *, warnings: bool) -> list[str]:
    """What the run said on its way: what it warned of, or the rest."""
    notes = [from_json(Noted, event.data) for event in events if event.kind == "noted"]
    return [sentence(note.message) for note in notes if note.warning == warnings]


def bests_of(events: Sequence[RunEvent]) -> list[tuple[int, float]]:
    """The best full score so far, after which trial: the optimizer says who is the best, and the
    mean alone need not."""
    found, scored = [], 0
    for event in events:
        if event.kind == "full_scored":
            scored = event.data["number"]
        elif event.kind == "best_changed":
            found.append((scored, event.data["score"]["mean"]))
    return found


def importances_of(events: Sequence[RunEvent]) -> dict[str, float]:
    """What has mattered so far, the most first; {} before that can be said."""
    told = [event.data["importances"] for event in events if event.kind == "importances_found"]
    latest: dict[str, float] = told[-1] if told else {}
    return dict(sorted(latest.items(), key=lambda item: -item[1]))


def parameter_name(parameter: str) -> str:
    """A search parameter in words: `classify:demos` → “classify · demo set”."""
    words = {
        "instruction": _("instruction"), "demos": _("demo set"), "shown demos": _("demos shown"),
        "dataset summary": _("dataset summary"), "program summary": _("program summary"),
        "history": _("history"), "tip": _("tip"), "temperature": _("temperature"),
        "optimizer model": _("optimizer model"),
    }  # fmt: skip
    module, _colon, what = parameter.rpartition(":")
    told = str(words.get(what, what))
    return f"{module} · {told}" if module else told


def log_of(events: Sequence[RunEvent], board: Board, style: ShownStyle, most: int) -> list[LogLine]:
    """What happened last, in words, oldest first; at most so many lines."""
    found = (line for event in reversed(events) if (line := _line(event)) is not None)
    lines = list(islice(found, most))
    for trial in board.scored[-most:]:
        told = _("Trial %(n)s, %(kind)s of %(who)s: %(score)s on %(size)s examples") % {
            "n": trial.number, "kind": _("full evaluation") if trial.full else style.part,
            "who": in_sentence(trial.candidate), "score": score(trial.score),
            "size": trial.size - trial.errors,
        }  # fmt: skip
        if trial.errors:
            told += " " + _("(%(n)s examples failed and are left out)") % {"n": trial.errors}
        lines.append(LogLine(trial.number, trial.scored_at, told))
    return sorted(lines, key=lambda line: line.at)[-most:]


def _line(event: RunEvent) -> LogLine | None:
    data = event.data
    if event.kind == "noted":
        note = from_json(Noted, data)
        kind = "warning" if note.warning else ""
        return LogLine(event.seq, event.at, sentence(note.message), kind)
    if event.kind == "phase_started":
        return LogLine(event.seq, event.at, _("Phase: %(name)s") % {"name": data["phase"]})
    if event.kind == "demo_set_found" and data["index"]:
        told = _("Demo set %(letter)s for %(module)s: %(source)s") % {
            "letter": letter(data["index"]), "module": data["module"], "source": data["source"],
        }  # fmt: skip
        return LogLine(event.seq, event.at, told)
    if event.kind == "instruction_proposed" and data["index"]:
        told = _("Instruction %(n)s for %(module)s: %(source)s") % {
            "n": data["index"], "module": data["module"], "source": data["source"],
        }  # fmt: skip
        return LogLine(event.seq, event.at, told)
    if event.kind == "proposal_refused":
        told = _("Left out, an instruction for %(module)s: %(reason)s") % {
            "module": data["module"], "reason": sentence(from_json(ProposalRefused, data).reason),
        }  # fmt: skip
        return LogLine(event.seq, event.at, told)
    return None

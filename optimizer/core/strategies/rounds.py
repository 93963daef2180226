"""Rounds of proposals: fresh instructions for every module at once, tried as they come (§3.2)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.core.conversation.events import InstructionProposed, Phase, PhaseStarted, noted
from optimizer.core.conversation.requests import Conversation
from optimizer.core.demos.demo_sets import DemoSet, DemoSets
from optimizer.core.instructions.drafting import drafted
from optimizer.core.instructions.guidance import Ground, Guidance, grounded_draft
from optimizer.core.instructions.proposals import grounding
from optimizer.core.problems import warning
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.runs.board import Board
from optimizer.core.search.search import Choice

FUTILE = 5
"""After this many rounds in a row that gave nothing new the optimizer model is asked no more."""


@dataclass
class Rounds:
    """What was written so far, by module; the current instruction is the first."""

    board: Board
    ground: Ground
    written: dict[str, list[str]]
    round: int = 0
    futile: int = 0

    @property
    def modules(self) -> list[Module]:
        """Those whose instruction may change."""
        return [m for m in self.board.spec.program.modules if m.writable]

    @property
    def given_up(self) -> bool:
        return self.futile >= FUTILE

    def write(self, guidance: Guidance) -> Conversation[dict[str, str]]:
        """A fresh instruction for every module; one whose every draw was refused has none."""
        self.round += 1
        history = self.board.history()
        drafts = [
            grounded_draft(
                self.board.spec, m, self.ground, guidance, history.get(m.name, ()), self.round
            )
            for m in self.modules
        ]
        purpose = f"instructions of round {self.round}"
        texts = yield from drafted(self.board.spec, drafts, self.written, purpose, guidance.model)
        pairs = zip(self.modules, texts, strict=True)
        found = {module.name: text for module, text in pairs if text is not None}
        return (yield from self.keep(found, guidance.source))

    def keep(self, found: dict[str, str], source: str) -> Conversation[dict[str, str]]:
        """Count a round's instructions among the written ones and tell them."""
        for name, text in found.items():
            self.written[name].append(text)
            yield InstructionProposed(name, len(self.written[name]) - 1, text, source)
        self.futile = 0 if found else self.futile + 1
        if self.given_up:
            yield noted(warning("note.futile_rounds", rounds=FUTILE))
        return found

    def install(self, found: Mapping[str, str], otherwise: Candidate) -> tuple[Candidate, Choice]:
        """The candidate with these instructions, the rest as in `otherwise`, and its choice."""
        candidate = otherwise
        for name, text in found.items():
            candidate = candidate.with_module(
                name, ModulePrompt(text, otherwise.modules[name].demos)
            )
        return candidate, self.choice_of(candidate)

    def choice_of(self, candidate: Candidate) -> Choice:
        """Which of the written instructions a candidate has."""
        return {
            f"{name}:instruction": texts.index(candidate.modules[name].instruction)
            for name, texts in self.written.items()
        }


def some_of(demo_sets: DemoSets | None, rng: random.Random) -> dict[str, DemoSet]:
    """A set for every module to be shown, any but the empty one where there is another."""
    by_module = demo_sets.by_module if demo_sets else {}
    return {name: rng.choice([s for s in sets if s] or [()]) for name, sets in by_module.items()}


def opened(board: Board) -> Conversation[Rounds]:
    """Find out what proposals are grounded in, and tell the current instructions."""
    modules = board.spec.program.modules
    yield PhaseStarted(Phase.PROPOSE, 0)
    writable = any(m.writable for m in modules)
    ground = (yield from grounding(board.spec)) if writable else Ground()
    return (yield from _told(board, ground))


def rounds_without_ground(board: Board) -> Conversation[Rounds]:
    """The same where nothing is found out beforehand."""
    yield PhaseStarted(Phase.PROPOSE, 0)
    return (yield from _told(board, Ground()))


def _told(board: Board, ground: Ground) -> Conversation[Rounds]:
    modules = board.spec.program.modules
    current = {m.name: m.signature.instruction for m in modules if m.has_instruction}
    for name, text in current.items():
        yield InstructionProposed(name, 0, text, "current")
    return Rounds(board, ground, {name: [text] for name, text in current.items()})

"""Writing instructions for a race, round after round: first grounded, then from what went wrong."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from optimizer.core.conversation.events import (
    InstructionProposed,
    Phase,
    PhaseStarted,
    RewriteJudged,
)
from optimizer.core.conversation.requests import Conversation
from optimizer.core.demos.demo_sets import DemoSets
from optimizer.core.evaluation.cases import Case
from optimizer.core.instructions.drafting import Draft, drafted
from optimizer.core.instructions.guidance import Ground, grounded_draft
from optimizer.core.instructions.model_probe import WEAK_PROPOSALS, too_weak
from optimizer.core.instructions.plain import SOURCES
from optimizer.core.instructions.proposals import (
    Instructions,
    current_instructions,
    grounding,
    unwritten,
)
from optimizer.core.instructions.reflection import reflect
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.program import Module
from optimizer.core.runs.board import Board
from optimizer.core.search.arms import Floats
from optimizer.core.search.bandit import Bandit
from optimizer.core.search.search import Choice
from optimizer.core.strategies.proposal_space import Space, rewrite_setting

REFLECTION = "reflection"
"""The setting that says whether an instruction is written from failures (1) or grounded (0)."""


@dataclass(frozen=True)
class Lesson:
    """What the leader got wrong on training examples, and where another candidate got it right."""

    leader: Candidate
    failures: tuple[Case, ...]
    contrasts: tuple[tuple[Case, Case], ...]


@dataclass
class Writing:
    """What was written so far, by module, the current instruction first, and under which settings.

    `weak`: the optimizer model cannot write; it is asked for little, and for no reflection.
    """

    board: Board
    space: Space
    ground: Ground
    bandit: Bandit
    weak: bool
    written: dict[str, list[str]]
    ways: dict[tuple[str, int], Choice] = field(default_factory=dict)
    round: int = 0

    @property
    def modules(self) -> list[Module]:
        """Those whose instruction may change."""
        return [m for m in self.board.spec.program.modules if m.writable]

    @property
    def instructions(self) -> Instructions:
        return {name: tuple(texts) for name, texts in self.written.items()}

    @property
    def asks(self) -> bool:
        """Whether rounds ask for instructions: more than the current one is wanted, by a model that
        can write them.
        """
        return self.board.spec.settings.instructions > 1 and not self.weak

    def write(
        self, count: int, lesson: Lesson | None = None, reflecting: bool = False
    ) -> Conversation[None]:
        """Have up to `count` instructions written for every module; `reflecting`: out of the
        lesson's failures, whatever way has done well so far.
        """
        rng = random.Random(f"{self.board.spec.seed}:writing:{self.round}")
        self.round += 1
        history = self.board.history()
        drafts, ways = [], []
        for module in self.modules:
            for number in range(count):
                way = self.bandit.draw(rng)
                way[REFLECTION] = 1 if reflecting else way[REFLECTION]
                if lesson is None or not lesson.failures:
                    way[REFLECTION] = 0
                tried = history.get(module.name, ())
                drafts.append(self._draft(module, way, tried, lesson, number))
                ways.append(_asked(module, way))
        if drafts:
            purpose = f"instructions of round {self.round}"
            texts = yield from drafted(self.board.spec, drafts, self.written, purpose)
            for draft, way, text in zip(drafts, ways, texts, strict=True):
                if text is not None:
                    yield from self._keep(draft, way, text)

    def learn(self, effects: Mapping[str, Floats]) -> None:
        """Tell the bandit what the instructions came to: their effects on the score, by module."""
        self.bandit.learn(
            [
                (way, float(effects[module][index]))
                for (module, index), way in self.ways.items()
                if module in effects
            ]
        )

    def judge_rewrites(self, effects: Mapping[str, Floats]) -> Conversation[None]:
        """Tell what each rewriting of the library brought, where it was shown at times."""
        self.learn(effects)
        for rewrite in self.board.spec.rewrites:
            setting = rewrite_setting(rewrite.card)
            shown = sum(way.get(setting, 0) for way, _ in self.bandit.tried)
            if shown:
                effect, deviation = self.bandit.effect(setting)
                yield RewriteJudged(rewrite.card, effect, deviation, shown)

    def _draft(
        self,
        module: Module,
        way: Choice,
        tried: Sequence[tuple[str, float]],
        lesson: Lesson | None,
        number: int,
    ) -> Draft:
        spec = self.board.spec
        if lesson is not None and way[REFLECTION]:
            # Each draft sees other failures first.
            failures = (*lesson.failures[number:], *lesson.failures[:number])
            prompt = lesson.leader.modules[module.name]
            source = f"reflection on {len(failures)} failures"
            return reflect(spec, module, prompt, failures, lesson.contrasts, source, self.round)
        guidance = self.space.guidance(way)
        return grounded_draft(spec, module, self.ground, guidance, tried, self.round)

    def _keep(self, draft: Draft, way: Choice, text: str) -> Conversation[None]:
        texts = self.written[draft.module.name]
        texts.append(text)
        self.ways[draft.module.name, len(texts) - 1] = way
        yield InstructionProposed(draft.module.name, len(texts) - 1, text, draft.source)


def _asked(module: Module, way: Choice) -> Choice:
    """The settings that a draft for this module was asked with; reflection asks in one way only."""
    if way[REFLECTION]:
        return {REFLECTION: way[REFLECTION]}
    others = ":shown demos"
    return {
        name: level
        for name, level in way.items()
        if not name.endswith(others) or name == f"{module.name}{others}"
    }


def open_writing(board: Board, demo_sets: DemoSets) -> Conversation[Writing]:
    """Find out whether the optimizer model can write and what to ground it in; then the first
    round. Plain instructions come before, and cost nothing.
    """
    spec = board.spec
    new = max(spec.settings.instructions - 1, 0)
    modules = [m for m in spec.program.modules if m.writable]
    yield PhaseStarted(Phase.PROPOSE, (new + len(SOURCES)) * len(modules))
    asks = bool(new and modules)
    weak = (yield from too_weak(new)) if asks else False
    ground = (yield from grounding(spec)) if asks and not weak else Ground()
    written = {name: [*texts] for name, texts in current_instructions(spec.program).items()}
    for module in modules:
        written[module.name] = yield from unwritten(spec, module)
    space = Space(spec, demo_sets if spec.settings.grounding.demos else None)
    bandit = Bandit({**space.sizes(), REFLECTION: 2})
    writing = Writing(board, space, ground, bandit, weak, written)
    yield from writing.write(min(new, WEAK_PROPOSALS) if weak else new)
    return writing

"""The options of a race, what is believed of them, and the run's board that they are judged on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from optimizer.core.conversation.requests import Outcomes
from optimizer.core.conversation.splits import validation_of
from optimizer.core.demos.demo_sets import DemoSet
from optimizer.core.evaluation.stats import Z95, Estimate
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.demo import NearestDemos, digest_of, fixed_of
from optimizer.core.programs.example import Example
from optimizer.core.runs.board import Board
from optimizer.core.search.arms import Arm, Factor, Floats
from optimizer.core.search.race import DIGITS, Race, Standing, Step
from optimizer.core.search.search import Choice
from optimizer.core.strategies.cost_model import race_budget
from optimizer.core.strategies.options import Options

INSTRUCTIONS, DEMOS = 0.025, 0.09
"""Usual deviations of their effects, 0–1: demos are the bigger lever (the paper's first lesson)."""
INSTRUCTIONS_FREEDOM, DEMOS_FREEDOM = 4.0, 0.5
"""Degrees of freedom of effects: one demo set of many may add thirty points, others five."""
OWN_INSTRUCTION = 0.03
"""Least deviation of the own instruction's effect, which is not one of those that were written."""
MARGIN = 0.001
"""By how much a candidate's expected score must be above the baseline's: change needs a reason."""


@dataclass
class RaceState:
    """The options of a race, and its board. It judges the board: the highest expected true score
    among fully evaluated candidates wins.
    """

    board: Board
    options: Options
    race: Race
    examples: tuple[Example, ...]
    scored: dict[Arm, Candidate] = field(default_factory=dict)
    crowned: Arm | None = None
    """Who gets a full evaluation at once, where the race is cut short."""

    @property
    def parameters(self) -> list[str]:
        """Search parameters in the order of an arm's options."""
        return _parameters(self.options)

    def candidate(self, arm: Arm) -> Candidate:
        return self.options.assemble(self.board.baseline, self.choice(arm))

    def choice(self, arm: Arm) -> Choice:
        return dict(zip(self.parameters, arm, strict=True))

    def leaders(self) -> tuple[Candidate, Candidate | None]:
        """The candidate with the highest expected score, and the best one that differs from it in
        an instruction; None where there is no such other.
        """
        ranked = sorted(
            self.race.standings(list(self.scored)), key=lambda s: -round(s.mean, DIGITS)
        )
        first = self.scored[ranked[0].arm]
        others = (self.scored[standing.arm] for standing in ranked[1:])
        return first, next((other for other in others if _words(other) != _words(first)), None)

    def effects(self, kind: str) -> dict[str, Floats]:
        """What is believed of options' effects on the score, by module, shape (options,).

        `kind` is "instruction" or "demos".
        """
        return {
            parameter.removesuffix(f":{kind}"): self.race.effects(place)
            for place, parameter in enumerate(self.parameters)
            if parameter.endswith(f":{kind}")
        }

    def importances(self) -> dict[str, float]:
        """Each parameter's share of what is known to have mattered."""
        found = {p: float(np.var(self.race.effects(i))) for i, p in enumerate(self.parameters)}
        total = sum(found.values())
        return {name: value / total for name, value in found.items()} if total > 0 else {}

    def widen(self, options: Options) -> None:
        """Race on with more options; those of before keep their places."""
        self.options = options
        self.race.widen(_sizes(options), _factors(options))

    def leader(self, board: Board) -> Candidate | None:
        self.crowned = self.race.front()
        return self.candidate(self.crowned)

    def best(self, board: Board) -> Candidate | None:
        self._take_in_baseline()
        if self.crowned is not None:
            self._take_in(self.crowned)
        standings = self.race.standings(self._complete())
        if not standings:
            return None
        best = max(standings, key=lambda s: round(s.mean, DIGITS))
        base = next((s for s in standings if self.scored[s.arm] == board.baseline), None)
        if base is not None and best.mean < base.mean + MARGIN:
            best = base
        return self.scored[best.arm]

    def estimate(self, board: Board) -> Estimate | None:
        of_best = [arm for arm in self._complete() if self.scored[arm] == board.best]
        if not of_best or board.best is None:
            return None
        (standing,) = self.race.standings(of_best[:1])
        return self._estimate(standing)

    def estimates(self, board: Board) -> dict[Candidate, Estimate]:
        arms = {self.scored[arm]: arm for arm in reversed(self._complete())}
        standings = self.race.standings(list(arms.values()))
        return {self.scored[s.arm]: self._estimate(s) for s in standings}

    def _estimate(self, standing: Standing) -> Estimate:
        margin, score = Z95 * standing.deviation, self.board.full[self.scored[standing.arm]]
        low, high = max(0.0, standing.mean - margin), min(1.0, standing.mean + margin)
        return Estimate(standing.mean, score.n, low, high, score.errors)

    def _take_in_baseline(self) -> None:
        """What the baseline was scored on outside the race, at the end of a tight one."""
        self._take_in((0,) * len(self.parameters))

    def _take_in(self, arm: Arm) -> None:
        """What an arm was scored on outside the race."""
        outcomes = self.board.full_outcomes.get(self.candidate(arm))
        positions = self.race.unseen(arm)
        if outcomes is not None and positions:
            self.race.tell(Step(arm, positions), _scores(self.examples, positions, outcomes))

    def _complete(self) -> list[Arm]:
        full = self.board.full
        return [
            a for a, c in self.scored.items() if c in full and full[c].n and not self.board.fails(c)
        ]


def enter(board: Board, options: Options) -> RaceState:
    """A race over these options; what the baseline has scored already counts."""
    examples, settings = common_order(board), board.spec.settings
    race = Race(
        _sizes(options),
        len(examples),
        race_budget(settings, len(examples)),
        settings.minibatch_size,
        f"{board.spec.seed}:race",
        tails=settings.heavy_tails,
    )
    track = RaceState(board, options, race, examples)
    track.widen(options)
    baseline = (0,) * len(track.parameters)
    track.scored[baseline] = board.baseline
    known = board.outcomes_of(board.baseline)
    seen = {o.example_id for o in known}
    positions = tuple(i for i, e in enumerate(examples) if e.id in seen)
    race.tell(Step(baseline, positions), _scores(examples, positions, known))
    board.judge = track
    return track


def common_order(board: Board) -> tuple[Example, ...]:
    """The validation examples in the one order in which all candidates are scored on them."""
    examples = list(validation_of(board.spec))
    random.Random(f"{board.spec.seed}:order").shuffle(examples)
    return tuple(examples)


def _scores(
    examples: Sequence[Example], positions: Sequence[int], outcomes: Outcomes
) -> list[float | None]:
    """Scores at positions in the common order, None for a failed call."""
    found = {o.example_id: o.score.value for o in outcomes if o.score is not None}
    return [found.get(examples[i].id) for i in positions]


def _words(candidate: Candidate) -> list[str]:
    return [prompt.instruction for prompt in candidate.modules.values()]


def _parameters(options: Options) -> list[str]:
    """Every module's instruction and demos, also where there is but one option yet."""
    found = [f"{name}:instruction" for name in options.instructions]
    if options.demo_sets is not None:
        found += [f"{name}:demos" for name in options.demo_sets.by_module]
    return found


def _sizes(options: Options) -> list[int]:
    sizes = [len(texts) for texts in options.instructions.values()]
    if options.demo_sets is not None:
        sizes += [len(sets) for sets in options.demo_sets.by_module.values()]
    return sizes


def _factors(options: Options) -> list[Factor]:
    """Every option's own effect, and for every module whose demo sets have demos in common the
    effect that these share.
    """
    found = []
    for place, texts in enumerate(options.instructions.values()):
        own = np.eye(len(texts))
        found.append(Factor(place, own, INSTRUCTIONS, INSTRUCTIONS_FREEDOM, OWN_INSTRUCTION))
    by_module = options.demo_sets.by_module if options.demo_sets is not None else {}
    for place, sets in enumerate(by_module.values(), len(options.instructions)):
        found.append(Factor(place, np.eye(len(sets)), DEMOS, DEMOS_FREEDOM))
        overlap = _overlap(sets)
        if (overlap - np.eye(len(sets))).any():
            found.append(Factor(place, overlap, DEMOS, DEMOS_FREEDOM))
    return [factor for factor in found if len(factor.similarity) > 1]


def _overlap(sets: tuple[DemoSet, ...]) -> Floats:
    """How alike demo sets are, 0–1: the cosine of the demos that they hold, or of what tells how
    they are chosen for each input.
    """
    names = [_traits(demos) for demos in sets]
    known = sorted({name for demos in names for name in demos})
    holds = np.array([[float(name in demos) for name in known] for demos in names])
    lengths = np.sqrt((holds**2).sum(axis=1)) if known else np.zeros(len(sets))
    unit = holds / np.maximum(lengths, 1.0)[:, None] if known else np.zeros((len(sets), 1))
    overlap = unit @ unit.T
    np.fill_diagonal(overlap, 1.0)
    return np.asarray(overlap, dtype=np.float64)


def _traits(demos: DemoSet) -> list[str]:
    own = [digest_of(demo.content) for demo in fixed_of(demos)]
    if isinstance(demos, NearestDemos):
        own += [f"nearest of {demos.pool.digest}", f"{demos.choosing} choice", f"{demos.k} of them"]
    return own

"""Heats: the race between two rounds of proposals, trial by trial, on a run's board."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from optimizer.core.conversation.events import (
    BestChanged,
    ImportancesFound,
    MinibatchScored,
    TrialStarted,
)
from optimizer.core.conversation.requests import (
    Conversation,
    Evaluate,
    Outcomes,
    Purpose,
    evaluate,
)
from optimizer.core.conversation.splits import validation_of
from optimizer.core.demos.demo_sets import DemoSet
from optimizer.core.evaluation.stats import Z95, Estimate, minibatch_score
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import digest_of
from optimizer.core.runs.board import Board, crown, is_perfect
from optimizer.core.runs.conduct import NothingToGain
from optimizer.core.runs.trials import full_baseline, full_trial, tell_failing
from optimizer.core.search.arms import Arm, Factor, Floats
from optimizer.core.search.race import DIGITS, Race, Step
from optimizer.core.search.search import Choice
from optimizer.core.strategies.counting import is_tight, race_budget
from optimizer.core.strategies.options import Options

INSTRUCTIONS, DEMOS = 0.025, 0.09
"""Usual deviations of their effects, 0–1: demos are the bigger lever (the paper's first lesson)."""
FIRST_BLOCKS = 2
"""Blocks that the baseline is scored on first where the budget is tight."""
WORTHWHILE = 0.0002
"""The race ends when scoring one more candidate fully is expected to gain less than this, 0–1."""
SETTLED_AFTER, LOOK_EVERY = 0.5, 50
"""Nothing is called settled before this share of the budget; examples between two looks."""
MARGIN = 0.001
"""By how much a candidate's expected score must be above the baseline's: change needs a reason."""


@dataclass
class Track:
    """The options of a race, and its board. It judges the board: the highest expected true score
    among fully evaluated candidates wins.
    """

    board: Board
    options: Options
    race: Race
    examples: tuple[Example, ...]
    scored: dict[Arm, Candidate] = field(default_factory=dict)

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

    def best(self, board: Board) -> Candidate | None:
        self._take_in_baseline()
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
        margin, score = Z95 * standing.deviation, board.full[board.best]
        low, high = max(0.0, standing.mean - margin), min(1.0, standing.mean + margin)
        return Estimate(standing.mean, score.n, low, high, score.errors)

    def _take_in_baseline(self) -> None:
        """What the baseline was scored on outside the race, at the end of a tight one."""
        baseline = (0,) * len(self.parameters)
        outcomes = self.board.full_outcomes.get(self.board.baseline)
        positions = self.race.unseen(baseline)
        if outcomes is not None and positions:
            self.race.tell(Step(baseline, positions), _scores(self.examples, positions, outcomes))

    def _complete(self) -> list[Arm]:
        full = self.board.full
        return [
            a for a, c in self.scored.items() if c in full and full[c].n and not self.board.fails(c)
        ]


def open_race(board: Board) -> Conversation[None]:
    """Score the baseline: fully, or on the first blocks where the budget is too small for that."""
    examples, settings = common_order(board), board.spec.settings
    size = FIRST_BLOCKS * settings.minibatch_size
    first: list[float | None] = []
    if size < len(examples) and is_tight(settings, len(examples)):
        first = yield from _block(board, board.baseline, {}, examples[:size])
    if all(score == 1.0 for score in first):
        yield from full_baseline(board)


def enter(board: Board, options: Options) -> Track:
    """A race over these options; what the baseline has scored already counts."""
    examples, settings = common_order(board), board.spec.settings
    race = Race(
        _sizes(options),
        len(examples),
        race_budget(settings, len(examples)),
        settings.minibatch_size,
        f"{board.spec.seed}:race",
    )
    track = Track(board, options, race, examples)
    track.widen(options)
    baseline = (0,) * len(track.parameters)
    track.scored[baseline] = board.baseline
    known = board.outcomes_of(board.baseline)
    seen = {o.example_id for o in known}
    positions = tuple(i for i, e in enumerate(examples) if e.id in seen)
    race.tell(Step(baseline, positions), _scores(examples, positions, known))
    board.judge = track
    return track


def run_heat(track: Track, share: float = 1.0) -> Conversation[None]:
    """Race until this share of the budget is spent, nothing is left to see, or going on promises
    no gain. Between two heats the final is not begun.

    Raises:
        NothingToGain: going on is not expected to find a better one; the leader is finished.
    """
    race = track.race
    while race.spent < share * race.budget and (step := race.next()) is not None:
        yield from _take(track, step)
        if is_perfect(track.board):
            return
        if share == 1.0 and _is_settled(track):
            yield from finish(track)
            raise NothingToGain(_settled_note(track))


def finish(track: Track) -> Conversation[None]:
    """Score the front on what it has not seen, and crown the best."""
    while (step := track.race.lap()) is not None:
        yield from _take(track, step)
    if crown(track.board) and track.board.best is not None:
        yield BestChanged(track.board.best_trial, track.board.full[track.board.best])
    importances = track.importances()
    if importances:
        yield ImportancesFound(importances)


def _take(track: Track, step: Step) -> Conversation[None]:
    candidate, choice = track.candidate(step.arm), track.choice(step.arm)
    track.scored.setdefault(step.arm, candidate)
    examples = tuple(track.examples[i] for i in step.positions)
    scores = yield from _block(track.board, candidate, choice, examples)
    track.race.tell(step, scores)
    if track.board.fails(candidate):
        track.race.drop(step.arm)
    if track.race.is_complete(step.arm) and candidate not in track.board.full:
        yield from full_trial(track.board, candidate, choice)


def _is_settled(track: Track) -> bool:
    """Looked at now and then: whether going on is worth less than its calls."""
    race = track.race
    if race.spent < SETTLED_AFTER * race.budget or race.spent % LOOK_EVERY >= race.block:
        return False
    return race.prospect() < WORTHWHILE


def _settled_note(track: Track) -> str:
    if track.board.best == track.board.baseline:
        return (
            "The original prompt is kept: going on was not expected to find a better one, so the "
            "rest of the budget was saved."
        )
    return (
        "Going on was not expected to find a better candidate, so the rest of the budget was saved."
    )


def common_order(board: Board) -> tuple[Example, ...]:
    """The validation examples in the one order in which all candidates are scored on them."""
    examples = list(validation_of(board.spec))
    random.Random(f"{board.spec.seed}:order").shuffle(examples)
    return tuple(examples)


def _block(
    board: Board, candidate: Candidate, choice: Choice, examples: tuple[Example, ...]
) -> Conversation[list[float | None]]:
    number = board.number
    board.number += 1
    yield TrialStarted(number, False, candidate, choice, len(examples))
    outcomes = yield from evaluate(Evaluate(candidate, examples, Purpose.MINIBATCH))
    board.minibatches.setdefault(candidate, []).append(outcomes)
    board.choices.setdefault(candidate, choice)
    yield MinibatchScored(number, minibatch_score(outcomes))
    yield from tell_failing(board, candidate, number)
    return [o.score.value if o.score is not None else None for o in outcomes]


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
        found.append(Factor(place, np.eye(len(texts)), INSTRUCTIONS))
    by_module = options.demo_sets.by_module if options.demo_sets is not None else {}
    for place, sets in enumerate(by_module.values(), len(options.instructions)):
        found.append(Factor(place, np.eye(len(sets)), DEMOS))
        overlap = _overlap(sets)
        if (overlap - np.eye(len(sets))).any():
            found.append(Factor(place, overlap, DEMOS))
    return [factor for factor in found if len(factor.similarity) > 1]


def _overlap(sets: tuple[DemoSet, ...]) -> Floats:
    """How alike demo sets are, 0–1: the cosine of the demos that they hold."""
    names = [[digest_of([d.values, d.augmented]) for d in demos] for demos in sets]
    known = sorted({name for demos in names for name in demos})
    holds = np.array([[float(name in demos) for name in known] for demos in names])
    lengths = np.sqrt((holds**2).sum(axis=1)) if known else np.zeros(len(sets))
    unit = holds / np.maximum(lengths, 1.0)[:, None] if known else np.zeros((len(sets), 1))
    overlap = unit @ unit.T
    np.fill_diagonal(overlap, 1.0)
    return np.asarray(overlap, dtype=np.float64)

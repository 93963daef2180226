"""Racing as an Optuna sampler: for anybody who scores choices on examples, without runs or rows."""

from __future__ import annotations

import contextlib
import copy
import math
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any, TypeVar

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from optimizer.core.evaluation.stats import Z95, Estimate
from optimizer.core.search.arms import Arm
from optimizer.core.search.race import Race, Step

E = TypeVar("E")

POSITIONS, ARM = "positions", "arm"
"""User attributes of a trial: the examples to score, by their positions; the choice as indices."""


NO_WINNER = "No combination is scored on every example yet: go on until `is_over(study)`."


@dataclass(frozen=True)
class Winner:
    """The choice with the highest expected score, and what it is expected to score."""

    params: dict[str, Any]
    expected: Estimate


class RacingSampler(BaseSampler):
    """Scores all combinations of categorical options on the same examples, block by block, where it
    can change which one wins; only a combination scored on every example can win.

    A trial is one block: its user attribute `positions` says which examples to score its params on,
    and each score, 0 to 1, is reported at its position (none for a call that failed):

        space = {"tone": ["plain", "warm"], "demos": [0, 2, 4]}
        sampler = RacingSampler(space, examples=len(examples), budget=150)
        study = optuna.create_study(direction="maximize", sampler=sampler)
        while not sampler.is_over(study):
            trial = study.ask(sampler.space)
            scores = {p: score(trial.params, examples[p]) for p in trial.user_attrs["positions"]}
            for position, value in scores.items():
                trial.report(value, position)
            study.tell(trial, fmean(scores.values()))
        print(sampler.winner(study))

    or, in one line, `study.optimize(sampler.objective(score, examples))`, which ends by itself.

    A trial's value is the mean of its block. The highest of them was lucky, so that the result is
    `winner(study)` and not `study.best_trial`. The first option of every parameter should be what
    is in use now: that combination is scored first. All that is known is in the study, so that one
    in a storage goes on where it was left, and several threads or processes share it.

    `space`: options by parameter; `examples`: how many there are; `budget`: scores that may be
    asked for in all; `block`: scores of one trial.
    """

    def __init__(
        self,
        space: Mapping[str, Sequence[Any]],
        examples: int,
        budget: int,
        block: int = 10,
        seed: int = 0,
    ) -> None:
        if not 0 < examples <= budget:
            raise ValueError(
                f"A budget of {budget} scores finishes nobody on {examples} examples: raise it, "
                "best to several times as many."
            )
        self.space = {
            name: CategoricalDistribution(tuple(choices)) for name, choices in space.items()
        }
        self._examples = examples
        sizes = [len(distribution.choices) for distribution in self.space.values()]
        self._most = min(budget, math.prod(sizes) * examples)
        # Examples are often sorted, by label or by source: what comes first must be a fair draw.
        order = random.Random(f"{seed}:order").sample(range(examples), examples)
        race = Race(sizes, examples, budget, block, f"{seed}:race")
        self._course = _Course(race, tuple(order), (0,) * len(sizes))
        self._lock = threading.Lock()

    def objective(
        self, score: Callable[[dict[str, Any], E], float], examples: Sequence[E]
    ) -> Callable[[optuna.Trial], float]:
        """An objective for `study.optimize`: `score` takes params and an example, gives 0 to 1."""
        if len(examples) != self._examples:
            raise ValueError(f"These are {len(examples)} examples instead of {self._examples}.")

        def block(trial: optuna.Trial) -> float:
            params = {
                name: trial.suggest_categorical(name, distribution.choices)
                for name, distribution in self.space.items()
            }
            positions = trial.user_attrs[POSITIONS]
            if not positions:
                raise optuna.TrialPruned("The race is over: nothing is left to score.")
            scores = []
            for position in positions:
                scores.append(score(params, examples[position]))
                trial.report(scores[-1], position)
            return fmean(scores)

        return block

    def is_over(self, study: Study) -> bool:
        """Whether the budget is handed out, or everything is scored."""
        return sum(len(trial.user_attrs[POSITIONS]) for trial in _raced(study)) >= self._most

    def winner(self, study: Study) -> Winner:
        """The combination with the highest expected score among those scored on every example.

        Raises:
            LookupError: there is none.
        """
        with self._lock:
            course = self._caught_up(study)
            if not any(course.race.is_complete(arm) for arm in course.scored):
                raise LookupError(NO_WINNER)
            standing = course.race.leader()
        params = {
            name: distribution.choices[option]
            for (name, distribution), option in zip(self.space.items(), standing.arm, strict=True)
        }
        low, high = (standing.mean + side * Z95 * standing.deviation for side in (-1, 1))
        expected = Estimate(standing.mean, self._examples, max(low, 0.0), min(high, 1.0))
        return Winner(params, expected)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Choose the block, once for a trial, also where every parameter is fixed."""
        self._raise_error_if_multi_objective(study)
        if study.direction != StudyDirection.MAXIMIZE:
            raise ValueError('Scores are raced for the highest: create the study as "maximize".')
        with self._lock:
            arm, positions = self._next(study, trial.system_attrs.get("fixed_params", {}))
            for name, value in ((ARM, list(arm)), (POSITIONS, list(positions))):
                # Samplers are handed a copy of the trial; Optuna's own write like this, too.
                study._storage.set_trial_user_attr(trial._trial_id, name, value)
                trial.user_attrs[name] = value

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return dict(self.space)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {
            name: self.space[name].choices[option]
            for name, option in zip(self.space, trial.user_attrs[ARM], strict=True)
        }

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: Any
    ) -> Any:
        raise ValueError(
            f"{param_name!r} is not in the sampler's space: a race must know all that is chosen."
        )

    def after_trial(
        self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """Look at the scores, and end `study.optimize` with the last of them."""
        for position, score in trial.intermediate_values.items():
            if not (math.isnan(score) or 0 <= score <= 1):
                raise ValueError(f"Scores are from 0 to 1, that of example {position} is {score}.")
        if self.is_over(study):
            with contextlib.suppress(RuntimeError):  # of a study that is asked and told by hand
                study.stop()

    def _next(self, study: Study, fixed: Mapping[str, Any]) -> tuple[Arm, tuple[int, ...]]:
        """The next combination and the examples to score it on, none when the race is over."""
        course = copy.deepcopy(self._caught_up(study))
        for trial in _raced(study):
            if not trial.state.is_finished():
                course.take(trial)
        step = course.next()
        arm = tuple(
            distribution.choices.index(fixed[name])
            if name in fixed and fixed[name] in distribution.choices
            else option
            for (name, distribution), option in zip(self.space.items(), step.arm, strict=True)
        )
        return arm, course.ahead(step if arm == step.arm else None, arm)

    def _caught_up(self, study: Study) -> _Course:
        """The course with all finished trials of the study told, each once and in order."""
        for trial in _raced(study):
            if trial.state.is_finished() and trial.number not in self._course.told:
                self._course.take(trial)
        return self._course

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())


@dataclass
class _Course:
    """A race as a study's trials tell it; `order` has the examples as the race counts them, `seen`
    those that were asked for by combination, `scored` the combinations with a score.
    """

    race: Race
    order: tuple[int, ...]
    baseline: Arm
    told: set[int] = field(default_factory=set)
    seen: dict[Arm, set[int]] = field(default_factory=dict)
    scored: set[Arm] = field(default_factory=set)

    def next(self) -> Step:
        """The next step; one without positions when nothing is left."""
        if not self.seen:
            return Step(self.baseline, self._block(self.baseline))
        return self.race.next() or Step(self.baseline, ())

    def take(self, trial: FrozenTrial) -> None:
        """Tell a trial: what is missing among its scores, or still to come, has none."""
        if self.seen:
            self.race.next()  # as when it was asked, so that a study that goes on goes on alike
        arm, asked = tuple(trial.user_attrs[ARM]), trial.user_attrs[POSITIONS]
        seen = self.seen.setdefault(arm, set())
        new = [position for position in asked if position not in seen]
        seen.update(new)
        # Two processes that ask at the same moment are given the same block: one is paid for only.
        self.race.pay(len(asked) - len(new))
        if new:
            places = tuple(self.order.index(position) for position in new)
            scores = [_score(trial, position) for position in new]
            self.race.tell(Step(arm, places), scores)
            if any(score is not None for score in scores):
                self.scored.add(arm)
        self.told.add(trial.number)

    def ahead(self, step: Step | None, arm: Arm) -> tuple[int, ...]:
        """The examples of a step, or of an arm that was wished for instead."""
        places = self._block(arm) if step is None else step.positions
        return tuple(self.order[place] for place in places)

    def _block(self, arm: Arm) -> tuple[int, ...]:
        race, done = self.race, len(self.seen.get(arm, ()))
        end = min(done + race.block, done + race.budget - race.spent, len(self.order))
        return tuple(range(done, end))


def _raced(study: Study) -> list[FrozenTrial]:
    trials = study.get_trials(deepcopy=False)
    return [trial for trial in trials if trial.user_attrs.get(POSITIONS) is not None]


def _score(trial: FrozenTrial, position: int) -> float | None:
    score = trial.intermediate_values.get(position)
    return None if score is None or math.isnan(score) else score

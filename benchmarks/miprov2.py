"""DSPy 3.4.1's MIPROv2, its third step restated: the search over instructions and demo sets.

Optuna's multivariate TPE as MIPROv2 sets it up, minibatches of 35, and after every fifth trial and
the last a full evaluation of the highest mean that has none, told to TPE like any other trial.
"""

from __future__ import annotations

import logging
import math
import random
import warnings
from dataclasses import dataclass
from statistics import fmean

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import create_trial

from benchmarks.simulator import Arm, Simulation

optuna.logging.set_verbosity(optuna.logging.ERROR)
logging.getLogger("optuna").setLevel(logging.ERROR)

MINIBATCH, FULL_EVERY, MINIBATCH_ABOVE = 35, 5, 50


@dataclass(frozen=True)
class Mode:
    """One of MIPROv2's auto modes: candidates, and the largest validation split."""

    name: str
    candidates: int
    validation: int

    @property
    def instructions(self) -> int:
        """With demos, half of the candidates are instructions."""
        return self.candidates // 2

    def trials(self, parameters: int) -> int:
        return int(max(2 * parameters * math.log2(self.candidates), 1.5 * self.candidates))


LIGHT, MEDIUM = Mode("light", 6, 100), Mode("medium", 12, 300)
MODES = {mode.name: mode for mode in (LIGHT, MEDIUM)}


def evaluations_of(mode: Mode, parameters: int, validation: int) -> int:
    """Program evaluations that a run plans: the baseline's, each trial's, and the whole ones.

    What making demo sets takes comes on top; it depends on the model. A run makes fewer where no
    candidate is left for a whole evaluation.
    """
    rows, trials = min(validation, mode.validation), mode.trials(parameters)
    if rows <= MINIBATCH_ABOVE:
        return rows + trials * rows
    return rows + trials * MINIBATCH + -(-trials // FULL_EVERY) * rows


@dataclass(frozen=True)
class Found:
    """The winner, the score that is reported for it, and the examples scored in all.

    `calls` counts a look at an example as often as it is taken, as MIPROv2 pays for it without a
    cache; `distinct` counts it once.
    """

    arm: Arm
    score: float
    calls: int
    distinct: int


def search(simulation: Simulation, mode: Mode, seed: int) -> Found:
    """MIPROv2's search with its own number of calls."""
    surface = simulation.surface
    examples = range(surface.examples)
    space: dict[str, BaseDistribution] = {
        f"p{index}": CategoricalDistribution(list(range(size)))
        for index, size in enumerate(surface.sizes)
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(
            direction="maximize",
            sampler=optuna.samplers.TPESampler(seed=seed, multivariate=True),
        )
    rng = random.Random(seed)
    baseline = (0,) * len(surface.sizes)
    full = {baseline: float(simulation.score(baseline, examples).mean())}
    means: dict[Arm, list[float]] = {}
    calls = surface.examples

    def add(arm: Arm, value: float) -> None:
        params = {f"p{index}": option for index, option in enumerate(arm)}
        study.add_trial(create_trial(params=params, distributions=space, value=value))

    add(baseline, full[baseline])
    whole = surface.examples <= MINIBATCH_ABOVE
    trials = mode.trials(len(surface.sizes))
    for number in range(1, trials + 1):
        trial = study.ask(space)
        arm = tuple(int(trial.params[name]) for name in space)
        batch = examples if whole else rng.sample(examples, MINIBATCH)
        score = float(simulation.score(arm, batch).mean())
        calls += len(batch)
        study.tell(trial, score)
        means.setdefault(arm, []).append(score)
        if whole:
            full[arm] = score
        elif number % FULL_EVERY == 0 or number == trials:
            waiting = [arm for arm in means if arm not in full]
            if waiting:
                leader = max(waiting, key=lambda arm: fmean(means[arm]))
                full[leader] = float(simulation.score(leader, examples).mean())
                calls += surface.examples
                add(leader, full[leader])
    best = max(full, key=lambda arm: full[arm])
    return Found(best, full[best], calls, simulation.calls)

"""MIPRO's surrogate: Optuna's tree-structured Parzen estimator, in memory, rebuilt by replaying."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Mapping

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.samplers import TPESampler
from optuna.trial import TrialState

from optimizer.core.evaluation.stats import Estimate
from optimizer.core.search.search import Choice, Search

optuna.logging.set_verbosity(optuna.logging.ERROR)
logging.getLogger("optuna").setLevel(logging.ERROR)

TOLD_FOR_IMPORTANCES = 8
"""With fewer scores nothing can be said of what mattered."""
GOOD = 0.5
"""The share of the trials that count as good ones. A smaller one than the better half says little:
minibatch scores are noisy, and the surrogate itself draws what is good more often.
"""


COMPLETE = (TrialState.COMPLETE,)


class TPESearch:
    """Multivariate TPE over categorical options.

    A fresh sampler, seeded by the number of the question, answers each `ask`: what is asked depends
    on nothing but the seed and what was told, so that a replayed run asks the same again.
    """

    def __init__(self, options: Mapping[str, int], seed: int, trials: int) -> None:
        self._space: dict[str, BaseDistribution] = {
            name: CategoricalDistribution(list(range(count)))
            for name, count in sorted(options.items())
        }
        self._seed = seed
        self._startup = min(10, max(4, trials // 4))
        self._asked = 0
        self._study = optuna.create_study(direction="maximize", sampler=self._sampler())

    def ask(self) -> Choice:
        self._study.sampler = self._sampler()
        self._asked += 1
        trial = self._study.ask(self._space)
        # Samplers ignore failed trials: the study stays a function of what was told.
        self._study.tell(trial, state=TrialState.FAIL)
        return {name: int(value) for name, value in trial.params.items()}

    def tell(self, choice: Choice, score: Estimate) -> None:
        self._study.add_trial(
            optuna.trial.create_trial(
                params=dict(choice), distributions=self._space, value=score.mean
            )
        )

    def importances(self) -> dict[str, float]:
        """PED-ANOVA: by how much the better half of the trials chose otherwise than all."""
        values = [trial.values[0] for trial in self._study.get_trials(states=COMPLETE)]
        if len(values) < TOLD_FOR_IMPORTANCES:
            return {}
        worst_good = sorted(values, reverse=True)[math.ceil(GOOD * len(values)) - 1]
        if min(values) == worst_good:  # all are as good
            return {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            evaluator = PedAnovaImportanceEvaluator(target_quantile=GOOD)
            found = get_param_importances(self._study, evaluator=evaluator)
        whole = math.fsum(found.values())
        if not (math.isfinite(whole) and whole > 0):
            return {}
        return {name: found.get(name, 0.0) / whole for name in self._space}

    def _sampler(self) -> TPESampler:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return TPESampler(
                multivariate=True,
                n_startup_trials=self._startup,
                seed=(self._seed * 100_003 + self._asked) % 2**32,
            )


def tpe(options: Mapping[str, int], seed: int, trials: int) -> Search:
    """A `NewSearch` for optimizers."""
    return TPESearch(options, seed, trials)

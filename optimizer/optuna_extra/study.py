"""A run's trials as an Optuna study, so that Optuna's plots, importances and dashboard show it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState

from optimizer.core.problems import Refused
from optimizer.models import Run, Trial

Scores = Literal["full", "minibatch"]
Params = dict[str, int | None]


def study_of(
    run: Run,
    scores: Scores = "full",
    storage: str | None = None,
    name: str = "",
    replace: bool = False,
) -> optuna.Study:
    """The recorded trials of a finished or running run, with the run's own numbers.

    Params are option indices as in the run's choices, the value is the mean score. User attributes:
    `scores` (full or minibatch), `n`, `interval` ([low, high], 95 %), `errors` and `candidate`.

    Trials of one kind are complete: those on the whole validation split unless `scores` says
    otherwise, as only these are comparable and decide a run. Those of the other kind are pruned,
    scored on some examples only: their mean is an intermediate value at step `n`, which Optuna's
    bests and importances leave out. Trials without a score have failed, or are running.

    `storage` is a URL as Optuna takes it; None keeps the study in memory.

    Raises:
        Refused: the storage has one of that name, and it is not to be replaced.
    """
    rows = list(run.trials.select_related("candidate"))
    params = _params([row.choice for row in rows])
    space = _space(params)
    study = _new_study(name or f"run-{run.pk}", storage, replace)
    for key, value in _about(run, scores).items():
        study.set_user_attr(key, value)
    for row, chosen in zip(rows, params, strict=True):
        study.add_trial(_trial(row, chosen, space, scores, run.ended))
    return study


def _new_study(name: str, storage: str | None, replace: bool) -> optuna.Study:
    if replace and storage is not None and name in optuna.get_all_study_names(storage):
        optuna.delete_study(study_name=name, storage=storage)
    try:
        return optuna.create_study(study_name=name, storage=storage, direction="maximize")
    except optuna.exceptions.DuplicatedStudyError as error:
        raise Refused.because("study.exists", name=name) from error


def _about(run: Run, scores: Scores) -> dict[str, Any]:
    best = run.best_candidate
    return {
        "run": run.pk,
        "optimizer": run.optimizer,
        "status": run.status,
        "scores": scores,
        "best_candidate": None if best is None else best.number,
        "estimate": run.estimate,
    }


def _params(choices: Sequence[dict[str, int]]) -> list[Params]:
    """The same parameters for all trials: what a choice leaves out is as the program has it, option
    0. Settings of proposals have no such option; None says that nothing was proposed.
    """
    names = dict.fromkeys(name for choice in choices for name in choice)
    left_out = {name: 0 if name.endswith((":instruction", ":demos")) else None for name in names}
    return [{**left_out, **choice} for choice in choices]


def _space(params: Sequence[Params]) -> dict[str, BaseDistribution]:
    """All options up to the last that was tried, the same for all trials, as Optuna wants it."""
    found: dict[str, BaseDistribution] = {}
    for name in params[0] if params else ():
        tried = [chosen[name] for chosen in params]
        options = range(1 + max((option for option in tried if option is not None), default=0))
        found[name] = CategoricalDistribution((*([None] if None in tried else []), *options))
    return found


def _trial(
    row: Trial, params: Params, space: dict[str, BaseDistribution], scores: Scores, ended: bool
) -> FrozenTrial:
    score, kind = row.score, "full" if row.full else "minibatch"
    about: dict[str, Any] = {"scores": kind, "candidate": row.candidate.number}
    known: dict[str, Any] = {"state": TrialState.FAIL if ended or score else TrialState.RUNNING}
    if score:
        about |= {"n": score["n"], "interval": [score["low"], score["high"]]}
        about |= {"errors": score["errors"]}
    if score and score["n"]:
        complete = kind == scores
        known = {
            "state": TrialState.COMPLETE if complete else TrialState.PRUNED,
            "value": score["mean"] if complete else None,
            "intermediate_values": {score["n"]: score["mean"]},
        }
    trial = optuna.trial.create_trial(params=params, distributions=space, user_attrs=about, **known)
    finished = trial.state.is_finished()
    trial.datetime_start = _local(row.started_at)
    trial.datetime_complete = _local(row.scored_at or row.started_at) if finished else None
    return trial


def _local(moment: datetime) -> datetime:
    """As Optuna has its times: local and without a zone."""
    return moment.astimezone().replace(tzinfo=None)

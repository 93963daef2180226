"""A run's trials as an Optuna study: the same numbers, for Optuna's plots and dashboard."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import optuna
import pytest
from django.core.management import CommandError, call_command
from optuna.trial import TrialState

from optimizer.models import Run
from optimizer.optuna_extra.study import study_of
from tests.fakes.scripted_lm import ScriptedLM
from tests.fakes.telling import refused
from tests.optimizer.conftest import Create, carry_on

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def finished(create: Create) -> Run:
    return carry_on(create(), ScriptedLM())


def rows(run: Run, **which: bool) -> list[tuple[int, float]]:
    return list(run.trials.filter(**which).order_by("number").values_list("number", "mean"))


def of(study: optuna.Study, state: TrialState) -> list[optuna.trial.FrozenTrial]:
    return study.get_trials(states=(state,))


def test_full_scores_are_complete_trials_and_minibatches_pruned_ones(finished: Run) -> None:
    study = study_of(finished)
    complete, pruned = of(study, TrialState.COMPLETE), of(study, TrialState.PRUNED)
    assert [(t.number, t.value) for t in complete] == rows(finished, full=True)
    assert [(t.number, *t.intermediate_values.values()) for t in pruned] == rows(
        finished, full=False
    )
    assert {t.user_attrs["scores"] for t in complete} == {"full"}
    assert {t.user_attrs["scores"] for t in pruned} == {"minibatch"}
    assert {t.user_attrs["n"] for t in pruned} == {6}
    assert study.best_value == max(mean for _, mean in rows(finished, full=True))


def test_minibatches_are_the_complete_trials_when_asked_for(finished: Run) -> None:
    study = study_of(finished, "minibatch")
    complete = of(study, TrialState.COMPLETE)
    assert [(t.number, t.value) for t in complete] == rows(finished, full=False)
    assert study.user_attrs["scores"] == "minibatch"


def test_a_trial_says_its_choice_its_interval_and_its_candidate(finished: Run) -> None:
    study = study_of(finished)
    for trial, row in zip(study.trials, finished.trials.select_related("candidate"), strict=True):
        said = trial.user_attrs
        assert {name: trial.params[name] for name in row.choice} == row.choice
        assert said["candidate"] == row.candidate.number
        assert said["interval"] == [row.score["low"], row.score["high"]]
        assert (said["n"], said["errors"]) == (row.score["n"], 0)
    assert set(study.trials[0].params.values()) == {0}
    assert study.user_attrs["best_candidate"] == finished.best_candidate.number


@pytest.mark.parametrize("name", ["racing", "mipro_plus", "module_opro", "reflective"])
def test_every_way_of_choosing_makes_a_study_with_importances(create: Create, name: str) -> None:
    run = carry_on(create(optimizer=name), ScriptedLM())
    study = study_of(run, "minibatch" if name in ("racing", "mipro_plus") else "full")
    assert len(study.trials) == run.trials.count()
    found = optuna.importance.get_param_importances(study)
    assert set(found) <= set(study.trials[0].params)


def test_settings_of_proposals_are_none_where_nothing_was_proposed(create: Create) -> None:
    study = study_of(carry_on(create(optimizer="mipro_plus"), ScriptedLM()))
    assert study.trials[0].params["tip"] is None
    assert study.trials[0].params["classify:instruction"] == 0


def test_a_run_under_way_has_running_trials_and_one_without_trials_is_empty(
    finished: Run, create: Create
) -> None:
    last = finished.trials.order_by("number").last()
    finished.trials.filter(pk=last.pk).update(score=None, mean=None, scored_at=None)
    Run.objects.filter(pk=finished.pk).update(status=Run.Status.RUNNING)
    study = study_of(Run.objects.get(pk=finished.pk))
    assert study.trials[-1].state == TrialState.RUNNING
    Run.objects.filter(pk=finished.pk).update(status=Run.Status.CANCELLED)
    study = study_of(Run.objects.get(pk=finished.pk))
    assert study.trials[-1].state == TrialState.FAIL
    assert study_of(create(seed=4)).trials == []


def test_the_command_writes_a_study_that_optuna_reads_again(finished: Run, tmp_path: Path) -> None:
    storage, out = f"sqlite:///{tmp_path}/run.db", StringIO()
    call_command("optuna_study", str(finished.pk), "--storage", storage, stdout=out)
    assert f"{finished.trials.count()} trials of run {finished.pk}" in out.getvalue()
    read = optuna.load_study(study_name=f"run-{finished.pk}", storage=storage)
    assert [t.values for t in read.trials] == [t.values for t in study_of(finished).trials]
    assert all(t.duration is not None for t in read.trials)


def test_a_study_of_that_name_is_replaced_only_when_asked(finished: Run, tmp_path: Path) -> None:
    storage = f"sqlite:///{tmp_path}/run.db"
    study_of(finished, storage=storage)
    with refused("has a study"):
        study_of(finished, storage=storage)
    study_of(finished, "minibatch", storage=storage, replace=True)
    study_of(finished, storage=storage, name="again")
    assert optuna.get_all_study_names(storage) == [f"run-{finished.pk}", "again"]


@pytest.mark.parametrize(
    ("run", "storage", "told"),
    [
        ("0", "sqlite://", "There is no run 0"),
        (None, "no address", "cannot be opened"),
        (None, "sqlite:////no/such/folder/run.db", "cannot be opened"),
        (None, "strange://there", "cannot be opened"),
    ],
)
def test_what_cannot_be_written_is_one_clear_line(
    create: Create, run: str | None, storage: str, told: str
) -> None:
    with pytest.raises(CommandError, match=told):
        call_command("optuna_study", run or str(create().pk), "--storage", storage)

"""Racing as an Optuna sampler: studies of anybody who scores choices on examples."""

from __future__ import annotations

import copy
import inspect
import random
import textwrap
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from optimizer.optuna_extra.sampler import RacingSampler, Winner

SPACE = {"tone": ["plain", "warm", "curt"], "demos": [0, 2, 4]}
EXAMPLES = list(range(40))
CHANCES = {"plain": 0.3, "warm": 0.6, "curt": 0.2}


def score(params: dict[str, Any], example: int) -> float:
    """Right more often when warm, and the more demos the more often."""
    chance = CHANCES[params["tone"]] + 0.08 * params["demos"]
    drawn = random.Random(f"{example}:{params['tone']}:{params['demos']}").random()
    return float(drawn < chance)


def racing(budget: int = 240, **given: Any) -> RacingSampler:
    return RacingSampler(**{"space": SPACE, "examples": 40, "budget": budget, **given})


def study_with(sampler: RacingSampler, **given: Any) -> optuna.Study:
    return optuna.create_study(direction="maximize", sampler=sampler, **given)


def course(study: optuna.Study) -> list[tuple[dict[str, Any], list[int]]]:
    return [(trial.params, trial.user_attrs["positions"]) for trial in study.trials]


def handed_out(study: optuna.Study) -> int:
    return sum(len(trial.user_attrs["positions"]) for trial in study.trials)


def step(study: optuna.Study, sampler: RacingSampler) -> None:
    trial = study.ask(sampler.space)
    scores = {p: score(trial.params, EXAMPLES[p]) for p in trial.user_attrs["positions"]}
    for position, value in scores.items():
        trial.report(value, position)
    study.tell(trial, fmean(scores.values()))


def test_the_example_of_its_docstring_runs(capsys: pytest.CaptureFixture[str]) -> None:
    doc = inspect.getdoc(RacingSampler) or ""
    start = doc.index("    space = ")
    example = textwrap.dedent(doc[start : doc.index("\n\nor, in one line")])
    assert len(example.splitlines()) == 10
    known = {"RacingSampler": RacingSampler, "optuna": optuna, "fmean": fmean}
    exec(example, {**known, "score": score_of_two, "examples": EXAMPLES})
    assert "'tone': 'warm'" in capsys.readouterr().out


def score_of_two(params: dict[str, Any], example: int) -> float:
    return float(params["tone"] == "warm" or example % 3 == 0)


def test_a_study_ends_by_itself_with_the_best_combination_as_winner() -> None:
    won = Counter[str]()
    for seed in range(6):
        sampler = racing(seed=seed)
        study = study_with(sampler)
        study.optimize(sampler.objective(score, EXAMPLES))
        assert handed_out(study) == 240
        found = sampler.winner(study)
        assert set(found.params) == set(SPACE)
        assert 0 <= found.expected.low <= found.expected.mean <= found.expected.high <= 1
        won[found.params["tone"]] += 1
    assert won["warm"] >= 5


def test_no_example_is_scored_twice_and_the_winner_has_seen_them_all() -> None:
    sampler = racing()
    study = study_with(sampler)
    study.optimize(sampler.objective(score, EXAMPLES))
    seen = [(str(params), p) for params, positions in course(study) for p in positions]
    assert len(seen) == len(set(seen))
    assert Counter(name for name, _ in seen)[str(sampler.winner(study).params)] == 40


def test_what_is_in_use_now_is_scored_first_on_a_fair_draw_of_the_examples() -> None:
    study = study_with(racing())
    trial = study.ask(racing().space)
    assert trial.params == {"tone": "plain", "demos": 0}
    positions = trial.user_attrs["positions"]
    assert len(set(positions)) == 10
    assert max(positions) > 20


def test_asked_and_told_by_hand_it_races_as_under_optimize() -> None:
    by_hand, by_itself = racing(), racing()
    first, second = study_with(by_hand), study_with(by_itself)
    while not by_hand.is_over(first):
        step(first, by_hand)
    second.optimize(by_itself.objective(score, EXAMPLES))
    assert course(first) == course(second)
    assert by_hand.winner(first) == by_itself.winner(second)


def test_a_study_in_a_storage_goes_on_with_a_fresh_sampler_as_if_never_left(
    tmp_path: Path,
) -> None:
    whole = racing(120)
    unbroken = study_with(whole)
    unbroken.optimize(whole.objective(score, EXAMPLES))
    storage = f"sqlite:///{tmp_path}/race.db"
    study_with(racing(120), storage=storage, study_name="race").optimize(
        racing(120).objective(score, EXAMPLES), n_trials=5
    )
    fresh = racing(120)
    resumed = optuna.load_study(study_name="race", storage=storage, sampler=fresh)
    resumed.optimize(fresh.objective(score, EXAMPLES))
    assert course(resumed) == course(unbroken)
    assert fresh.winner(resumed) == whole.winner(unbroken)


def test_blocks_under_way_at_once_are_different_ones_and_keep_the_budget() -> None:
    sampler = racing(100)
    study = study_with(sampler)
    asked = []
    while not sampler.is_over(study):
        asked.append(study.ask(sampler.space))
    blocks = [(str(t.params), p) for t in asked for p in t.user_attrs["positions"]]
    assert len(blocks) == len(set(blocks)) == 100
    for trial in asked:
        for p in trial.user_attrs["positions"]:
            trial.report(score(trial.params, p), p)
        study.tell(trial, 0.5)
    assert handed_out(study) == 100


def test_threads_share_a_race() -> None:
    sampler = racing(160)
    study = study_with(sampler)
    study.optimize(sampler.objective(score, EXAMPLES), n_jobs=3)
    seen = [(str(params), p) for params, positions in course(study) for p in positions]
    assert len(seen) == len(set(seen)) == 160
    assert isinstance(sampler.winner(study), Winner)


def test_a_block_that_died_costs_its_scores_and_nothing_else() -> None:
    died = []

    def fragile(params: dict[str, Any], example: int) -> float:
        if params["tone"] == "curt":
            died.append(example)
            raise ConnectionError
        return score(params, example)

    sampler = racing()
    study = study_with(sampler)
    study.optimize(sampler.objective(fragile, EXAMPLES), catch=(ConnectionError,))
    assert died
    assert handed_out(study) == 240
    assert sampler.winner(study).params["tone"] != "curt"


def test_two_processes_that_were_given_the_same_block_do_not_confuse_the_race() -> None:
    sampler = racing(80)
    study = study_with(sampler)
    step(study, sampler)
    study.add_trial(study.trials[0])
    while not sampler.is_over(study):
        step(study, sampler)
    seen = [(str(params), p) for params, positions in course(study)[1:] for p in positions]
    assert len(seen) == len(set(seen)) == 70
    assert sampler.winner(study).expected.n == 40


def test_a_wished_combination_is_scored_on_its_own_next_examples() -> None:
    sampler = racing()
    study = study_with(sampler)
    step(study, sampler)
    for _ in range(2):
        study.enqueue_trial({"tone": "curt", "demos": 4})
    study.enqueue_trial({"demos": 2})
    for _ in range(3):
        step(study, sampler)
    (first, one), (second, two), (third, _) = course(study)[1:4]
    assert first == second == {"tone": "curt", "demos": 4}
    assert not set(one) & set(two)
    assert third["demos"] == 2


def test_small_spaces_are_scored_to_the_end_and_no_further() -> None:
    sampler = RacingSampler({"tone": ["plain"]}, examples=12, budget=100, block=5)
    study = study_with(sampler)
    study.optimize(sampler.objective(lambda params, example: 1.0, EXAMPLES[:12]))
    assert [len(positions) for _, positions in course(study)] == [5, 5, 2]
    assert sampler.winner(study).params == {"tone": "plain"}


def test_a_trial_after_the_end_is_pruned() -> None:
    sampler = RacingSampler({"tone": ["plain", "warm"]}, examples=5, budget=10, block=5)
    study = study_with(sampler)
    for _ in range(2):
        study.optimize(sampler.objective(lambda params, example: 1.0, EXAMPLES[:5]))
    assert [t.state for t in study.trials] == [TrialState.COMPLETE] * 2 + [TrialState.PRUNED]


def test_histories_and_importances_of_a_race_work() -> None:
    sampler = racing(600, examples=40)
    study = study_with(sampler)
    study.optimize(sampler.objective(score, EXAMPLES))
    assert set(optuna.importance.get_param_importances(study)) == set(SPACE)
    for trial in study.trials:
        assert trial.value == pytest.approx(fmean(trial.intermediate_values.values()))
        assert set(trial.intermediate_values) == set(trial.user_attrs["positions"])


def test_a_copied_sampler_races_on() -> None:
    sampler = racing(100)
    study = study_with(sampler)
    study.optimize(sampler.objective(score, EXAMPLES), n_trials=4)
    study.sampler = again = copy.deepcopy(sampler)
    study.optimize(again.objective(score, EXAMPLES))
    assert handed_out(study) == 100


def test_what_cannot_be_raced_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="raise it"):
        racing(39)
    with pytest.raises(ValueError, match="3 examples instead of 40"):
        racing().objective(score, [1, 2, 3])
    with pytest.raises(ValueError, match='as "maximize"'):
        optuna.create_study(sampler=racing()).ask()
    study = study_with(racing())
    with pytest.raises(ValueError, match="not in the sampler's space"):
        study.ask().suggest_float("temperature", 0, 1)


def test_scores_beyond_zero_and_one_are_refused() -> None:
    sampler = racing()
    study = study_with(sampler)
    with pytest.raises(ValueError, match="from 0 to 1"):
        study.optimize(sampler.objective(lambda params, example: 7.0, EXAMPLES), n_trials=1)


def test_nobody_has_won_before_somebody_has_seen_every_example() -> None:
    sampler = racing()
    study = study_with(sampler)
    step(study, sampler)
    with pytest.raises(LookupError, match="go on until"):
        sampler.winner(study)

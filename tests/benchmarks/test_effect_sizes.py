"""Deviations between paraphrases are told without what drawing the examples adds to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.effect_sizes import Effect, effects_of, quantiles


def written(folder: Path, **models: list[object]) -> Path:
    file = folder / "BBH_made.csv"
    rows = zip(*models.values(), strict=True)
    lines = [f"{number},{','.join(map(str, row))}" for number, row in enumerate(rows)]
    head = "paraphrase idx," + ",".join(f"{name}_acc" for name in models)
    file.write_text("\n".join([head, *lines]) + "\n")
    return file


def test_a_model_that_takes_all_paraphrases_alike_has_no_effect(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    same = (rng.binomial(100, 0.6, 4000) / 100).tolist()
    true = rng.normal(0.5, 0.08, 4000).clip(0, 1)
    other = (rng.binomial(100, true) / 100).tolist()
    alike, unlike = effects_of(written(tmp_path, alike=same, unlike=other))
    assert alike.deviation < 0.01
    assert unlike.deviation == pytest.approx(0.08, abs=0.005)
    assert (unlike.task, unlike.model, unlike.paraphrases) == ("BBH_made", "unlike", 4000)


def test_log_odds_are_those_that_the_simulator_turns_into_the_same_points(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    odds = rng.normal(0, 0.3, 600)
    difficulty = rng.normal(0, 1.5, 4000)
    means = (1 / (1 + np.exp(-(odds[:, None] + difficulty)))).mean(axis=1)
    (found,) = effects_of(written(tmp_path, model=means.tolist()), examples=10**9)
    assert found.log_odds == pytest.approx(odds.std(), rel=0.1)


def test_paraphrases_without_a_figure_are_left_out_and_false_figures_told(tmp_path: Path) -> None:
    (found,) = effects_of(written(tmp_path, model=[0.5, "", 0.7, "nan"]))
    assert found.paraphrases == 2
    with pytest.raises(ValueError, match="outside 0–1"):
        effects_of(written(tmp_path, model=[0.5, 50]))


def test_quantiles_leave_out_models_that_fail_or_master_a_task() -> None:
    def effect(mean: float, deviation: float) -> Effect:
        return Effect("t", "m", 100, mean, deviation, deviation * 5)

    told = quantiles([effect(0.02, 0.5), effect(0.5, 0.1), effect(0.97, 0.4)])
    assert told["50%"] == {"points": 10, "log_odds": 0.5}

"""Whatever arms, tasks and seeds were measured is summed up, each compared where both were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from benchmarks.peer_arms import ARMS, YARDSTICK
from benchmarks.peer_figures import resampled, summed_up, table

EFFORT: Mapping[str, Any] = dict.fromkeys(
    ("evaluations", "calls", "prompt_tokens", "completion_tokens", "seconds"), 10
)


def row(arm: str, seed: int, test: list[float], task: str = "people", **more: Any) -> Any:
    return {
        "task": task, "seed": seed, "arm": arm, "test": test, "reported": 0.5,
        "baseline_test": [0.0] * len(test), **EFFORT, **more,
    }  # fmt: skip


def test_an_arm_is_compared_on_the_seeds_that_it_and_the_yardstick_have() -> None:
    rows = [
        row("miprov2", 1, [0, 1, 0, 1]),
        row("racing", 1, [1, 1, 0, 1]),
        row("racing", 2, [0, 0, 0, 0]),  # its night was cut short
        row("racing_half", 1, [0, 1, 0, 1]),
        row("miprov2", 3, [1, 1, 1, 1]),
    ]
    (task,) = summed_up(rows)["tasks"]
    racing = task["arms"]["racing"]
    assert racing["seeds"] == [1, 2]
    assert racing["test"] == 0.375
    assert racing["ahead"]["gain"] == 0.25
    assert task["arms"]["racing_half"]["ahead"] == {"gain": 0.0, "ci": [0.0, 0.0]}
    assert "ahead" not in task["arms"]["miprov2"]


@pytest.mark.parametrize("arm", list(ARMS))
def test_any_arm_alone_is_told(arm: str) -> None:
    figures = summed_up([row(arm, 4, [0, 1], reported=None)])
    assert figures["mean"] == {}
    line = table(figures).splitlines()[-1]
    assert line.startswith(f"| people, {ARMS[arm].title} | 1 | 50.0 % (0.0 to 100.0) |  | 10 |")
    assert line.endswith("|  |")


def test_every_task_weighs_the_same_in_the_mean() -> None:
    rows = [
        *(row(YARDSTICK, seed, [0, 0]) for seed in (1, 2, 3)),
        *(row("racing", seed, [1, 1]) for seed in (1, 2, 3)),
        row(YARDSTICK, 1, [1, 1], task="dates"),
        row("racing", 1, [1, 1], task="dates"),
        row("racing", 1, [1, 1], task="banking10"),  # nothing to compare with
    ]
    mean = summed_up(rows)["mean"]
    assert mean == {"racing": {"tasks": 2, "gain": 0.5, "ci": [0.5, 0.5]}}


def test_the_page_has_as_many_cells_in_every_line() -> None:
    rows = [row("miprov2", 1, [0, 1]), row("gepa", 1, [0, 0]), row("racing", 1, [1, 1])]
    lines = table(summed_up(rows)).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert lines[-2] == "| mean of 1, GEPA (DSPy) | | | -50.0 (-100.0 to 0.0) | | | | | | |"


def test_what_the_server_refused_is_told() -> None:
    rows = [row("gepa", 1, [0, 1], refused=3), row("gepa", 2, [0, 1], refused=4)]
    assert summed_up(rows)["tasks"][0]["arms"]["gepa"]["refused"] == 7


def test_an_interval_is_wider_when_seeds_differ_than_when_only_rows_do() -> None:
    by_row = np.array([[0.0, 1.0] * 20] * 4)
    by_seed = np.array([[0.0] * 40, [1.0] * 40] * 2)
    assert resampled(by_seed).std() > 2 * resampled(by_row).std()

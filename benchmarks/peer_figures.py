"""Figures of the contest with peers: means over seeds, paired intervals over seeds and rows.

Any arms, tasks and seeds may have been measured: an arm is compared with the yardstick on the seeds
that both have.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peer_arms import ARMS, YARDSTICK
from benchmarks.tasks import TASKS

DRAWS = 4000
LOW, HIGH = 2.5, 97.5
EFFORT = ("evaluations", "calls", "prompt_tokens", "completion_tokens", "seconds")

Row = dict[str, Any]
Rows = list[Row]
Floats = NDArray[np.float64]


def summed_up(rows: Rows) -> dict[str, Any]:
    """Figures of every task and arm that was measured, and of each arm over its tasks."""
    by_task = {name: [r for r in rows if r["task"] == name] for name in TASKS}
    tasks = [_task(name, found) for name, found in by_task.items() if found]
    over = {arm: _over_tasks(arm, by_task) for arm in ARMS if arm != YARDSTICK}
    return {"tasks": tasks, "mean": {arm: mean for arm, mean in over.items() if mean}}


def _task(name: str, rows: Rows) -> dict[str, Any]:
    arms = {arm: found for arm in ARMS if (found := _by_seed(rows, arm))}
    return {
        "task": name,
        "baseline": score(_scores(rows, "baseline_test")),
        "arms": {arm: _arm(found, _by_seed(rows, YARDSTICK)) for arm, found in arms.items()},
    }


def _by_seed(rows: Rows, arm: str) -> dict[int, Row]:
    return {r["seed"]: r for r in sorted(rows, key=lambda r: int(r["seed"])) if r["arm"] == arm}


def _arm(found: dict[int, Row], yardstick: dict[int, Row]) -> dict[str, Any]:
    rows = list(found.values())
    test, before = _scores(rows, "test"), _scores(rows, "baseline_test")
    told = {
        "seeds": list(found),
        **score(test),
        **effort(rows),
        "refused": sum(r.get("refused", 0) for r in rows),
        "over_baseline": _difference(resampled(test - before), (test - before).mean()),
        "by_seed": {seed: _r(np.mean(row["test"])) for seed, row in found.items()},
    }
    paired = _paired(found, yardstick)
    if paired is not None and found != yardstick:
        told["ahead"] = _difference(resampled(paired), paired.mean())
    return told


def _paired(found: dict[int, Row], yardstick: dict[int, Row]) -> Floats | None:
    """Scores minus the yardstick's, row by row, a line for each seed that both have."""
    both = [seed for seed in found if seed in yardstick]
    if not both:
        return None
    own, theirs = ([of[seed] for seed in both] for of in (found, yardstick))
    return _scores(own, "test") - _scores(theirs, "test")


def _over_tasks(arm: str, by_task: dict[str, Rows]) -> dict[str, Any] | None:
    """How far an arm is ahead in the mean of its tasks, each weighing the same."""
    each = [_paired(_by_seed(r, arm), _by_seed(r, YARDSTICK)) for r in by_task.values()]
    found = [paired for paired in each if paired is not None]
    if not found:
        return None
    draws = [resampled(paired, seed) for seed, paired in enumerate(found)]
    mean = np.mean([paired.mean() for paired in found])
    return {"tasks": len(found), **_difference(np.mean(draws, axis=0), mean)}


def _scores(rows: Rows, name: str) -> Floats:
    return np.array([row[name] for row in rows], dtype=np.float64)


def score(test: Floats) -> dict[str, Any]:
    """Mean score (0–1) and its 95 % interval; `test` has a line for each seed."""
    low, high = np.percentile(resampled(test), [LOW, HIGH])
    return {"test": _r(test.mean()), "ci": [_r(low), _r(high)]}


def effort(rows: Rows) -> dict[str, Any]:
    """What runs of one arm cost on average (seconds of wall clock), and how much they promised."""
    found: dict[str, Any] = {n: round(float(np.mean([r[n] for r in rows])), 1) for n in EFFORT}
    told = [r["reported"] - float(np.mean(r["test"])) for r in rows if r["reported"] is not None]
    found["reported_minus_test"] = _r(np.mean(told)) if told else None
    return found


def _difference(draws: Floats, mean: Any) -> dict[str, Any]:
    low, high = np.percentile(draws, [LOW, HIGH])
    return {"gain": _r(mean), "ci": [_r(low), _r(high)]}


def resampled(values: Floats, seed: int = 0) -> Floats:
    """Bootstrapped means: seeds drawn with replacement, then rows within each. Shape (DRAWS,)."""
    generator = np.random.default_rng(seed)
    seeds, rows = values.shape
    drawn = generator.integers(0, seeds, (DRAWS, seeds, 1))
    within = generator.integers(0, rows, (DRAWS, seeds, rows))
    return np.asarray(values[drawn, within].mean(axis=(1, 2)))


def _r(value: Any) -> float:
    return round(float(value), 4)


COLUMNS = (
    "| | seeds | test | − MIPROv2 | evaluations | calls | tokens read | tokens written | seconds "
    "| reported − test |",
    "|---|---|---|---|---|---|---|---|---|---|",
)


def table(figures: dict[str, Any]) -> str:
    """The page's table: a line for each task's baseline and for each of its arms."""
    lines = [*COLUMNS]
    for task in figures["tasks"]:
        lines.append(f"| **{task['task']}**, baseline | | {_told(task['baseline'])} {'| ' * 7}|")
        lines += [_line(task["task"], arm, found) for arm, found in task["arms"].items()]
    for arm, mean in figures["mean"].items():
        title = f"mean of {mean['tasks']}, {ARMS[arm].title}"
        lines.append(f"| {title} | | | {_gained(mean)} {'| ' * 6}|")
    return "\n".join(lines)


def _line(task: str, arm: str, found: dict[str, Any]) -> str:
    promised = found["reported_minus_test"]
    cells = [
        f"{task}, {ARMS[arm].title}", str(len(found["seeds"])), _told(found),
        _gained(found["ahead"]) if "ahead" in found else "",
        *(f"{found[name]:.0f}" for name in EFFORT),
        "" if promised is None else f"{100 * promised:+.1f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def heading(figures: dict[str, Any]) -> str:
    return f"Programs on {figures['model']}; {figures['writer']} writes instructions:"


def report(figures: dict[str, Any]) -> None:
    """The same table for people, then one line of JSON."""
    print(f"\n{heading(figures)}\n{table(figures)}")
    print(json.dumps(figures), flush=True)


def _told(part: dict[str, Any]) -> str:
    return f"{100 * part['test']:.1f} % ({_points(part)})"


def _gained(difference: dict[str, Any]) -> str:
    return f"{100 * difference['gain']:+.1f} ({_points(difference)})"


def _points(part: dict[str, Any]) -> str:
    low, high = part["ci"]
    return f"{100 * low:.1f} to {100 * high:.1f}"

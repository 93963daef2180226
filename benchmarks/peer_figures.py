"""Figures of the contest with a peer: means over seeds, paired intervals over seeds and rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS = 4000
LOW, HIGH = 2.5, 97.5

Rows = list[dict[str, Any]]
Floats = NDArray[np.float64]


def summed_up(rows: Rows, tasks: Sequence[str]) -> dict[str, Any]:
    """Figures of every task that has all arms of some seed, and of all tasks together."""
    found = [_task(name, [r for r in rows if r["task"] == name]) for name in tasks]
    found = [task for task in found if task["seeds"]]
    overall = {
        f"{arm}_to_miprov2": round(
            float(np.mean([task[f"{arm}_to_miprov2"]["gain"] for task in found])), 4
        )
        for arm in ("ours", "ours_half")
        if found
    }
    return {"tasks": found, "mean": overall}


def _task(name: str, rows: Rows) -> dict[str, Any]:
    by_seed: dict[int, dict[str, dict[str, Any]]] = {}
    for row in rows:
        by_seed.setdefault(row["seed"], {})[row["arm"]] = row
    whole = {s: arms for s, arms in sorted(by_seed.items()) if len(arms) == 3}
    found: dict[str, Any] = {"task": name, "seeds": sorted(whole)}
    if not whole:
        return found
    tests = {
        arm: np.array([arms[arm]["test"] for arms in whole.values()])
        for arm in ("miprov2", "ours", "ours_half")
    }
    before = np.array([arms[arm]["baseline_test"] for arms in whole.values() for arm in arms])
    for arm, test in tests.items():
        found[arm] = {**score(test), **effort([arms[arm] for arms in whole.values()])}
        own = np.array([arms[arm]["baseline_test"] for arms in whole.values()])
        found[arm]["gain_over_baseline"] = _difference(test, own)
    found["baseline"] = score(before)
    for arm in ("ours", "ours_half"):
        found[f"{arm}_to_miprov2"] = _difference(tests[arm], tests["miprov2"])
    found["by_seed"] = [
        {"seed": seed, **{arm: round(float(np.mean(arms[arm]["test"])), 4) for arm in arms}}
        for seed, arms in whole.items()
    ]
    return found


def score(test: Floats) -> dict[str, Any]:
    """Mean score (0–1) and its 95 % interval; `test` has a line for each seed."""
    low, high = np.percentile(resampled(test), [LOW, HIGH])
    return {"test": _r(test.mean()), "ci": [_r(low), _r(high)]}


def effort(rows: Rows) -> dict[str, Any]:
    """What runs of one arm cost on average (seconds of wall clock), and how much they promised."""
    names = ("evaluations", "calls", "prompt_tokens", "completion_tokens", "seconds")
    found: dict[str, Any] = {n: round(float(np.mean([r[n] for r in rows])), 1) for n in names}
    told = [r["reported"] - float(np.mean(r["test"])) for r in rows if r["reported"] is not None]
    found["reported_minus_test"] = _r(np.mean(told)) if told else None
    return found


def _difference(ours: Floats, theirs: Floats) -> dict[str, Any]:
    low, high = np.percentile(resampled(ours - theirs), [LOW, HIGH])
    return {"gain": _r((ours - theirs).mean()), "ci": [_r(low), _r(high)]}


def resampled(values: Floats) -> Floats:
    """Bootstrapped means: seeds drawn with replacement, then rows within each. Shape (DRAWS,)."""
    generator = np.random.default_rng(0)
    seeds, rows = values.shape
    drawn = generator.integers(0, seeds, (DRAWS, seeds, 1))
    within = generator.integers(0, rows, (DRAWS, seeds, rows))
    return np.asarray(values[drawn, within].mean(axis=(1, 2)))


def _r(value: Any) -> float:
    return round(float(value), 4)


COLUMNS = (
    "| | seeds | baseline | MIPROv2 | ours | ours, half | ours − MIPROv2 | half − MIPROv2 |",
    "|---|---|---|---|---|---|---|---|",
)
EFFORT_COLUMNS = (
    "| | evaluations | calls | tokens read | tokens written | seconds | reported − test |",
    "|---|---|---|---|---|---|---|",
)
ARM_TITLES = {"miprov2": "MIPROv2", "ours": "ours", "ours_half": "ours, half"}


def table(figures: dict[str, Any]) -> str:
    """The page's two tables: test scores, and what they took."""
    scores, efforts = [*COLUMNS], [*EFFORT_COLUMNS]
    for task in figures["tasks"]:
        tests = [_told(task[arm]).strip() for arm in ("baseline", *ARM_TITLES)]
        gains = [_gained(task[f"{arm}_to_miprov2"]) for arm in ("ours", "ours_half")]
        cells = [task["task"], str(len(task["seeds"])), *tests, *gains]
        scores.append(f"| {' | '.join(cells)} |")
        efforts += [_effort_row(f"{task['task']}, {t}", task[a]) for a, t in ARM_TITLES.items()]
    mean = [f"{100 * value:+.1f}" for value in figures["mean"].values()]
    scores.append(f"| mean of tasks | | | | | | {' | '.join(mean)} |")
    return "\n".join([*scores, "", *efforts])


def _effort_row(title: str, arm: dict[str, Any]) -> str:
    names = ("evaluations", "calls", "prompt_tokens", "completion_tokens", "seconds")
    told = arm["reported_minus_test"]
    points = "" if told is None else f"{100 * told:+.1f}"
    return f"| {title} | {' | '.join(f'{arm[name]:.0f}' for name in names)} | {points} |"


def _gained(difference: dict[str, Any]) -> str:
    return f"{100 * difference['gain']:+.1f} ({_points(difference)})"


def report(figures: dict[str, Any]) -> None:
    """A table for people, then one line of JSON."""
    print(f"\nTest scores on {figures['model']}, our optimizer: {figures['optimizer']}")
    for task in figures["tasks"]:
        print(f"{task['task']}, {len(task['seeds'])} seeds")
        print(f"  {'baseline':<10} {_told(task['baseline'])}")
        for arm in ("miprov2", "ours", "ours_half"):
            part = task[arm]
            print(
                f"  {arm:<10} {_told(part)}  {part['evaluations']:.0f} evaluations, "
                f"{part['calls']:.0f} calls, {part['seconds']:.0f} s"
            )
        for arm in ("ours", "ours_half"):
            gain = task[f"{arm}_to_miprov2"]
            print(f"  {arm} - miprov2: {100 * gain['gain']:+.1f} points, 95 % {_points(gain)}")
    print(json.dumps(figures), flush=True)


def _told(part: dict[str, Any]) -> str:
    return f"{100 * part['test']:5.1f} % ({_points(part)})"


def _points(part: dict[str, Any]) -> str:
    low, high = part["ci"]
    return f"{100 * low:.1f} to {100 * high:.1f}"

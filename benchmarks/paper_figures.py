"""The table of `make bench-paper`: the paper's test scores and ours, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from benchmarks.paper_tasks import BASELINE, PAPER_TASKS, PaperTask
from benchmarks.peer_figures import Rows, effort, score

TITLES = {
    BASELINE: "none",
    "module_opro_plain": "Module OPRO −G",
    "module_opro": "Module OPRO",
    "zero_shot_mipro": "0-shot MIPRO",
    "zero_shot_mipro_plus": "0-shot MIPRO++",
    "bootstrap_search": "Bootstrap RS",
    "bayesian_bootstrap": "Bayesian Bootstrap",
    "mipro": "MIPRO",
    "opro": "OPRO in full (not in the paper)",
    "gpo": "GPO (not in the paper)",
    "promst": "PROMST (not in the paper)",
    "racing": "racing (not in the paper)",
}
"""The arms in the paper's order and by its names; what is only ours comes last."""
MISSING = "–"

Found = Mapping[str, Any]


def summed_up(rows: Rows, model: str, most: int) -> dict[str, Any]:
    """Figures of every task and arm that was measured; `most`: evaluations a run may make."""
    cells = [
        _cell(task, arm, [r for r in rows if (r["task"], r["arm"]) == (task.name, arm)])
        for arm in TITLES
        for task in PAPER_TASKS.values()
    ]
    measured = [cell for cell in cells if cell["seeds"]]
    return {"model": model, "evaluations": most, "cells": measured}


def _cell(task: PaperTask, arm: str, rows: Rows) -> dict[str, Any]:
    """One arm on one task; scores are shares of 1, but the paper's percent."""
    found: dict[str, Any] = {
        "task": task.name, "arm": arm, "paper": task.published.get(arm),
        "seeds": sorted(r["seed"] for r in rows),
    }  # fmt: skip
    if not rows:
        return found
    test = np.array([r["test"] for r in rows])
    return {**found, "rows": test.shape[1], **score(test), **effort(rows)}


def table(figures: Found) -> str:
    """The table in Markdown, and under it what the numbers are."""
    names = [
        f"{task.title}, {whose}" for task in PAPER_TASKS.values() for whose in ("paper", "ours")
    ]
    head = ["", *names, "evaluations"]
    lines = [_line(head), "|" + "---|" * len(head)]
    cells = {(cell["task"], cell["arm"]): cell for cell in figures["cells"]}
    for arm, title in TITLES.items():
        row = [title]
        for task in PAPER_TASKS.values():
            row += [_published(task, arm), _ours(cells.get((task.name, arm)))]
        row.append(_used(cell for cell in figures["cells"] if cell["arm"] == arm))
        lines.append(_line(row))
    return "\n".join([*lines, "", *_conditions(figures)])


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _published(task: PaperTask, arm: str) -> str:
    return f"{task.published[arm]:.1f}" if arm in task.published else MISSING


def _ours(cell: Found | None) -> str:
    if cell is None:
        return MISSING
    low, high = (100 * end for end in cell["ci"])
    return f"{100 * cell['test']:.1f} ({low:.1f} to {high:.1f})"


def _used(cells: Iterable[Found]) -> str:
    """Program evaluations of a run, on the task with the fewest and on that with the most."""
    used = [round(cell["evaluations"]) for cell in cells]
    if not used:
        return MISSING
    return f"{min(used)}–{max(used)}" if min(used) < max(used) else str(used[0])


def _conditions(figures: Found) -> list[str]:
    seeds = {len(cell["seeds"]) for cell in figures["cells"]}
    told = "–".join(str(n) for n in sorted({min(seeds), max(seeds)})) if seeds else "no"
    rows = {cell["task"]: cell["rows"] for cell in figures["cells"]}
    of_rows = ", ".join(f"{PAPER_TASKS[name].title} {count}" for name, count in rows.items())
    return [
        "Test scores in percent. Paper: Llama-3-8B, mean of five runs. Ours: "
        f"{figures['model']} as program and as optimizer model,",
        f"{told} {'seed' if seeds == {1} else 'seeds'}, at most {figures['evaluations']} program "
        f"evaluations a run; test rows: {of_rows or MISSING}. In brackets 95 % over",
        "test rows and seeds. *Evaluations*: what our runs made, from task to task.",
    ]


def report(figures: Found) -> None:
    """The table for people, then one line of JSON."""
    print(f"\n{table(figures)}")
    print(json.dumps(figures), flush=True)

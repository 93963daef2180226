"""`python -m benchmarks.layouts`: the layouts of a prompt's inputs, measured on real tasks.

Each layout is given the same rows, instruction and demos, on one local model at temperature 0. What
is measured is appended to a JSONL file at once: started again, it goes on where it was. `--gguf`
names weights other than the embedded model's.
"""

from __future__ import annotations

import argparse
import math
import signal
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.measured import Measured, Row, scored
from benchmarks.model_server import LocalModel, local_model
from benchmarks.tasks import TASKS, Task, dealt
from optimizer.core.modules.prompted import Prompted
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.layouts import Layout
from optimizer.core.programs.program import Program

RESULTS = Path(__file__).parent / "results"
MEASURED_ON = ("banking10", "dates", "people", "negation")
DEMOS = (0, 3)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped; start again to go on."))
    parser = argparse.ArgumentParser(prog="benchmarks.layouts", description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(MEASURED_ON))
    parser.add_argument("--demos", type=int, nargs="+", default=list(DEMOS))
    parser.add_argument("--rows", type=int, default=40, help="of each task")
    parser.add_argument("--seed", type=int, default=0, help="which rows and demos")
    parser.add_argument("--gguf", default="", help="weights other than the embedded model's")
    given = parser.parse_args()
    with local_model(given.gguf) as model:
        measured = Measured(RESULTS / f"layouts-{model.name}.jsonl")
        for name in given.tasks:
            for demos in given.demos:
                for layout in Layout:
                    arm = Arm(model, TASKS[name], layout, demos, given.seed)
                    measured.row((name, given.seed, arm.name), partial(arm.measured, given.rows))
    print(table(model.name, measured.rows()))


@dataclass(frozen=True)
class Arm:
    """One layout of one task's program, with so many labelled demos of training rows."""

    model: LocalModel
    task: Task
    layout: Layout
    demos: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.layout} {self.demos}"

    def measured(self, rows: int) -> Row:
        splits = dealt(self.task, self.seed)
        task = replace(self.task, program=laid_out_so(self.task.program, self.layout))
        candidate = with_demos(task, splits.train[: self.demos])
        begun, calls = time.monotonic(), self.model.counts().calls
        (scores,) = scored(self.model, task, [candidate], splits.validation[:rows])
        return {
            "task": task.name, "seed": self.seed, "arm": self.name, "layout": self.layout.value,
            "demos": self.demos, "test": scores,
            "evaluations": len(scores), "calls": self.model.counts().calls - calls,
            "seconds": round(time.monotonic() - begun, 1),
        }  # fmt: skip


def laid_out_so(program: Program, layout: Layout) -> Program:
    modules = (replace(m, layout=layout) for m in program.modules if isinstance(m, Prompted))
    return replace(program, modules=tuple(modules))


def with_demos(task: Task, rows: tuple[Example, ...]) -> Candidate:
    found = baseline_of(task.program)
    prompts = {
        m.name: replace(found.modules[m.name], demos=tuple(task.labelled(m, row) for row in rows))
        for m in task.program.modules
    }
    return replace(found, modules=prompts)


def table(model: str, rows: list[Row]) -> str:
    """Mean scores of each layout by task and demos, and over all; with the difference from lines on
    the same rows.
    """
    lines = ["| model | task | demos | " + " | ".join(Layout) + " |", "|---|---|---|---|---|---|"]
    dealt_so: dict[tuple[str, int, int], dict[str, list[float]]] = {}
    for row in rows:
        key = (row["task"], row["demos"], row["seed"])
        dealt_so.setdefault(key, {})[row["layout"]] = row["test"]
    whole = {key: found for key, found in dealt_so.items() if len(found) == len(Layout)}
    for task, demos in dict.fromkeys(key[:2] for key in whole):
        ours = [found for key, found in whole.items() if key[:2] == (task, demos)]
        cells = [_over_all(layout, ours) for layout in Layout]
        n = sum(len(found[Layout.LINES]) for found in ours)
        lines.append(f"| {model} | {task}, n = {n} | {demos} | {' | '.join(cells)} |")
    cells = [_over_all(layout, list(whole.values())) for layout in Layout]
    return "\n".join([*lines, f"| {model} | all | | {' | '.join(cells)} |"])


def _over_all(layout: Layout, found: list[dict[str, list[float]]]) -> str:
    """The mean on all rows; and that of the difference from lines, ± 1.96 standard errors."""
    ours = [score for each in found for score in each[layout]]
    if layout is Layout.LINES:
        return f"{100 * _mean(ours):.1f}"
    lines = [score for each in found for score in each[Layout.LINES]]
    apart = [a - b for a, b in zip(ours, lines, strict=True)]
    mean = _mean(apart)
    spread = math.fsum((a - mean) ** 2 for a in apart) / max(len(apart) - 1, 1)
    error = 1.96 * math.sqrt(spread / max(len(apart), 1))
    return f"{100 * _mean(ours):.1f} ({100 * mean:+.1f} ± {100 * error:.1f})"


def _mean(values: list[float]) -> float:
    return math.fsum(values) / max(len(values), 1)


if __name__ == "__main__":
    main()

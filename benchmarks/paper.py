"""`make bench-paper`: the paper's optimizers on the paper's tasks, beside its Table 2.

The arms are the optimizers of the paper (arXiv 2406.11695) that are registered here, the program as
it stands, and our own. All get the same rows and the same number of program evaluations, on one
local model. What is measured is appended to a JSONL file at once: started again, the benchmark
goes on where it was. When all that was asked for is there, the table goes into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.measured import Measured, Row, scored
from benchmarks.model_server import LocalModel, local_model
from benchmarks.page import write_part
from benchmarks.paper_figures import TITLES, report, summed_up, table
from benchmarks.paper_tasks import BASELINE, PAPER_TASKS, PaperTask
from benchmarks.peer_arms import Ours
from benchmarks.peer_ours import Found, Worker, worker
from benchmarks.tasks import Sizes, dealt
from optimizer.codec import to_json
from optimizer.core.programs.candidate import baseline_of

RESULTS = Path(__file__).parent / "results"
EVALUATIONS = 400
"""Program evaluations that a run may make: ten minibatches of MIPRO, or six full evaluations."""


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped; start again to go on."))
    given = _arguments()
    shortened = bool(given.rows) or given.evaluations != EVALUATIONS
    with local_model(given.gguf, slots=given.slots) as model, worker(model, model) as ours:
        form = "-short" if shortened else ""
        kept = Path(given.out or RESULTS / f"paper-{model.name}{form}.jsonl")
        measured = Measured(kept)
        bench = Bench(model, ours, given.evaluations)
        for seed in range(1, 1 + given.seeds):  # all tasks once: an early end has some of each
            for task in (PAPER_TASKS[name] for name in given.tasks):
                sizes = tuple(given.rows) if given.rows else task.sizes
                for arm in given.optimizers:
                    measure = partial(bench.measured, task, seed, arm, sizes)
                    measured.row((task.name, seed, arm), measure)
    figures = summed_up(measured.rows(), model.name, given.evaluations)
    kept.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")
    if not (shortened or given.out):
        write_part("paper", table(figures))
    report(figures)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.paper", description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=list(PAPER_TASKS), default=list(PAPER_TASKS))
    parser.add_argument("--optimizers", nargs="+", choices=list(TITLES), default=list(TITLES))
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 1 on")
    parser.add_argument("--evaluations", type=int, default=EVALUATIONS, help="of each run, at most")
    parser.add_argument("--rows", type=int, nargs=3, help="rows of train, validation and test")
    parser.add_argument("--gguf", default="", help="weights other than the embedded model's")
    parser.add_argument("--slots", type=int, default=0, help="see benchmarks.model_server")
    parser.add_argument(
        "--out", default="", help="JSONL file of what was measured; the page then stays as it is"
    )
    return parser.parse_args()


@dataclass(frozen=True)
class Bench:
    """Runs arms on a running server, each with so many program evaluations."""

    model: LocalModel
    ours: Worker
    evaluations: int

    def measured(self, task: PaperTask, seed: int, arm: str, sizes: Sizes) -> Row:
        """Optimize, then score the winner on the test split."""
        before, started = self.model.counts(), time.monotonic()
        found = self._optimized(task, seed, arm, sizes)
        seconds, counts = time.monotonic() - started, self.model.counts() - before
        (test,) = scored(self.model, task.task, [found.best], dealt(task.task, seed, sizes).test)
        return {
            "task": task.name, "seed": seed, "arm": arm, "evaluations": found.evaluations,
            "reported": found.reported, **asdict(counts), "seconds": round(seconds, 1),
            "test": test, "winner": to_json(found.best),
        }  # fmt: skip

    def _optimized(self, task: PaperTask, seed: int, arm: str, sizes: Sizes) -> Found:
        if arm == BASELINE:
            return Found(baseline_of(task.task.program), 0, None)
        return self.ours.optimize(task.task, Ours(arm, arm), self.evaluations, seed, sizes)


if __name__ == "__main__":
    main()

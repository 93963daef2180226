"""`make bench-peer`: our optimizers beside those of other libraries, on one local model.

Same rows, same splits and seeds, same words around every instruction. The program evaluations of
DSPy's MIPROv2, as it comes, are what every other arm may make; the counting server owns them where
an arm is not ours. On the test split the baseline is scored again beside each winner, call by call.
What is measured is a line of a JSONL file at once, by task, seed and arm: started again, the
benchmark goes on where it was, and whatever the file holds is summed up.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measured import Measured, Row, scored
from benchmarks.miprov2 import MODES, evaluations_of
from benchmarks.model_server import LocalModel, local_model
from benchmarks.page import write_part
from benchmarks.peer_arms import ARMS, SHORT_ARMS, YARDSTICK, Ours, Peer
from benchmarks.peer_figures import heading, report, summed_up, table
from benchmarks.peer_others import optimized
from benchmarks.peer_ours import Worker, worker
from benchmarks.tasks import SHORT, TASKS, WHOLE, Sizes, Task, dealt
from optimizer.codec import to_json
from optimizer.core.programs.candidate import Candidate, baseline_of
from promptlab.launch.model_weights import MODEL_NAME, own_weights

RESULTS = Path(__file__).parent / "results"
WHOLE_TASKS, WHOLE_SEEDS = ("dates", "people", "banking10", "two_steps", "triage", "negation"), 5
SHORT_TASKS, SHORT_SEEDS = ("dates", "people"), 2
SHORTENED = "-short"
PARTS = {
    False: ("peer", "make bench-peer"),
    True: ("peer-short", "make bench-peer SHORT=1"),
}
"""The page's parts by whether the form is short, and what writes them."""


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped; start again to go on."))
    given = _arguments()
    names = Names(_name_of(given.gguf), _name_of(given.writer or given.gguf))
    kept = Path(given.out or RESULTS / names.file(given.short or bool(given.rows)))
    measured = Measured(kept)
    if not given.sum_up:
        _measure(given, kept, measured)
    figures = {**asdict(names), **summed_up(measured.rows())}
    kept.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")
    if not (given.out or given.rows):
        publish(given.short)
    report(figures)


def publish(short: bool, results: Path = RESULTS) -> None:
    """Write the page's part: a table for each pair of models that results are kept of."""
    kept = [p for p in sorted(results.glob("peer-*.json")) if p.stem.endswith(SHORTENED) == short]
    found = [json.loads(path.read_text()) for path in kept]
    text = "\n\n".join(f"{heading(figures)}\n\n{table(figures)}" for figures in found)
    name, command = PARTS[short]
    write_part(name, text, command)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=sorted(TASKS))
    parser.add_argument("--seeds", type=int, nargs="+", help="from 1 on; one number: so many")
    parser.add_argument("--arms", nargs="+", choices=list(ARMS))
    parser.add_argument("--short", action="store_true", help="two tasks, two seeds, three arms")
    parser.add_argument("--rows", type=int, nargs=3, help="rows of train, validation and test")
    parser.add_argument("--gguf", default="", help="weights other than the embedded model's")
    parser.add_argument("--writer", default="", help="weights of another model as writer")
    parser.add_argument("--slots", type=int, default=0, help="see benchmarks.model_server")
    parser.add_argument("--auto", default="light", choices=list(MODES), help="MIPROv2's mode")
    parser.add_argument("--out", default="", help="JSONL file; the page then stays")
    parser.add_argument("--sum-up", action="store_true", help="measure nothing")
    return parser.parse_args()


@dataclass(frozen=True)
class Names:
    """Of the model that the programs run on, and of the one that writes instructions."""

    model: str
    writer: str

    def file(self, shortened: bool) -> str:
        by = "" if self.writer == self.model else f"-by-{self.writer}"
        return f"peer-{self.model}{by}{SHORTENED if shortened else ''}.jsonl"


def _name_of(gguf: str) -> str:
    return own_weights(gguf).name if gguf else MODEL_NAME


def seeds_of(given: Sequence[int] | None, usual: int) -> list[int]:
    """The seeds that are meant: so many from 1 on, or these."""
    if not given:
        return list(range(1, 1 + usual))
    return list(range(1, 1 + given[0])) if len(given) == 1 else list(given)


def _measure(given: argparse.Namespace, kept: Path, measured: Measured) -> None:
    """All tasks of a seed, then those of the next: an early end has some of each."""
    sizes = tuple(given.rows) if given.rows else SHORT if given.short else WHOLE
    tasks = given.tasks or (SHORT_TASKS if given.short else WHOLE_TASKS)
    arms = given.arms or (SHORT_ARMS if given.short else tuple(ARMS))
    seeds = seeds_of(given.seeds, SHORT_SEEDS if given.short else WHOLE_SEEDS)
    log = kept.with_suffix(".others.log")
    with _models(given) as (model, writer), worker(model, writer) as ours:
        bench = Bench(model, writer, ours, log, given.auto)
        for seed in seeds:
            for task in (TASKS[name] for name in tasks):
                for arm in arms_for(task, arms):
                    allowed = allowed_for(task, seed, sizes, given.auto, measured)
                    measure = partial(bench.measured, Cell(task, seed, arm, sizes), allowed)
                    measured.row((task.name, seed, arm), measure)


def arms_for(task: Task, arms: Sequence[str]) -> list[str]:
    """Those of the arms that can run the task's program, the yardstick first."""
    return [n for n, arm in ARMS.items() if n in arms and arm.takes(task.program)]


@contextmanager
def _models(given: argparse.Namespace) -> Iterator[tuple[LocalModel, LocalModel]]:
    with local_model(given.gguf, slots=given.slots) as model:
        if given.writer in ("", given.gguf):
            yield model, model.as_writer()
        else:
            with local_model(given.writer, slots=given.slots) as other:
                yield model, other.as_writer()


def allowed_for(task: Task, seed: int, sizes: Sizes, auto: str, measured: Measured) -> int:
    """Program evaluations of an arm: those that MIPROv2 made, of its plan where it was not run."""
    row = measured.get((task.name, seed, YARDSTICK))
    if row:
        return int(row["evaluations"])
    return evaluations_of(MODES[auto], 2 * len(task.program.modules), sizes[1])


@dataclass(frozen=True)
class Cell:
    """What one row measures."""

    task: Task
    seed: int
    arm: str
    sizes: Sizes


@dataclass(frozen=True)
class Bench:
    """Runs arms on running servers."""

    model: LocalModel
    writer: LocalModel
    ours: Worker
    log: Path
    auto: str

    def measured(self, cell: Cell, allowed: int) -> Row:
        """Optimize, then score the winner and the baseline on the test split."""
        before, by_writer = self.model.counts(), self.writer.counts()
        started = time.monotonic()
        best, found = self._optimized(cell, allowed)
        seconds = time.monotonic() - started
        written = self.writer.counts() - by_writer
        counts = self.model.counts() - before + written
        examples = dealt(cell.task, cell.seed, cell.sizes).test
        both = (baseline_of(cell.task.program), best)
        baseline, test = scored(self.model, cell.task, both, examples)
        return {
            "task": cell.task.name, "seed": cell.seed, "arm": cell.arm, "allowed": allowed,
            **found, **asdict(counts), "writer_calls": written.calls,
            "seconds": round(seconds, 1), "test": test, "baseline_test": baseline,
            "winner": to_json(best),
        }  # fmt: skip

    def _optimized(self, cell: Cell, allowed: int) -> tuple[Candidate, dict[str, Any]]:
        arm = ARMS[cell.arm]
        if isinstance(arm, Ours):
            evaluations = arm.evaluations(allowed)
            ours = self.ours.optimize(cell.task, arm, evaluations, cell.seed, cell.sizes)
            return ours.best, {"evaluations": ours.evaluations, "reported": ours.reported}
        return self._of_another(cell, arm, allowed)

    def _of_another(self, cell: Cell, arm: Peer, allowed: int) -> tuple[Candidate, dict[str, Any]]:
        fenced = cell.arm != YARDSTICK
        self.model.allow(allowed * len(cell.task.program.calls) if fenced else None)
        words = [
            "--optimizer", arm.optimizer, "--task", cell.task.name, "--seed", str(cell.seed),
            "--url", self.model.url, "--model", self.model.name, "--writer-url", self.writer.url,
            "--writer", self.writer.name, "--threads", str(self.model.at_once),
            "--auto", self.auto, "--evaluations", str(allowed), "--rows", *map(str, cell.sizes),
        ]  # fmt: skip
        try:
            return optimized(arm.module, words, self.log)
        finally:
            self.model.allow(None)


if __name__ == "__main__":
    main()

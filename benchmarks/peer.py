"""`make bench-peer`: our optimizers beside DSPy 3.4.1's MIPROv2, on one local model.

Same rows, same splits and seeds, same words around every instruction, the same number of program
evaluations (and half of them). Calls are counted at the server. On the test split the baseline is
scored again beside each winner, call by call. What is measured is appended to a JSONL file at once:
started again, the benchmark goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measured import Measured, scored
from benchmarks.model_server import LocalModel, local_model
from benchmarks.page import write_part
from benchmarks.peer_figures import report, summed_up, table
from benchmarks.peer_ours import Worker, preferred, worker
from benchmarks.tasks import SHORT, TASKS, WHOLE, Sizes, Task, dealt
from optimizer.codec import from_json, to_json
from optimizer.core.programs.candidate import Candidate, baseline_of
from promptlab.launch.home import CHECKOUT

RESULTS = Path(__file__).parent / "results"
PEER = CHECKOUT / ".venv-bench" / "bin" / "python"
OFFLINE = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
ARMS = ("miprov2", "ours", "ours_half")
WHOLE_TASKS, WHOLE_SEEDS = ("people", "banking10", "two_steps"), 5
SHORT_TASKS, SHORT_SEEDS = ("people",), 2


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped; start again to go on."))
    given = _arguments()
    if not PEER.exists():
        sys.exit("There is no .venv-bench: run this with `make bench-peer`.")
    sizes = tuple(given.rows) if given.rows else SHORT if given.short else WHOLE
    tasks = given.tasks or list(SHORT_TASKS if given.short else WHOLE_TASKS)
    seeds = range(1, 1 + (given.seeds or (SHORT_SEEDS if given.short else WHOLE_SEEDS)))
    with local_model(given.gguf, slots=given.slots) as model:
        form = "-short" if sizes != WHOLE else ""
        kept = Path(given.out or RESULTS / f"peer-{model.name}{form}.jsonl")
        measured = Measured(kept)
        with worker(model) as ours:
            for seed in seeds:  # all tasks once, then all again: an early end has some of each
                for name in tasks:
                    task = TASKS[name]
                    contest = Contest(task, seed, sizes, model, ours, kept, given.auto)
                    _measure(contest, given.arms, measured)
    rows = [r for r in measured.rows() if r["task"] in tasks and r["seed"] in seeds]
    figures = {"model": model.name, "optimizer": preferred(), **summed_up(rows, tasks)}
    kept.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")
    if sizes == WHOLE and not given.out:
        write_part("peer", table(figures))
    report(figures)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", nargs="+", choices=sorted(TASKS))
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--short", action="store_true", help="one task, two seeds, fewer rows")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=ARMS, help="miprov2 always is")
    parser.add_argument("--rows", type=int, nargs=3, help="rows of train, validation and test")
    parser.add_argument("--gguf", default="", help="weights other than the embedded model's")
    parser.add_argument("--slots", type=int, default=0, help="see benchmarks.model_server")
    parser.add_argument("--auto", default="light", choices=["light", "medium", "heavy"])
    parser.add_argument("--out", default="", help="JSONL file; the page then stays")
    return parser.parse_args()


def _measure(contest: Contest, arms: Sequence[str], measured: Measured) -> None:
    """Arms of one task and seed; MIPROv2 first, for its evaluations are what ours may have."""
    allowed = 0
    for arm in (arm for arm in ARMS if arm in arms or arm == ARMS[0]):
        key = (contest.task.name, contest.seed, arm)
        row = measured.row(key, partial(contest.measured, arm, allowed))
        allowed = allowed or row["evaluations"]


class Contest:
    """One task and seed on a running server."""

    def __init__(
        self, task: Task, seed: int, sizes: Sizes, model: LocalModel, ours: Worker, kept: Path,
        auto: str,
    ) -> None:  # fmt: skip
        self.task, self.seed, self.sizes = task, seed, sizes
        self.model, self.ours, self.kept, self.auto = model, ours, kept, auto

    def measured(self, arm: str, allowed: int) -> dict[str, Any]:
        """Optimize, then score the winner and the baseline on the test split."""
        before, started = self.model.counts(), time.monotonic()
        best, found = self._miprov2() if arm == "miprov2" else self._ours(arm, allowed)
        seconds, counts = time.monotonic() - started, self.model.counts() - before
        examples = dealt(self.task, self.seed, self.sizes).test
        both = (baseline_of(self.task.program), best)
        baseline, test = scored(self.model, self.task, both, examples)
        return {
            "task": self.task.name, "seed": self.seed, "arm": arm, **found, **asdict(counts),
            "seconds": round(seconds, 1), "test": test, "baseline_test": baseline,
            "winner": to_json(best),
        }  # fmt: skip

    def _miprov2(self) -> tuple[Candidate, dict[str, Any]]:
        command = [str(PEER), "-m", "benchmarks.peer_dspy", "--task", self.task.name]
        command += ["--seed", str(self.seed), "--url", self.model.url, "--model", self.model.name]
        command += ["--threads", str(self.model.at_once), "--auto", self.auto]
        command += ["--rows", *map(str, self.sizes)]
        log = self.kept.with_suffix(".dspy.log")
        with log.open("a") as errors:
            done = subprocess.run(
                command,
                cwd=CHECKOUT,
                env={**os.environ, **OFFLINE},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                check=False,
            )
        if done.returncode:
            sys.exit(f"DSPy ended with an error, told at the end of {log.name}.")
        found = json.loads(done.stdout.splitlines()[-1])
        return from_json(Candidate, {"modules": found.pop("prompts")}), found

    def _ours(self, arm: str, allowed: int) -> tuple[Candidate, dict[str, Any]]:
        evaluations = allowed // 2 if arm == "ours_half" else allowed
        ours = self.ours.optimize(
            self.task, preferred(), evaluations, self.seed, self.sizes, self.model.at_once
        )
        return ours.best, {"evaluations": ours.evaluations, "reported": ours.reported}


if __name__ == "__main__":
    main()

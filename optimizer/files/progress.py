"""A live progress bar of a run, drawn from its row: the same whoever carries the run on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from optimizer.models import Run

POLL_SECONDS = 0.25
PHASES = {
    "baseline": "Scoring the baseline",
    "bootstrap": "Finding demos",
    "propose": "Writing instructions",
    "search": "Searching",
    "final": "Scoring on the test split",
}


def follow(run_id: int, done: threading.Event, stop: Callable[[], None]) -> None:
    """Draw the run on stderr until `done`; Ctrl-C calls `stop` once and goes on drawing."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(file=sys.stderr)) as bar:
        task = bar.add_task("Waiting", total=None, told="")
        while not done.is_set():
            try:
                _draw(bar, task, Run.objects.get(pk=run_id))
                done.wait(POLL_SECONDS)
            except KeyboardInterrupt:
                bar.console.print("Pausing: calls that are out are let finish.")
                stop()
        _draw(bar, task, Run.objects.get(pk=run_id))


def _draw(bar: Progress, task: TaskID, run: Run) -> None:
    steps = run.phase_steps or None
    bar.update(
        task,
        description=PHASES.get(run.phase, run.get_status_display()),
        total=steps,
        completed=min(run.phase_done, steps or run.phase_done),
        told=_told(run),
    )


def _told(run: Run) -> str:
    cap = f" of {run.max_calls:,}" if run.max_calls else ""
    parts = [f"{run.used_calls:,}{cap} calls", f"${run.spent / 1_000_000:.4f}"]
    if run.best_score:
        parts.append(f"best {run.best_score['mean'] * 100:.1f} %")
    return " · ".join(parts)

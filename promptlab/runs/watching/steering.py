"""What is done to a run that goes on. Pages and API call the same functions."""

from __future__ import annotations

from optimizer.jobs import controls
from promptlab.runs.models import ProjectRun

__all__ = ["cancel", "pause", "raise_cap", "resume"]


def pause(project_run: ProjectRun) -> None:
    """Stop asking for more; calls under way are kept.

    Raises:
        Conflict: the run does not go.
    """
    controls.pause(project_run.run_id)


def resume(project_run: ProjectRun) -> None:
    """Go on where a paused or failed run stopped. Raises Conflict when it did not stop."""
    controls.resume(project_run.run_id)


def cancel(project_run: ProjectRun) -> None:
    """End the run for good, keeping the best so far. Raises Conflict when it has ended."""
    controls.cancel(project_run.run_id)


def raise_cap(project_run: ProjectRun, max_calls: int | None, max_cost: int | None) -> None:
    """Set other caps (calls, micro-USD; None = none).

    Raises:
        Conflict: the run has ended, or has spent more already.
    """
    controls.raise_cap(project_run.run_id, max_calls, max_cost)

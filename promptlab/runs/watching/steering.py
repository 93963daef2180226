"""What is done to a run that goes on. Pages and API call the same functions."""

from __future__ import annotations

from optimizer.jobs import controls
from optimizer.jobs.controls import NotNow
from promptlab.runs.models import Launch

__all__ = ["NotNow", "cancel", "pause", "raise_cap", "resume"]


def pause(launch: Launch) -> None:
    """Stop asking for more; calls under way are kept.

    Raises:
        NotNow: the run does not go.
    """
    controls.pause(launch.run_id)


def resume(launch: Launch) -> None:
    """Go on where a paused or failed run stopped. Raises NotNow when it did not stop."""
    controls.resume(launch.run_id)


def cancel(launch: Launch) -> None:
    """End the run for good, keeping the best so far. Raises NotNow when it has ended."""
    controls.cancel(launch.run_id)


def raise_cap(launch: Launch, max_calls: int | None, max_cost: int | None) -> None:
    """Set other caps (calls, micro-USD; None = none).

    Raises:
        NotNow: the run has ended, or has spent more already.
    """
    controls.raise_cap(launch.run_id, max_calls, max_cost)

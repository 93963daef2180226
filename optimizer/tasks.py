"""Jobs, by the names under which they are deferred (optimizer/hints.py)."""

from __future__ import annotations

from procrastinate.contrib.django import app

from optimizer.hints import HOLD


@app.task(name=HOLD, aliases=["optimize_run"])
def hold_conversation(run_id: int) -> None:
    """Carry a run on; release 0.1.0 called it by its alias."""
    from optimizer.running import runner  # its libraries take seconds to import

    runner.run(run_id)

"""How far a run is, and how long the rest takes, of what was read of it."""

from __future__ import annotations

from datetime import datetime

from optimizer.models import Run
from promptlab.health import workers_alive
from promptlab.runs import queries
from promptlab.runs.results.board import TrialRow
from promptlab.runs.results.progress import (
    Plan,
    examples_left,
    plan_of,
    seconds_per_example,
    share_done,
)
from promptlab.runs.results.state import RunState
from promptlab.runs.watching.caps import cap_that_ended
from promptlab.runs.watching.run_status import Pace, is_silent, was_capped


def planned_of(state: RunState) -> int:
    """Trials planned: as the search announced them, before that as the settings have it.

    A search that went to its end has had as many as it had: it may run out of what can be tried,
    and lessons are paid from the budget of a race.
    """
    over = state.run.status == Run.Status.FINISHED and not was_capped(state.run)
    return len(_scored(state)) if over else state.trials_at_most


def pace_of(state: RunState, planned: int, kept: bool, now: datetime) -> Pace:
    """`kept`: the run ended with the original prompt as the recommended one."""
    run, plan = state.run, _plan(state)
    queued = run.status == Run.Status.QUEUED
    scored = _scored(state)
    planned = max(planned, len(scored))
    return Pace(
        trials=len(scored),
        planned=planned,
        steps=str(state.style.progress) % {"n": len(scored), "all": planned},
        cap=cap_that_ended(run, state.events, state.spec.limits.max_seconds),
        share=share_done(plan, run),
        left=examples_left(plan, run),
        per_example=seconds_per_example(t.timed for t in reversed(scored) if t.timed),
        ahead=queries.ahead_of(run) if queued else (),
        workers=workers_alive() if queued or is_silent(run, now) else None,
        kept=kept,
    )


def _scored(state: RunState) -> tuple[TrialRow, ...]:
    """In a race full evaluations are made of the blocks: they are no trials of their own."""
    board = state.board
    if state.style.shares_parts:
        return board.minibatches
    return (*board.scored, *(trial for trial in board.further if trial.score is not None))


def _plan(state: RunState) -> Plan:
    test = state.run.test.count if state.run.test else 0
    return plan_of(state.spec, state.run.validation.count, test)

"""The last try of a program: remembered for who made it, and run again from one step on."""

from __future__ import annotations

from urllib.parse import parse_qsl

from django.contrib.sessions.backends.base import SessionBase

from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.evaluation.again import reused
from optimizer.core.problems import Refused
from optimizer.core.programs.program import Program
from optimizer.jobs import evaluations
from optimizer.models import Run
from optimizer.running import snapshots
from promptlab.accounts.models import Project
from promptlab.programs.tryouts import start_tryout

_KEY = "tried"
_REMEMBERED = 20  # programs of one session


def remember(session: SessionBase, program: int, state: str) -> None:
    """`state`: what the address of its page says, `forms.trying.kept`."""
    others = {key: kept for key, kept in session.get(_KEY, {}).items() if key != str(program)}
    session[_KEY] = {**dict([*others.items()][1 - _REMEMBERED :]), str(program): state}


def last_try(session: SessionBase, program: int) -> str:
    """The state of the last try's page, "" where there was none."""
    return str(session.get(_KEY, {}).get(str(program), ""))


def last_values(session: SessionBase, program: int) -> dict[str, str]:
    """The same by name, as an address has it."""
    return dict(parse_qsl(last_try(session, program), keep_blank_values=True))


def run_from(project: Project, program: Program, tryout: Run, call: str) -> Run:
    """Try again what was tried, from one step on: what came before it is taken from there.

    Raises:
        Refused: the program has problems, or has no such step.
    """
    if call not in {c.name for c in program.calls}:
        raise Refused.because("try.no_such_step", "call", name=call)
    spec = snapshots.thawed(tryout, EvaluationSpec)
    outcome = next(iter(evaluations.outcomes_of(tryout)), None)
    (example,), (model,) = spec.examples, spec.task_models
    kept = reused(program, call, outcome.trace) if outcome and not program.problems() else ()
    metric = spec.metric
    if metric is not None and metric.problems(program, set(example.expected)):
        metric = None  # the program gives something else by now
    return start_tryout(project, program, model, example, metric, kept=kept)

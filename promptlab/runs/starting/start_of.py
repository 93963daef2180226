"""The candidate of an earlier run that a new one goes on from."""

from __future__ import annotations

from optimizer.models import Candidate
from optimizer.running.prompts import prompts_of
from promptlab.accounts.models import Project
from promptlab.runs.starting.planning import Start
from promptlab.ui.parameters import number_in


def start_of(project: Project, said: str) -> Start | None:
    """“12.4” → candidate 4 of run 12; None where the project has no such thing."""
    run, _dot, number = said.partition(".")
    origin = project.runs.filter(number=number_in(run) or 0).first()
    if origin is None:
        return None
    row = Candidate.objects.filter(run=origin.run_id, number=number_in(number) or 0).first()
    return Start(origin, row.number, prompts_of(row)) if row else None

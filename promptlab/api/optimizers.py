"""Optimizers: what there is to choose from, and what their efforts mean."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Path, Query, Router

from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.program import Program
from promptlab.api.paging import Page, Window
from promptlab.api.schemas.optimizers import OptimizerOut
from promptlab.api.tokens import caller, project_of
from promptlab.programs.access import program_for

router = Router(tags=["optimizers"])
ANY = Program("", (), (), (), {})


@router.get("", response=Page[OptimizerOut], summary="List optimizers, the default first")
def list_optimizers(
    request: HttpRequest, project: Path[str], window: Query[Window], program: int | None = None
) -> Any:
    """Efforts are as for `program`; without it as for one of a single module."""
    project_of(request, project)
    core = ANY if program is None else program_for(caller(request), project, program).core
    return window.of([OptimizerOut.of(optimizer, core) for optimizer in OPTIMIZERS.values()])

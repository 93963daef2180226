"""What is read of programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from promptlab.accounts.models import Project
from promptlab.programs.models import Program
from promptlab.programs.wires import outputs_in_order


@dataclass(frozen=True)
class Listed:
    """A program in the list: how large it is, what keeps it from running, its last run if any."""

    program: Program
    modules: int
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    problems: int
    last_run: Any


def listed(project: Project) -> list[Listed]:
    """All programs of a project by name."""
    programs = list(project.programs.all())
    last = last_runs(programs)
    return [
        Listed(
            program=program,
            modules=len(program.core.modules),
            takes=tuple(f.name for f in program.core.inputs),
            gives=tuple(name for name, _source in outputs_in_order(program.core)),
            problems=len(program.core.problems()),
            last_run=last.get(program.pk),
        )
        for program in programs
    ]


def last_runs(programs: Iterable[Program]) -> dict[int, Any]:
    """The latest project_run of each program. Runs are a room above: a relation, not an import."""
    relation = next(
        (r for r in Program._meta.related_objects if r.get_accessor_name() == "runs"), None
    )
    if relation is None:
        return {}
    latest = (
        relation.related_model._default_manager.filter(program__in=list(programs))
        .order_by("program_id", "-pk")
        .distinct("program_id")
        .select_related("run")
    )
    return {project_run.program_id: project_run for project_run in latest}  # type: ignore[attr-defined]

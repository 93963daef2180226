"""What a column of the playground begins with: a program as it stands, or a candidate of a run."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Program as CoreProgram
from optimizer.models import Candidate as CandidateRow
from optimizer.running.prompts import prompts_of
from promptlab.accounts.models import Project
from promptlab.programs.models import Program
from promptlab.providers.queries import default_models
from promptlab.runs import queries
from promptlab.runs.evaluating.given import offered
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.evidence import in_sentence
from promptlab.ui.parameters import number_in

MOST_PROGRAMS = 20
"""Programs that are offered, the first by name."""
Choices = list[tuple[str, list[tuple[str, str]]]]


@dataclass(frozen=True)
class Base:
    """`value` names it in forms and addresses: “p3” is program 3 as it stands, “12.4” candidate 4
    of run 12, which has `run` and `number`. `model`: what it was scored with last.
    """

    value: str
    label: str
    owner: Program
    program: CoreProgram
    before: Candidate
    run: ProjectRun | None = None
    number: int = 0
    model: str = ""


def base_of(project: Project, value: str) -> Base | None:
    """What the value names; None where there is no such thing in the project."""
    if value.startswith("p"):
        row = project.programs.filter(pk=number_in(value[1:]) or 0).first()
        if row is None:
            return None
        newest = row.runs.select_related("run").order_by("-number").first()
        model = _model_of(newest) if newest else ""
        return Base(value, row.name, row, row.core, baseline_of(row.core), model=model)
    run, _dot, number = value.partition(".")
    return _of_candidate(project, number_in(run) or 0, number_in(number))


def _of_candidate(project: Project, run: int, number: int | None) -> Base | None:
    project_run = project.runs.select_related("run", "program").filter(number=run).first()
    if project_run is None or number is None:
        return None
    row = CandidateRow.objects.filter(run=project_run.run_id, number=number).first()
    if row is None:
        return None
    program = queries.spec_of(project_run.run).program
    label = _("run %(run)s, %(who)s") % {"run": run, "who": in_sentence(number)}
    return Base(
        f"{run}.{number}", label, project_run.program, program, prompts_of(row), project_run,
        number, _model_of(project_run),
    )  # fmt: skip


def _model_of(project_run: ProjectRun) -> str:
    task = queries.spec_of(project_run.run).models[Role.TASK]
    return f"{task.provider}:{task.model}"


def choices_of(project: Project, asked: list[Base]) -> Choices:
    """What is offered, by program: it as it stands, its versions and the winners of its runs; what
    was `asked` for comes along.
    """
    found: Choices = []
    programs = {row.pk: row for row in project.programs.order_by("name")[:MOST_PROGRAMS]}
    programs |= {base.owner.pk: base.owner for base in asked}
    for row in programs.values():
        own = [(f"p{row.pk}", _("%(name)s, as it stands") % {"name": row.name})]
        own += [(one.value, one.label) for one in offered(row)]
        known = {value for value, _label in own}
        own += [
            (base.value, base.label)
            for base in asked
            if base.owner.pk == row.pk and base.value not in known
        ]
        found.append((row.name, list(dict(own).items())))
    return found


def default_model(project: Project, base: Base, offered: list[str]) -> str:
    """The model a column begins with: its own where it is still offered."""
    if base.model in offered:
        return base.model
    first = default_models(project).get(Role.TASK)
    return first.value if first else ""

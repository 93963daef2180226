"""Cards of the library: made of an approved candidate, taken out, offered to all projects."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils import timezone

from optimizer.core.evaluation.stats import Comparison
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import FieldType
from optimizer.models import Candidate
from optimizer.running.prompts import prompts_of
from promptlab.accounts.models import Project, User
from promptlab.runs import queries
from promptlab.runs.models import ProjectRun, RewriteCard
from promptlab.runs.results.evidence import comparing, evaluated

MOST = 500
"""Cards that are looked through, the newest."""


def task_kind(module: Module) -> str:
    """What a module is for, by what it gives: a choice, a figure, several values, or a text."""
    given = module.signature.outputs
    types = {field.type for field in given}
    if len(given) > 1 or types & {FieldType.LIST, FieldType.OBJECT}:
        return RewriteCard.TaskKind.VALUES
    if types & {FieldType.CHOICE, FieldType.BOOLEAN}:
        return RewriteCard.TaskKind.CHOICE
    figures = {FieldType.NUMBER, FieldType.INTEGER, FieldType.DATE}
    return RewriteCard.TaskKind.FIGURE if types & figures else RewriteCard.TaskKind.TEXT


def task_text(program: Program, module: Module) -> str:
    """What a task is known by: its program, its module's fields, its instruction."""
    fields = [*module.signature.inputs, *module.signature.outputs]
    told = [program.name, program.description, module.signature.instruction]
    told += [f"{field.name} {field.description} {' '.join(field.choices)}" for field in fields]
    return "\n".join(filter(str.strip, told))


def record(project_run: ProjectRun, candidate: Candidate) -> list[RewriteCard]:
    """Keep what an approved candidate changed, where its gain is proved: the interval of the paired
    difference to the baseline lies above 0. One card for each instruction that changed.
    """
    gained = _gain(project_run, candidate)
    if gained is None or gained.low <= 0:
        return []
    spec = queries.spec_of(project_run.run)
    prompts = prompts_of(candidate).modules
    made = []
    for module in spec.program.modules:
        before = module.signature.instruction.strip()
        after = prompts[module.name].instruction.strip() if module.writable else before
        if before and after and before != after:
            card, _ = RewriteCard.objects.get_or_create(
                project_run=project_run, candidate=candidate.number, module=module.name,
                defaults={
                    "project_id": project_run.project_id,
                    "task_kind": task_kind(module),
                    "task_text": task_text(spec.program, module),
                    "model": spec.models[Role.TASK].model,
                    "before": before, "after": after,
                    "gain": gained.gain, "low": gained.low, "high": gained.high, "n": gained.n,
                },
            )  # fmt: skip
            made.append(card)
    return made


def _gain(project_run: ProjectRun, candidate: Candidate) -> Comparison | None:
    if candidate.number == 0:
        return None
    found = evaluated(project_run.run, [0, candidate.number])
    return comparing(found).others[0].comparison if len(found) == 2 else None


def cards_for(project: Project) -> QuerySet[RewriteCard]:
    """The project's own, and those of others that are offered to all; the newest first."""
    mine = Q(project=project) | Q(shared=True)
    found = RewriteCard.objects.filter(mine, removed_at=None).select_related("project_run__project")
    return found.order_by("-pk")[:MOST]


def remove(card: RewriteCard, by: User, at: datetime | None = None) -> None:
    """Nobody is shown it any more; runs that were keep what they saw."""
    card.removed_at, card.removed_by = at or timezone.now(), by
    card.save(update_fields=["removed_at", "removed_by"])


def share(card: RewriteCard, shared: bool) -> None:
    """Offer a card to all projects of the installation, or to its own alone."""
    card.shared = shared
    card.save(update_fields=["shared"])

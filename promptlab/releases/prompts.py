"""Approved prompts by their names, as programs ask for them."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404

from optimizer.core.problems import Refused
from promptlab.accounts.models import User
from promptlab.programs.models import Program
from promptlab.reviews import labels, queries
from promptlab.reviews.models import Label, Version


def prompts_of(user: User) -> QuerySet[Program]:
    """The programs that have versions, in all projects of this person."""
    return (
        Program.objects.filter(project__memberships__user=user, versions__isnull=False)
        .select_related("project")
        .prefetch_related("labels__version")
        .order_by("project__slug", "slug")
        .distinct()
    )


def program_named(user: User, slug: str, project: str | None = None) -> Program:
    """The program that is called so in addresses, in one project or in whichever has it.

    Raises:
        Http404: none of this person's projects has it.
        Refused: several have it, and none was named.
    """
    rows = Program.objects.filter(project__memberships__user=user, slug=slug)
    if project is not None:
        rows = rows.filter(project__slug=project)
    found = list(rows.select_related("project").order_by("project__slug"))
    if not found:
        raise Http404(f"There is no prompt “{slug}” in {_where(project)}.")
    if len(found) > 1:
        known = tuple(program.project.slug for program in found)
        raise Refused.because("prompt.several", "project", name=slug, known=known)
    return found[0]


def version_at(program: Program, label: str, number: int | None = None, model: str = "") -> Version:
    """The version of this number, or else the one that the label points at: for calls of this
    model, where there is such a label.

    Raises:
        Http404: there is none.
    """
    if number is None:
        at = labels.at_for_model(program.pk, label, model)
        if at is None:
            raise Http404(f"“{program.slug}” has no version labelled “{label}”. {_has(program)}")
        number = at.number
    return queries.version_of(program.project, program.pk, number)


def _where(project: str | None) -> str:
    return "your projects" if project is None else f"“{project}”, or you are not a member of it"


def _has(program: Program) -> str:
    known = [label.name for label in Label.objects.filter(program=program)]
    return f"It has {', '.join(known)}." if known else "Nothing of it was approved yet."

"""What review pages read."""

from __future__ import annotations

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404

from optimizer.models import Candidate, Run, Trial
from promptlab.accounts.models import Project
from promptlab.reviews.models import Review, Version
from promptlab.runs import queries as runs
from promptlab.runs.models import ProjectRun


def candidate_of(project: Project, number: int, candidate: int) -> tuple[ProjectRun, Candidate]:
    """A run and one of its candidates.

    Raises:
        Http404: the project has no such run, or the run no such candidate.
    """
    project_run = runs.project_run_of(project, number)
    row = Candidate.objects.filter(run=project_run.run_id, number=candidate).first()
    if row is None:
        raise Http404("There is no candidate of this number.")
    return project_run, row


def reviews_of(project_run: ProjectRun, candidate: Candidate) -> QuerySet[Review]:
    """Decisions about a candidate, the newest first."""
    return project_run.reviews.filter(candidate=candidate).select_related("by")


def versions_of(project: Project) -> QuerySet[Version]:
    """The project's versions, the newest first, each with its labels, its `score`, and the score
    `expected` on new examples, where that is known.
    """
    full = Trial.objects.filter(
        candidate=OuterRef("candidate"), full=True, score__isnull=False
    ).order_by("-number")
    best = Run.objects.filter(best_candidate=OuterRef("candidate"))
    return (
        project.versions.select_related(
            "project", "program", "approved_by", "project_run", "candidate"
        )
        .prefetch_related("labels")
        .annotate(
            score=Subquery(full.values("score")[:1]),
            expected=Coalesce(Subquery(best.values("estimate")[:1]), "candidate__expected"),
        )
        .defer("canonical")
    )


def version_of(project: Project, program: int, number: int) -> Version:
    """One version with its content.

    Raises:
        Http404: there is none.
    """
    found = (
        project.versions.select_related(
            "project", "program", "approved_by", "project_run", "candidate"
        )
        .prefetch_related("labels")
        .filter(program=program, number=number)
        .first()
    )
    if found is None:
        raise Http404("There is no such version.")
    return found


def version_before(version: Version) -> Version | None:
    """The program's previous version."""
    return (
        Version.objects.filter(program=version.program_id, number__lt=version.number)
        .order_by("-number")
        .first()
    )


def next_number(project_run: ProjectRun) -> int:
    """The number that an approval would give."""
    last = Version.objects.filter(program=project_run.program_id).order_by("-number").first()
    return last.number + 1 if last else 1

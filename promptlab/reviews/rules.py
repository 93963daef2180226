"""When a candidate may be decided about, by whom, and what has to be said."""

from __future__ import annotations

from optimizer.core.problems import Conflict, Forbidden, Problem, problem
from optimizer.models import Candidate
from optimizer.running.summary import conclusion_of
from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun

MOST_NOTE = 4000


def why_not(project_run: ProjectRun, candidate: Candidate) -> Problem | None:
    """Why the candidate cannot be decided about now; None when it can."""
    if project_run.run.active:
        return problem("review.still_going")
    if not candidate.trials.filter(full=True, score__isnull=False).exists():
        return problem("review.never_evaluated")
    return None


def why_not_you(project_run: ProjectRun, user: User) -> Problem | None:
    """Why this person may not approve, None when they may."""
    if project_run.project.requires_second_person and project_run.started_by_id == user.pk:
        return problem("review.second_person")
    return None


def why_against(project_run: ProjectRun, candidate: Candidate) -> Problem | None:
    """That approving goes against what the run recommends, so that the note has to say why; None
    where it does not.
    """
    found = conclusion_of(project_run.run)
    if candidate.number == 0 or found is None or not found.kept:
        return None
    return problem("review.why_against", "note")


def check_open(project_run: ProjectRun, candidate: Candidate, seen: int | None) -> None:
    """
    Raises:
        Conflict: it cannot be decided about now, or another decision was made since `seen`.
    """
    if candidate.run_id != project_run.run_id:
        raise Conflict.because("review.other_run")
    reason = why_not(project_run, candidate)
    if reason:
        raise Conflict(reason)
    newest = project_run.reviews.filter(candidate=candidate).order_by("-pk").first()
    if seen is not None and newest is not None and newest.pk != seen:
        what = newest.get_decision_display().lower()
        raise Conflict.because("review.decided_meanwhile", who=str(newest.by), what=what)


def check_person(project_run: ProjectRun, by: User) -> None:
    """
    Raises:
        Forbidden: the project wants somebody else than who started the run.
    """
    reason = why_not_you(project_run, by)
    if reason:
        raise Forbidden(reason)


def check_reason(wanted: Problem | None, note: str) -> None:
    """A reason is a word at least: neither spaces nor what nobody sees are one.

    Raises:
        Conflict: one is `wanted`, and the note has none.
    """
    if wanted and not any(char.isalnum() for char in note):
        raise Conflict(wanted)

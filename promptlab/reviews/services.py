"""Deciding about a candidate. An approval makes an immutable version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from optimizer import doorbell
from optimizer.codec import to_json
from optimizer.core.problems import Conflict, Forbidden, Problem, problem
from optimizer.models import Candidate
from optimizer.running.summary import conclusion_of
from promptlab.accounts.models import User
from promptlab.programs.models import Program
from promptlab.reviews import labels, writing
from promptlab.reviews.content import digest_of_text
from promptlab.reviews.models import Label, Review, Version
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.state import VersionScores

MOST_NOTE = 4000


def approve(
    project_run: ProjectRun, candidate: Candidate, by: User, note: str = "", seen: int | None = None
) -> Version:
    """Approve a candidate: one version, whoever and however often; `latest` moves to it.

    `seen` is the newest review that the reviewer's page showed (0 = none); None skips the check.
    Where the run recommends the original, the note has to say why not.

    Raises:
        Conflict: the run recommends the original, and the note says nothing.
        Forbidden: the project wants somebody else than who started the run.
        Conflict: another decision was made since.
        Conflict: the run still goes, or the candidate was never fully evaluated.
    """
    with transaction.atomic():
        _lock(project_run)
        made = Version.objects.filter(project_run=project_run, candidate=candidate).first()
        if made is not None:
            return made
        _check(project_run, candidate, seen)
        _check_person(project_run, by)
        _check_reason(why_against(project_run, candidate), note)
        now = timezone.now()
        version = _version(project_run, candidate, by, note.strip(), now)
        _record(project_run, candidate, Review.Decision.APPROVE, by, note, version)
        labels.move(version, Label.LATEST, by)
    return version


def reject(
    project_run: ProjectRun, candidate: Candidate, by: User, note: str, seen: int | None = None
) -> Review:
    """Turn a candidate down, with the reason.

    Raises:
        Conflict: no reason was given, or the candidate has a version already.
        Conflict: another decision was made since.
    """
    return _turn_down(project_run, candidate, Review.Decision.REJECT, by, note, seen)


def request_changes(
    project_run: ProjectRun, candidate: Candidate, by: User, note: str, seen: int | None = None
) -> Review:
    """Ask for something better, saying what. Raises as `reject` does."""
    return _turn_down(project_run, candidate, Review.Decision.REQUEST_CHANGES, by, note, seen)


def _turn_down(
    project_run: ProjectRun,
    candidate: Candidate,
    decision: Review.Decision,
    by: User,
    note: str,
    seen: int | None,
) -> Review:
    _check_reason(problem("review.no_reason"), note)
    with transaction.atomic():
        _lock(project_run)
        made = Version.objects.filter(project_run=project_run, candidate=candidate).first()
        if made is not None:
            raise Conflict.because("review.has_version", n=made.number)
        _check(project_run, candidate, seen)
        return _record(project_run, candidate, decision, by, note)


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


def _lock(project_run: ProjectRun) -> None:
    """One decision at a time a program: version numbers have no holes and no doubles."""
    Program.objects.select_for_update().get(pk=project_run.program_id)
    project_run.refresh_from_db()


def _check(project_run: ProjectRun, candidate: Candidate, seen: int | None) -> None:
    if candidate.run_id != project_run.run_id:
        raise Conflict.because("review.other_run")
    reason = why_not(project_run, candidate)
    if reason:
        raise Conflict(reason)
    newest = project_run.reviews.filter(candidate=candidate).order_by("-pk").first()
    if seen is not None and newest is not None and newest.pk != seen:
        what = newest.get_decision_display().lower()
        raise Conflict.because("review.decided_meanwhile", who=str(newest.by), what=what)


def _check_person(project_run: ProjectRun, by: User) -> None:
    reason = why_not_you(project_run, by)
    if reason:
        raise Forbidden(reason)


def _check_reason(wanted: Problem | None, note: str) -> None:
    """A reason is a word at least: neither spaces nor what nobody sees are one."""
    if wanted and not any(char.isalnum() for char in note):
        raise Conflict(wanted)


def _version(
    project_run: ProjectRun, candidate: Candidate, by: User, note: str, now: datetime
) -> Version:
    last = Version.objects.filter(program=project_run.program_id).order_by("-number").first()
    number = last.number + 1 if last else 1
    content = writing.content(project_run, candidate, number, by, note, now)
    canonical = content.canonical()
    return Version.objects.create(
        project_id=project_run.project_id,
        program_id=project_run.program_id,
        number=number,
        canonical=canonical,
        sha256=digest_of_text(canonical),
        project_run=project_run,
        candidate=candidate,
        approved_by=by,
        note=note,
        created_at=now,
    )


def _summary(version: Version) -> dict[str, Any]:
    """A version as its run's lines show it."""
    source = version.content.provenance
    found = VersionScores(
        source.candidate, source.scores.candidate, source.scores.comparison, source.scores.expected
    )
    return {"version_number": version.number, "version_scores": to_json(found)}


def _record(
    project_run: ProjectRun,
    candidate: Candidate,
    decision: Review.Decision,
    by: User,
    note: str,
    version: Version | None = None,
) -> Review:
    note = note.strip()[:MOST_NOTE]
    approved = _summary(version) if version else {}
    ProjectRun.objects.filter(pk=project_run.pk).update(
        decision=decision,
        decided_by=by,
        decision_note=note,
        **approved,
    )
    doorbell.ring("run", project_run.run_id)
    review: Review = project_run.reviews.create(
        candidate=candidate, decision=decision, by=by, note=note
    )
    return review

"""Deciding about a candidate. An approval makes an immutable version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from optimizer import doorbell
from optimizer.codec import to_json
from optimizer.core.problems import Conflict, problem
from optimizer.models import Candidate
from promptlab.accounts.models import User
from promptlab.programs.models import Program
from promptlab.reviews import labels, packets, writing
from promptlab.reviews.content import digest_of_text
from promptlab.reviews.models import Label, Packet, Review, Version
from promptlab.reviews.rules import MOST_NOTE, check_open, check_person, check_reason, why_against
from promptlab.runs.library import cards as library
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.state import VersionScores


def approve(
    project_run: ProjectRun, candidate: Candidate, by: User, note: str = "",
    seen: int | None = None, packet: int | None = None,
) -> Version:  # fmt: skip
    """Approve a candidate: one version, whoever and however often; `latest` moves to it.

    `seen` is the newest review that the reviewer's page showed (0 = none); None skips the check.
    Where the run recommends the original, the note has to say why not. It stands on the packet of
    this number, which has to be the one that was sent to review last.

    Raises:
        Conflict: nothing was sent to review, or it is not said that this was the packet.
        Conflict: a changed module or a regression of the packet was not looked at yet.
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
        check_open(project_run, candidate, seen)
        check_person(project_run, by)
        stands_on = packets.looked_at(project_run, candidate, by, packet)
        check_reason(why_against(project_run, candidate), note)
        version = _version(stands_on, by, note.strip(), timezone.now())
        _record(project_run, candidate, Review.Decision.APPROVE, by, note, version)
        labels.move(version, Label.LATEST, by)
        library.record(project_run, candidate)
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
    check_reason(problem("review.no_reason"), note)
    with transaction.atomic():
        _lock(project_run)
        made = Version.objects.filter(project_run=project_run, candidate=candidate).first()
        if made is not None:
            raise Conflict.because("review.has_version", n=made.number)
        check_open(project_run, candidate, seen)
        return _record(project_run, candidate, decision, by, note)


def _lock(project_run: ProjectRun) -> None:
    """One decision at a time a program: version numbers have no holes and no doubles."""
    Program.objects.select_for_update().get(pk=project_run.program_id)
    project_run.refresh_from_db()


def _version(packet: Packet, by: User, note: str, now: datetime) -> Version:
    project_run, candidate = packet.project_run, packet.candidate
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
        packet=packet,
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

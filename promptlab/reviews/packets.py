"""Sending a candidate to review, looking at what is in the packet, commenting on its lines."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from optimizer.core.problems import Conflict, Refused, problem
from optimizer.models import Candidate
from promptlab.accounts.models import Project, User
from promptlab.accounts.roles import Role, role_of
from promptlab.programs.models import Program
from promptlab.reviews.content import digest_of_text
from promptlab.reviews.gathering import gathered
from promptlab.reviews.models import Comment, Look, Mention, Packet, Point, Review, Version
from promptlab.reviews.rules import MOST_NOTE, check_open, check_reason, why_against
from promptlab.runs.models import ProjectRun

_MENTIONED = re.compile(r"(?<![\w@.])@([\w.+-]+(?:@[\w.-]+\w)?)")


def newest(project_run: ProjectRun, candidate: Candidate) -> Packet | None:
    """The packet that is decided on."""
    rows = project_run.packets.filter(candidate=candidate)
    return rows.select_related("sent_by", "asked", "answers__by").first()


def open_request(project_run: ProjectRun) -> Review | None:
    """The last request for changes of this run that nothing was sent in answer to."""
    last = project_run.reviews.select_related("by").first()
    if last is None or last.decision != Review.Decision.REQUEST_CHANGES or last.answers.exists():
        return None
    return last


def send(
    project_run: ProjectRun, candidate: Candidate, by: User, note: str = "",
    asked: User | None = None,
) -> Packet:  # fmt: skip
    """Freeze the evidence as it is now. It answers the run's open request for changes.

    Raises:
        Conflict: the run still goes, or the candidate was never fully evaluated.
        Conflict: it is a version already, or the answer to a request says nothing.
        Refused: who is asked may not approve.
    """
    check_open(project_run, candidate, None)
    made = Version.objects.filter(project_run=project_run, candidate=candidate).first()
    if made is not None:
        raise Conflict.because("review.has_version", n=made.number)
    answered = open_request(project_run)
    check_reason(problem("review.no_answer") if answered else None, note)
    if asked is not None:
        _check_asked(project_run, asked)
    with transaction.atomic():
        return _frozen(project_run, candidate, by, note, asked, answered)


def may_be_asked(project_run: ProjectRun) -> list[User]:
    """Who may approve a candidate of this run, by name."""
    held = (Role.REVIEWER, Role.ADMIN)
    rows = project_run.project.memberships.filter(role__in=held, user__is_active=True)
    if project_run.project.requires_second_person:
        rows = rows.exclude(user=project_run.started_by_id)
    return [row.user for row in rows.select_related("user").order_by("user__name", "user__email")]


def looked_at(
    project_run: ProjectRun, candidate: Candidate, by: User, number: int | None
) -> Packet:
    """The packet that an approval stands on: the one of this `number`, all of which this person has
    looked at.

    Raises:
        Conflict: nothing was sent, it is not said which packet, or another was sent since.
        Conflict: something of it was not looked at.
    """
    packet = newest(project_run, candidate)
    if packet is None:
        raise Conflict.because("review.not_sent", "packet")
    if number is None:
        raise Conflict.because("review.which_packet", "packet", n=packet.number)
    if number != packet.number:
        raise Conflict.because("review.another_packet", "packet", asked=number, n=packet.number)
    left = unseen(packet, by)
    modules = [point.name for point in left if point.kind == Point.Kind.MODULE]
    if modules:
        raise Conflict.because("review.modules_unseen", "note", modules=tuple(modules))
    protected = [point.name for point in left if point.kind == Point.Kind.PROTECTED]
    if protected:
        raise Conflict.because("review.protected_unwaived", "note", rows=tuple(protected))
    if left:
        raise Conflict.because("review.regressions_unseen", "note", n=len(left))
    return packet


def unseen(packet: Packet, by: User) -> list[Point]:
    """What this person has neither looked at nor let pass."""
    return list(packet.points.exclude(looks__by=by))


def look(packet: Packet, kind: str, name: str, by: User) -> bool:
    """This person looked at a changed module, or opened a regression. False: no point of it. That
    a protected example got worse is not looked at, it is waived.
    """
    points = packet.points.exclude(kind=Point.Kind.PROTECTED)
    return _looked(points.filter(kind=kind, name=name), by, "") > 0


def waive(packet: Packet, by: User, reason: str) -> int:
    """Let the regressions that this person did not open pass, and all protected examples that got
    worse; how many they were.

    Raises:
        Conflict: no reason was given.
    """
    check_reason(problem("review.no_waiver", "reason"), reason)
    left = packet.points.exclude(kind=Point.Kind.MODULE).exclude(looks__by=by)
    return _looked(left, by, reason.strip()[:MOST_NOTE])


def comment(packet: Packet, module: str, line: int, text: str, by: User) -> Comment:
    """Say something of a line of a module's instruction. Members who are named are told.

    Raises:
        Refused: the packet has no such line, or nothing is said.
    """
    lines = lines_of(packet, module)
    if not 1 <= line <= len(lines):
        raise Refused.because("comment.no_line", "line", module=module, line=line)
    if not any(char.isalnum() for char in text):
        raise Refused.because("comment.empty", "text")
    project = packet.project_run.project
    with transaction.atomic():
        made = packet.comments.create(
            module=module, line=line, text=text.strip()[:MOST_NOTE], by=by
        )
        named = [user for user in mentioned(project, text) if user != by]
        Mention.objects.bulk_create(Mention(comment=made, user=user) for user in named)
    return made


def lines_of(packet: Packet, module: str) -> list[str]:
    """The lines of a module's instruction, [] where the packet has no such module."""
    program = packet.evidence.program
    found = [m.signature.instruction for m in program.modules if m.name == module]
    return found[0].splitlines() or [""] if found else []


def handles(project: Project) -> dict[str, User]:
    """How members are named after an @: by the first part of their address, where that is one
    person's, and by all of it.
    """
    rows = project.memberships.filter(user__is_active=True).select_related("user")
    people = [row.user for row in rows.order_by("user__email")]
    found = {person.email: person for person in people}
    stems = [person.email.partition("@")[0] for person in people]
    for stem, person in zip(stems, people, strict=True):
        if stems.count(stem) == 1:
            found[stem] = person
    return found


def short_handles(project: Project) -> list[str]:
    """How each member is best named: the shortest way that means nobody else."""
    found: dict[int, str] = {}
    for name, person in handles(project).items():
        found[person.pk] = min(found.get(person.pk, name), name, key=len)
    return list(found.values())


def mentioned(project: Project, text: str) -> list[User]:
    """The members that a text names, each once."""
    known = handles(project)
    names = (name.lower().rstrip(".") for name in _MENTIONED.findall(text))
    return list(dict.fromkeys(known[name] for name in names if name in known))


def mentions_of(user: User, project: Project) -> QuerySet[Mention]:
    """Comments of the project that name this person, the newest first."""
    rows = Mention.objects.filter(user=user, comment__packet__project_run__project=project)
    return rows.select_related(
        "comment__by", "comment__packet__candidate", "comment__packet__project_run"
    ).order_by("-pk")


def asked_of(user: User, project: Project) -> QuerySet[Packet]:
    """Packets that this person is asked to decide about, and nobody did yet."""
    decided = Review.objects.filter(candidate=OuterRef("candidate"), at__gte=OuterRef("at"))
    later = Packet.objects.filter(candidate=OuterRef("candidate"), pk__gt=OuterRef("pk"))
    rows = Packet.objects.filter(asked=user, project_run__project=project)
    rows = rows.exclude(Exists(decided)).exclude(Exists(later)).defer("canonical")
    return rows.select_related("project_run", "candidate", "sent_by")


def read(mention: Mention) -> None:
    """Whom it is for has seen it."""
    Mention.objects.filter(pk=mention.pk, read_at=None).update(read_at=timezone.now())


def _check_asked(project_run: ProjectRun, asked: User) -> None:
    held = role_of(asked, project_run.project)
    if held is None or not held.at_least(Role.REVIEWER) or asked not in may_be_asked(project_run):
        raise Refused.because("review.cannot_be_asked", "asked", who=str(asked))


def _frozen(
    project_run: ProjectRun, candidate: Candidate, by: User, note: str, asked: User | None,
    answers: Review | None,
) -> Packet:  # fmt: skip
    Program.objects.select_for_update().get(pk=project_run.program_id)
    evidence = gathered(project_run, candidate, why_against(project_run, candidate) is not None)
    canonical = evidence.canonical()
    packet = Packet.objects.create(
        project_run=project_run, candidate=candidate, canonical=canonical,
        number=project_run.packets.filter(candidate=candidate).count() + 1,
        sha256=digest_of_text(canonical), note=note.strip()[:MOST_NOTE], sent_by=by, asked=asked,
        answers=answers,
    )  # fmt: skip
    named = [(Point.Kind.MODULE, name) for name in evidence.changed]
    named += [(Point.Kind.REGRESSION, moved.example) for moved in evidence.lost]
    named += [(Point.Kind.PROTECTED, example) for example in evidence.protected]
    Point.objects.bulk_create(Point(packet=packet, kind=k, name=name) for k, name in named)
    return packet


def _looked(points: Iterable[Point], by: User, reason: str) -> int:
    """Looks are never taken back, so the first one counts."""
    made = [Look(point=point, by=by, reason=reason) for point in points]
    Look.objects.bulk_create(made, ignore_conflicts=True)
    return len(made)

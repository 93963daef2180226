"""Packets of evidence: what is in them, that they stay, and what approving one takes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from optimizer.models import Candidate, Outcome, Trial
from promptlab.accounts.models import Project, User
from promptlab.reviews import labels, packets, services
from promptlab.reviews.evidence import read_evidence
from promptlab.reviews.models import Look, Mention, Packet, Point, Review, Version
from promptlab.runs.models import ProjectRun
from tests.fakes.telling import refused
from tests.promptlab.approving import approve, see_all
from tests.promptlab.runs.scene import Scene, play

ClientOf = Callable[[User], Client]


@pytest.fixture
def best(finished: ProjectRun) -> Candidate:
    assert finished.run.best_candidate is not None
    return finished.run.best_candidate


@pytest.fixture
def packet(finished: ProjectRun, best: Candidate, erin: User) -> Packet:
    return packets.send(finished, best, erin, "Have a look.")


def approved(project_run: ProjectRun, by: User) -> Version:
    assert project_run.run.best_candidate is not None
    return approve(project_run, project_run.run.best_candidate, by, "Fine.")


def test_a_packet_holds_what_a_decision_stands_on(finished: ProjectRun, packet: Packet) -> None:
    found = packet.evidence
    assert found.changed
    assert found.provenance.scores.comparison is not None
    assert len(found.lost) == found.provenance.scores.comparison.losses
    assert all(moved.inputs and moved.expected for moved in found.lost)
    assert found.provenance.approval is None
    assert found.provenance.scores.test is not None
    assert found.provenance.scores.look == 1
    assert [model.model for _role, model in found.provenance.every_model] == ["scripted-1"] * 2
    assert found.cost.tokens > 0
    assert found.cost.of_thousand is not None
    assert found.code.startswith("0.")
    assert found.rival is None
    shown = [
        d for m in found.program.modules for d in (m.demos if isinstance(m.demos, tuple) else ())
    ]
    assert len(found.demos) == len(shown)


def test_its_digest_is_that_of_its_bytes_which_read_back_as_they_were(packet: Packet) -> None:
    stored = Packet.objects.get(pk=packet.pk)
    assert stored.sha256 == hashlib.sha256(stored.canonical.encode()).hexdigest()
    assert stored.evidence.canonical() == stored.canonical
    assert "127.0.0.1" not in stored.canonical


@pytest.mark.parametrize(
    "sql", ["UPDATE reviews_packet SET note = 'other'", "DELETE FROM reviews_packet"]
)
def test_the_database_never_changes_a_packet(sql: str, packet: Packet) -> None:
    with (
        pytest.raises(DatabaseError, match="never changes"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


def test_evidence_stays_when_what_it_was_made_of_changes(packet: Packet) -> None:
    before = packet.evidence.lost
    Outcome.objects.update(score=1.0)
    assert Packet.objects.get(pk=packet.pk).evidence.lost == before


def test_every_changed_module_and_every_regression_is_a_point(packet: Packet) -> None:
    found = {(point.kind, point.name) for point in packet.points.all()}
    wanted = {("module", name) for name in packet.evidence.changed}
    assert found == wanted | {("regression", moved.example) for moved in packet.evidence.lost}


def test_what_was_not_looked_at_is_not_approved(
    finished: ProjectRun, best: Candidate, packet: Packet, bob: User, alice: User
) -> None:
    see_all(packet, alice)  # another's eyes are not bob's
    with refused("Tick every changed module"):
        services.approve(finished, best, bob, "Fine.", packet=1)
    for name in packet.evidence.changed:
        packets.look(packet, "module", name, bob)
    Point.objects.bulk_create(Point(packet=packet, kind="regression", name=n) for n in "abc")
    with refused("let them pass with a reason"):
        services.approve(finished, best, bob, "Fine.", packet=1)
    with refused("Say why these may pass"):
        packets.waive(packet, bob, " \u200b")
    packets.look(packet, "regression", "a", bob)
    assert packets.waive(packet, bob, "The labels of these are wrong.") == 2
    version = services.approve(finished, best, bob, "Fine.", packet=1)
    assert version.packet == packet
    reasons = set(Point.objects.filter(packet=packet).values_list("looks__reason", flat=True))
    assert reasons == {"", "The labels of these are wrong."}


def test_the_database_refuses_a_version_whose_packet_was_not_looked_at(
    finished: ProjectRun, best: Candidate, packet: Packet, bob: User
) -> None:
    values = {
        "project": finished.project, "program": finished.program, "number": 1, "canonical": "{}",
        "sha256": "0" * 64, "project_run": finished, "candidate": best, "approved_by": bob,
        "created_at": timezone.now(),
    }  # fmt: skip
    with pytest.raises(DatabaseError, match="did not look"), transaction.atomic():
        Version.objects.create(**values, packet=packet)
    with pytest.raises(DatabaseError, match="stands on no packet"), transaction.atomic():
        Version.objects.create(**values)


def test_the_database_wants_a_reason_against_the_run(
    finished: ProjectRun, best: Candidate, packet: Packet, bob: User
) -> None:
    against = replace(packet.evidence, against=True).canonical()
    other = Packet.objects.create(
        project_run=finished, candidate=best, number=2, canonical=against, sha256="0" * 64,
        sent_by=bob,
    )  # fmt: skip
    values = {
        "project": finished.project, "program": finished.program, "number": 1, "canonical": "{}",
        "sha256": "0" * 64, "project_run": finished, "candidate": best, "approved_by": bob,
        "created_at": timezone.now(), "packet": other,
    }  # fmt: skip
    with pytest.raises(DatabaseError, match="without a reason"), transaction.atomic():
        Version.objects.create(**values, note=" . ")
    assert Version.objects.create(**values, note="Legal asked for it.").packet == other


def test_an_approval_is_of_a_packet_that_was_looked_at(
    finished: ProjectRun, best: Candidate, bob: User, erin: User
) -> None:
    with refused("Send it to review first"):
        services.approve(finished, best, bob, "Fine.", packet=1)
    see_all(packets.send(finished, best, erin), bob)
    with refused("Say which packet was looked at: read packet 1"):
        services.approve(finished, best, bob, "Fine.")
    again = packets.send(finished, best, erin)
    with refused("Packet 2 was sent last, not 1"):
        services.approve(finished, best, bob, "Fine.", packet=1)
    see_all(again, bob)
    assert services.approve(finished, best, bob, "Fine.", packet=2).packet == again
    assert packets.unseen(again, bob) == []


@pytest.fixture
def protected(finished: ProjectRun, best: Candidate, bob: User) -> str:
    """An example that must not get worse, and that the best candidate gets wrong."""
    key = str(finished.run.validation.examples[0]["id"])
    for number, score in ((0, 1.0), (best.number, 0.0)):
        trials = finished.run.trials.filter(candidate__number=number)
        scored = Outcome.objects.filter(exchange__in=trials.values("exchange"), example=key)
        assert scored.update(score=score)
    assert finished.dataset is not None
    finished.dataset.protected.create(key=key, by=bob)
    finished.dataset.protected.create(key="another", by=bob)
    return key


def test_only_a_reason_lets_pass_that_a_protected_example_got_worse(
    finished: ProjectRun, best: Candidate, protected: str, bob: User, erin: User
) -> None:
    packet = packets.send(finished, best, erin)
    assert packet.evidence.protected == (protected,)
    for point in packet.points.all():
        packets.look(packet, point.kind, point.name, bob)
    with refused(f"must not get worse did: {protected}"):
        services.approve(finished, best, bob, "Fine.", packet=1)
    assert packets.waive(packet, bob, "Its label was wrong.") == 1
    assert services.approve(finished, best, bob, "Fine.", packet=1).packet == packet


def test_the_database_wants_that_reason_too(
    finished: ProjectRun, best: Candidate, protected: str, bob: User
) -> None:
    packet = packets.send(finished, best, bob)
    Look.objects.bulk_create(Look(point=point, by=bob) for point in packet.points.all())
    with pytest.raises(DatabaseError, match="without a reason"), transaction.atomic():
        services.approve(finished, best, bob, "Fine.", packet=1)


def test_its_page_tells_protected_examples_first(
    finished: ProjectRun, best: Candidate, protected: str, bob: User, client_of: ClientOf
) -> None:
    packet = packets.send(finished, best, bob)
    here = f"/p/support-triage/runs/1/review/{best.number}/"
    page = client_of(bob).get(here).content.decode()
    assert "An example that must not get worse did" in page
    assert "1 that must not get worse, to be let pass with a reason" in page
    row = page.index("must not get worse</span>")
    assert all(row <= page.index("<td", row) for _moved in packet.evidence.lost)
    client_of(bob).post(f"{here}waive/", {"reason": "Its label was wrong."})
    assert "Only a reason lets that pass" in client_of(bob).get(here).content.decode()
    assert all(p.kind == "module" for p in packets.unseen(packet, bob))


def test_it_is_compared_with_what_production_points_at(
    scene: Scene, finished: ProjectRun, bob: User, erin: User
) -> None:
    labels.promote(approved(finished, bob), "production", bob, None)
    again = play(scene.start(seed=8))
    assert again.run.best_candidate is not None
    other = next(c for c in again.run.candidates.all() if c.trials.filter(full=True).exists())
    rival = packets.send(again, other, erin).evidence.rival
    assert rival is not None
    assert (rival.label, rival.version, rival.run) == ("production", 1, finished.number)
    assert rival.comparison is not None
    assert rival.comparison.n > 30  # the same data, split in the same way
    assert len(rival.lost) == rival.comparison.losses


def test_what_was_never_scored_on_the_same_examples_is_not_compared(
    scene: Scene, finished: ProjectRun, bob: User, erin: User
) -> None:
    labels.promote(approved(finished, bob), "production", bob, None)
    again = play(scene.start(seed=8))
    assert finished.run.best_candidate is not None
    theirs = Trial.objects.filter(candidate__digest=finished.run.best_candidate.digest)
    Outcome.objects.filter(exchange__in=theirs.values("exchange")).update(score=None, error="gone")
    other = again.run.candidates.filter(number=0).get()
    rival = packets.send(again, other, erin).evidence.rival
    assert rival is not None
    assert rival.comparison is None


def test_a_new_packet_answers_the_request_for_changes(
    finished: ProjectRun, best: Candidate, packet: Packet, bob: User, erin: User
) -> None:
    services.request_changes(finished, best, bob, "Shorten the second paragraph.")
    request = Review.objects.get()
    assert packets.open_request(finished) == request
    with refused("say what was done"):
        packets.send(finished, best, erin)
    answer = packets.send(finished, best, erin, "Shortened.", bob)
    assert (answer.number, answer.answers, answer.asked) == (2, request, bob)
    assert packets.open_request(finished) is None
    assert packets.newest(finished, best) == answer


def test_who_may_not_approve_is_not_asked(
    finished: ProjectRun, best: Candidate, erin: User, bob: User, dave: User
) -> None:
    for nobody in (erin, dave):  # an editor; no member
        with refused("may not approve"):
            packets.send(finished, best, erin, "Please.", nobody)
    erin.memberships.update(role="reviewer")
    Project.objects.update(requires_second_person=True)
    finished.refresh_from_db()
    assert erin not in packets.may_be_asked(ProjectRun.objects.get(pk=finished.pk))
    assert bob in packets.may_be_asked(finished)


def test_a_comment_is_about_a_line_and_tells_whom_it_names(
    packet: Packet, bob: User, erin: User, dave: User
) -> None:
    module = packet.evidence.changed[0]
    made = packets.comment(packet, module, 1, "@erin why? (@bob, @dave, x@erin.org)", bob)
    assert [mention.user for mention in Mention.objects.all()] == [erin]  # dave is no member
    assert (made.module, made.line) == (module, 1)
    for line in (0, 1000):
        with refused("has no line"):
            packets.comment(packet, module, line, "What?", bob)
    with refused("Write what you mean"):
        packets.comment(packet, module, 1, " ", bob)


def test_a_candidate_with_a_version_is_not_sent_again(
    finished: ProjectRun, best: Candidate, bob: User
) -> None:
    approved(finished, bob)
    with refused("is version 1 already"):
        packets.send(finished, best, bob)


def test_evidence_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="program"):
        read_evidence({})

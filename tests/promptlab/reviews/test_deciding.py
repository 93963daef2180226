"""Decisions about candidates: who may make them, when, and what an approval leaves behind."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from optimizer.codec import canonical, from_json
from optimizer.core.problems import Conflict, Forbidden
from optimizer.core.programs.candidate import Candidate as CoreCandidate
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.lm import Role
from optimizer.models import Candidate, Run, Trial
from promptlab.accounts.models import Project, User
from promptlab.reviews import packets, services
from promptlab.reviews.content import read_content
from promptlab.reviews.models import Label, LabelMove, Packet, Review, Version
from promptlab.runs.models import ProjectRun
from tests.fakes.telling import refused
from tests.promptlab.approving import approve, see_all
from tests.promptlab.runs.scene import Scene, play

FIFTY = 50


@pytest.fixture
def best(finished: ProjectRun) -> Candidate:
    found = finished.run.best_candidate
    assert found is not None
    return found


def test_an_approval_makes_version_one_and_moves_latest(
    finished: ProjectRun, best: Candidate, bob: User
) -> None:
    version = approve(finished, best, bob, "  Clear gain. ")
    assert (version.number, version.approved_by, version.note) == (1, bob, "Clear gain.")
    assert Label.objects.get(name="latest").version == version
    assert not Label.objects.filter(name="production").exists()  # until someone promotes
    finished.refresh_from_db()
    assert (finished.decision, finished.version_number) == ("approve", 1)
    assert finished.decided_by == bob


def test_a_version_holds_the_prompts_and_where_they_came_from(
    scene: Scene, finished: ProjectRun, best: Candidate, bob: User
) -> None:
    version = approve(finished, best, bob, "Fine")
    content = version.content
    assert content.name == "Support triage"
    assert baseline_of(content.program) == from_json(CoreCandidate, best.prompts)
    source = content.provenance
    assert (source.run, source.candidate, source.candidate_digest) == (
        finished.number, best.number, best.digest,
    )  # fmt: skip
    assert source.dataset.digest == scene.dataset.digest
    assert source.dataset.validation_digest == finished.run.validation_id
    assert source.metric == scene.metric.core
    assert (source.optimizer, source.seed, source.settings.trials) == ("mipro", 7, 12)
    task = source.models["task"]  # type: ignore[index]
    assert (task.model, task.litellm_model) == ("scripted-1", "openai/scripted-1")
    assert source.scores.candidate is not None
    assert source.scores.candidate.mean == finished.run.best_score["mean"]
    assert source.scores.comparison is not None
    assert source.scores.comparison.n > 30
    assert source.scores.test is not None
    assert (source.approval.by, source.approval.note) == ("bob@example.org", "Fine")
    assert source.started_by == "erin@example.org"


def test_a_version_names_every_model_that_wrote_for_it(
    finished: ProjectRun, best: Candidate, bob: User
) -> None:
    run = finished.run
    run.spec["further_optimizers"] = [{**run.spec["models"]["task"], "model": "scripted-2"}]
    run.save()
    source = approve(finished, best, bob, "Fine.").content.provenance
    assert [model.model for model in source.further_optimizers] == ["scripted-2"]
    assert [role for role, _ in source.every_model].count(Role.OPTIMIZER) == 2


def test_the_digest_is_that_of_the_canonical_bytes(
    finished: ProjectRun, best: Candidate, bob: User
) -> None:
    version = approve(finished, best, bob, "Fine.")
    stored = Version.objects.get(pk=version.pk)
    assert stored.sha256 == hashlib.sha256(stored.canonical.encode()).hexdigest()
    assert canonical(json.loads(stored.canonical)) == stored.canonical
    assert read_content(stored.data).canonical() == stored.canonical
    assert "127.0.0.1" not in stored.canonical  # nothing of where the provider is


def test_approving_twice_gives_one_version(
    finished: ProjectRun, best: Candidate, bob: User, alice: User
) -> None:
    first = approve(finished, best, bob, "Fine.")
    assert approve(finished, best, alice, "Fine.") == first
    assert Version.objects.count() == 1
    assert Review.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_who_approve_at_once_make_one_version(
    finished: ProjectRun, best: Candidate, bob: User
) -> None:
    ready, made = threading.Barrier(FIFTY), []

    packet = packets.send(finished, best, bob)
    see_all(packet, bob)

    def decide() -> None:
        project_run = ProjectRun.objects.get(pk=finished.pk)
        ready.wait()
        candidate = Candidate.objects.get(pk=best.pk)
        made.append(services.approve(project_run, candidate, bob, "Fine.", packet=1).pk)
        connection.close()

    people = [threading.Thread(target=decide) for _ in range(FIFTY)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(made) == FIFTY
    assert len(set(made)) == 1
    assert Version.objects.count() == LabelMove.objects.count() == Packet.objects.count() == 1


def test_versions_are_numbered_within_their_program(
    scene: Scene, finished: ProjectRun, best: Candidate, bob: User
) -> None:
    approve(finished, best, bob, "Fine.")
    again = play(scene.start(seed=8))
    assert again.run.best_candidate is not None
    second = approve(again, again.run.best_candidate, bob, "Fine.")
    assert second.number == 2
    assert Label.objects.get(name="latest").version == second


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE reviews_version SET note = 'other'",
        "UPDATE reviews_version SET canonical = canonical",
        "DELETE FROM reviews_version",
    ],
)
def test_the_database_never_changes_a_version(
    sql: str, finished: ProjectRun, best: Candidate, bob: User
) -> None:
    version = approve(finished, best, bob, "Fine.")
    with (
        pytest.raises(DatabaseError, match="never changes"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert Version.objects.get(pk=version.pk).canonical == version.canonical


def test_what_a_version_stands_on_cannot_be_deleted(
    scene: Scene, finished: ProjectRun, best: Candidate, bob: User
) -> None:
    approve(finished, best, bob, "Fine.")
    for row in (scene.program, finished, bob, Project.objects.get(pk=scene.project.pk)):
        with pytest.raises(ProtectedError):
            row.delete()


def test_whoever_started_a_run_needs_a_second_person_where_the_project_says_so(
    scene: Scene, finished: ProjectRun, best: Candidate, erin: User, bob: User
) -> None:
    erin.memberships.update(role="admin")
    approve(finished, best, erin, "Fine.")  # nobody asked for a second person
    again = play(scene.start(seed=8))
    Project.objects.update(requires_second_person=True)
    again = ProjectRun.objects.get(pk=again.pk)
    candidate = again.run.best_candidate
    assert candidate is not None
    with pytest.raises(Forbidden):
        approve(again, candidate, erin, "Fine.")
    services.reject(again, candidate, erin, "I see it myself.")  # turning down is no approval
    assert approve(again, candidate, bob, "Fine.").approved_by == bob


@pytest.mark.parametrize("turn_down", [services.reject, services.request_changes])
def test_turning_down_needs_a_reason(
    turn_down: Callable[..., Review], finished: ProjectRun, best: Candidate, bob: User
) -> None:
    with refused("Say why", kind=Conflict):
        turn_down(finished, best, bob, "  ")
    review = turn_down(finished, best, bob, "Regresses on refunds.")
    finished.refresh_from_db()
    assert (finished.decision, finished.decision_note) == (review.decision, review.note)
    assert Version.objects.count() == 0


def test_an_approved_candidate_stays_approved(
    finished: ProjectRun, best: Candidate, bob: User
) -> None:
    approve(finished, best, bob, "Fine.")
    with refused("version 1 already", kind=Conflict):
        services.reject(finished, best, bob, "Changed my mind.")


def test_a_candidate_that_was_only_tried_on_minibatches_cannot_be_approved(
    finished: ProjectRun, bob: User
) -> None:
    full = Trial.objects.filter(run=finished.run, full=True).values("candidate")
    partly = Candidate.objects.filter(run=finished.run).exclude(pk__in=full).first()
    assert partly is not None
    with refused("never fully evaluated", kind=Conflict):
        approve(finished, partly, bob, "Fine.")


def test_nothing_is_decided_while_the_run_goes_on(halfway: ProjectRun, bob: User) -> None:
    best = Run.objects.get(pk=halfway.run_id).best_candidate
    assert best is not None
    with refused("still going", kind=Conflict):
        approve(halfway, best, bob, "Fine.")
    Run.objects.filter(pk=halfway.run_id).update(status="cancelled")
    assert approve(ProjectRun.objects.get(pk=halfway.pk), best, bob, "Fine.").number == 1


def test_a_candidate_of_another_run_is_refused(
    scene: Scene, finished: ProjectRun, best: Candidate, bob: User
) -> None:
    other = play(scene.start(seed=8))
    with refused("another run", kind=Conflict):
        approve(other, best, bob, "Fine.")


def test_a_decision_made_meanwhile_is_read_first(
    finished: ProjectRun, best: Candidate, bob: User, alice: User
) -> None:
    rejected = services.reject(finished, best, bob, "Not yet.", seen=0)
    with refused("Bob decided meanwhile: rejected", kind=Conflict):
        approve(finished, best, alice, "Fine.", seen=0)
    assert approve(finished, best, alice, "Fine.", seen=rejected.pk).number == 1

"""The review page: evidence, differences, and a decision by who may make it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from optimizer.models import Outcome, Trial
from promptlab.accounts.models import Project, User
from promptlab.reviews import services
from promptlab.reviews.models import Review, Version
from promptlab.runs.models import ProjectRun
from tests.promptlab.runs.scene import Scene, say_nothing

ClientOf = Callable[[User], Client]


@pytest.fixture
def url(finished: ProjectRun) -> str:
    assert finished.run.best_candidate is not None
    number = finished.run.best_candidate.number
    return f"/p/support-triage/runs/{finished.number}/review/{number}/"


def texts(html: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


def decide(
    client: Client, url: str, decision: str, note: str = "", seen: int = 0
) -> tuple[int, str]:
    post = {"decision": decision, "note": note, "seen": seen}
    answer = client.post(f"{url}decide/", post, follow=True)
    return answer.status_code, texts(answer.content.decode())


def test_a_reviewer_sees_evidence_and_what_approving_does(
    url: str, bob: User, client_of: ClientOf
) -> None:
    page = client_of(bob).get(url).content.decode()
    shown = texts(page)
    assert "Verdict" in shown
    assert "examples of the sealed test split, which nothing was chosen by" in shown
    assert "On the validation examples that it was chosen by: Candidate" in shown
    assert "expected on new examples" in shown
    assert "<ins>" in page
    assert "Disagreements" in shown
    assert "freezes this candidate as Support triage v1" in shown
    assert "Nothing in production changes until someone promotes it." in shown


def test_approving_leads_to_the_version(url: str, bob: User, client_of: ClientOf) -> None:
    status, shown = decide(client_of(bob), url, "approve", "Good.")
    assert status == 200
    assert "Approved as version 1 of Support triage." in shown
    assert "SHA-256 of the canonical JSON" in shown
    assert "Approved as v1" in texts(client_of(bob).get(url).content.decode())


def test_rejecting_without_a_reason_asks_for_it_and_keeps_the_page(
    url: str, bob: User, client_of: ClientOf
) -> None:
    status, shown = decide(client_of(bob), url, "reject")
    assert status == 422
    assert "Say why" in shown
    assert Review.objects.count() == 0


@pytest.mark.parametrize(
    ("decision", "said"),
    [("reject", "Rejected by Bob"), ("request_changes", "Changes requested by Bob")],
)
def test_a_note_is_shown_on_the_run(
    decision: str, said: str, url: str, bob: User, carol: User, client_of: ClientOf
) -> None:
    status, shown = decide(client_of(bob), url, decision, "Refunds got worse.")
    assert status == 200
    assert said in shown
    assert "Refunds got worse." in shown
    again = texts(client_of(carol).get(url).content.decode())
    assert said in again


def test_an_editor_reads_but_does_not_decide(url: str, erin: User, client_of: ClientOf) -> None:
    client = client_of(erin)
    assert "A reviewer of the project decides here." in texts(client.get(url).content.decode())
    assert decide(client, url, "approve")[0] == 403
    assert Version.objects.count() == 0


def test_the_second_person_rule_is_said_and_kept(
    url: str, finished: ProjectRun, erin: User, bob: User, client_of: ClientOf
) -> None:
    Project.objects.update(requires_second_person=True)
    erin.memberships.update(role="reviewer")
    client = client_of(erin)
    page = client.get(url).content.decode()
    assert "this project wants a second person" in texts(page)
    assert 'aria-disabled="true"' in page
    status, shown = decide(client, url, "approve")
    assert status == 422
    assert "this project wants a second person" in shown
    assert decide(client_of(bob), url, "approve", "Fine.")[0] == 200


def test_a_decision_made_meanwhile_is_shown_instead_of_overruled(
    url: str, finished: ProjectRun, alice: User, bob: User, client_of: ClientOf
) -> None:
    assert finished.run.best_candidate is not None
    services.reject(finished, finished.run.best_candidate, alice, "No.")
    status, shown = decide(client_of(bob), url, "approve", seen=0)
    assert status == 200
    assert "Alice decided meanwhile" in shown
    assert "Rejected by Alice" in shown
    assert Version.objects.count() == 0


def test_a_run_that_goes_on_cannot_be_decided(
    halfway: ProjectRun, bob: User, client_of: ClientOf
) -> None:
    number = halfway.run.best_candidate.number if halfway.run.best_candidate else 0
    url = f"/p/support-triage/runs/{halfway.number}/review/{number}/"
    assert "The run is still going." in texts(client_of(bob).get(url).content.decode())
    status, shown = decide(client_of(bob), url, "approve")
    assert status == 422
    assert "The run is still going." in shown


def test_what_does_not_exist_is_not_found(url: str, bob: User, client_of: ClientOf) -> None:
    assert client_of(bob).get("/p/support-triage/runs/1/review/999/").status_code == 404
    assert client_of(bob).get("/p/support-triage/runs/999/review/1/").status_code == 404


def test_a_candidate_without_a_score_has_a_page_that_says_so(
    scene: Scene, bob: User, client_of: ClientOf
) -> None:
    mute = say_nothing(scene.start())
    answer = client_of(bob).get(f"/p/support-triage/runs/{mute.number}/review/0/")
    assert answer.status_code == 200
    assert "the program as it stands, not scored" in texts(answer.content.decode())


@pytest.mark.parametrize(
    ("number", "shown"), [("best", "full score, not scored"), (0, "baseline, not scored")]
)
def test_candidates_that_lost_their_scores_can_be_looked_at(
    url: str, finished: ProjectRun, bob: User, client_of: ClientOf, number: int | str, shown: str
) -> None:
    best = finished.run.best_candidate
    assert best is not None
    lost = Trial.objects.filter(
        run=finished.run, candidate__number=best.number if number == "best" else number
    )
    Outcome.objects.filter(exchange__in=lost.values("exchange")).update(score=None, error="gone")
    answer = client_of(bob).get(url)
    assert answer.status_code == 200
    assert shown in texts(answer.content.decode())

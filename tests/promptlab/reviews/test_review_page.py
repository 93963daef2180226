"""The review page: evidence, differences, and a decision by who may make it."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from optimizer.models import Candidate, Outcome, Trial
from promptlab.accounts.models import Project, User
from promptlab.reviews import labels, services
from promptlab.reviews.models import Mention, Packet, Point, Review, Version
from promptlab.runs.models import ProjectRun
from tests.promptlab.approving import approve
from tests.promptlab.runs.scene import Scene, play, say_nothing

ClientOf = Callable[[User], Client]


@pytest.fixture
def url(finished: ProjectRun) -> str:
    assert finished.run.best_candidate is not None
    number = finished.run.best_candidate.number
    return f"/p/support-triage/runs/{finished.number}/review/{number}/"


def texts(html: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


def sent_and_seen(client: Client, url: str) -> None:
    client.post(f"{url}send/")
    for point in Point.objects.all():
        client.post(f"{url}look/", {"kind": point.kind, "name": point.name})


def decide(
    client: Client, url: str, decision: str, note: str = "", seen: int = 0
) -> tuple[int, str]:
    """Approving takes that it was sent to review, and that all of it was looked at."""
    if decision == "approve":
        sent_and_seen(client, url)
    packet = Packet.objects.first()
    post = {"decision": decision, "note": note, "seen": seen}
    post |= {"packet": packet.number} if packet else {}
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
    assert "It is approved once it was sent to review" in shown


def test_a_packet_says_what_is_still_to_see_and_then_what_approving_does(
    url: str, finished: ProjectRun, bob: User, erin: User, client_of: ClientOf
) -> None:
    client_of(erin).post(f"{url}send/", {"note": "Shorter, too.", "asked": bob.pk})
    client, packet = client_of(bob), Packet.objects.get()
    shown = texts(client.get(url).content.decode())
    assert "sent to review by Erin" in shown
    assert "Bob is asked to decide." in shown
    assert "Shorter, too." in shown
    assert "Still to look at before you can approve:" in shown
    assert f"{len(packet.evidence.lost)} example" in shown
    for moved in packet.evidence.lost:
        assert texts(moved.expected) in shown
    answer = client.post(f"{url}look/", {"kind": "module", "name": packet.evidence.changed[0]})
    assert answer["Location"] == f"{url}#module-{packet.evidence.changed[0]}"
    assert "Seen by you" in texts(client.get(url).content.decode())
    assert "Seen by you" not in texts(client_of(erin).get(url).content.decode())
    sent_and_seen(client, url)
    page = client.get(url).content.decode()
    assert "freezes this candidate as Support triage v1" in texts(page)
    assert "Nothing in production changes until someone promotes it." in texts(page)
    dialog = page[page.index('<dialog id="approve"') :]
    figures = texts(dialog[: dialog.index("</dialog>")])
    scores = packet.evidence.provenance.scores
    assert scores.candidate is not None
    assert f"{100 * scores.candidate.mean:.1f}" in figures
    assert "sign test p" in figures
    assert "Sealed test" in figures


def lose(project_run: ProjectRun, count: int) -> None:
    """So many examples that the baseline had right are wrong with the best."""
    mine = Outcome.objects.filter(exchange__in=full_of(project_run.run.best_candidate))
    base = Outcome.objects.filter(exchange__in=full_of(project_run.run.candidates.get(number=0)))
    right = base.filter(score=1.0).order_by("position").values_list("example", flat=True)[:count]
    assert mine.filter(example__in=list(right)).update(score=0.0) == count


def full_of(candidate: Candidate | None) -> list[int]:
    assert candidate is not None
    trials = candidate.trials.filter(full=True, exchange__isnull=False).order_by("number")
    return list(trials.values_list("exchange", flat=True))[-1:]


def test_opening_a_regression_leads_to_its_example_and_the_rest_may_pass_with_a_reason(
    url: str, finished: ProjectRun, bob: User, client_of: ClientOf
) -> None:
    lose(finished, 3)
    client = client_of(bob)
    client.post(f"{url}send/")
    lost = Packet.objects.get().evidence.lost
    assert len(lost) == 3
    answer = client.post(
        f"{url}look/", {"kind": "regression", "name": lost[0].example}, follow=True
    )
    assert "The example" in texts(answer.content.decode())
    answer = client.post(f"{url}waive/", {"reason": " "}, follow=True)
    shown = texts(answer.content.decode())
    assert "Say why these may pass" in shown
    assert "2 to open" in shown
    client.post(f"{url}waive/", {"reason": "Their labels are wrong."})
    page = client.get(url).content.decode()
    assert "changed module" in texts(page)
    assert "to open" not in texts(page)
    assert page.count('title="Their labels are wrong."') == 2


def test_what_was_not_sent_is_not_approved_on_the_page(
    url: str, bob: User, client_of: ClientOf
) -> None:
    answer = client_of(bob).post(f"{url}decide/", {"decision": "approve", "seen": 0})
    assert answer.status_code == 422
    assert "Send it to review first" in texts(answer.content.decode())


def test_a_request_for_changes_is_answered_where_it_is_read(
    url: str, bob: User, erin: User, client_of: ClientOf
) -> None:
    decide(client_of(bob), url, "request_changes", "Shorten it.")
    client = client_of(erin)
    shown = texts(client.get(url).content.decode())
    assert "Bob asked for changes on" in shown
    assert "Shorten it." in shown
    answer = client.post(f"{url}send/", {"note": ""})
    assert answer.status_code == 422
    assert "say what was done about that" in texts(answer.content.decode())
    answer = client.post(f"{url}send/", {"note": "Shortened.", "asked": bob.pk}, follow=True)
    assert "Erin answers Bob" in texts(answer.content.decode())


def test_a_comment_is_read_by_whom_it_names(
    url: str, bob: User, erin: User, carol: User, client_of: ClientOf
) -> None:
    client_of(erin).post(f"{url}send/")
    module = Packet.objects.get().evidence.changed[0]
    said = {"module": module, "line": 1, "text": "@erin is <b>this</b> right?"}
    answer = client_of(bob).post(f"{url}comment/", said, follow=True)
    assert "Bob on line 1" in texts(answer.content.decode())
    assert "&lt;b&gt;this&lt;/b&gt;" in answer.content.decode()
    mention = Mention.objects.get()
    mine = f"/p/support-triage/mentions/{mention.pk}/"
    assert client_of(bob).post(mine).status_code == 404  # it is erin's to read
    assert client_of(erin).post(mine)["Location"] == f"{url}#module-{module}"
    assert Mention.objects.get().read_at is not None
    assert client_of(carol).post(f"{url}comment/", said).status_code == 403


def test_the_evidence_is_downloaded_as_it_was_stored(
    url: str, carol: User, erin: User, client_of: ClientOf
) -> None:
    assert client_of(carol).get(f"{url}packet.json").status_code == 404
    client_of(erin).post(f"{url}send/")
    answer = client_of(carol).get(f"{url}packet.json")
    assert answer.content.decode() == Packet.objects.get().canonical


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
    sent_and_seen(client, url)
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


def test_a_packet_says_when_production_was_moved_since_and_is_sent_again(
    scene: Scene, url: str, bob: User, erin: User, client_of: ClientOf
) -> None:
    client_of(erin).post(f"{url}send/")
    other = play(scene.start(seed=8))
    assert other.run.best_candidate is not None
    version = approve(other, other.run.best_candidate, bob, "Fine.")
    assert "Send it again" not in texts(client_of(erin).get(url).content.decode())
    labels.promote(version, "production", bob, None)
    shown = texts(client_of(erin).get(url).content.decode())
    assert "is at v1 now, with which this packet does not compare" in shown
    client_of(erin).post(f"{url}send/")
    shown = texts(client_of(erin).get(url).content.decode())
    assert "Packet 2" in shown
    assert "production (v1)" in shown
    assert "Send it again" not in shown


def test_a_demo_that_may_hold_personal_data_is_marked_beside_its_row(
    url: str, finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    best = finished.run.best_candidate
    assert best is not None
    row = finished.run.train.examples[3]
    said = {"message": "Write to ann.lee@example.org, please."}
    row["inputs"] = said
    finished.run.train.save()
    module = next(m for m in best.prompts["modules"].values() if m["demos"])
    module["demos"][0]["values"] |= said
    best.save()
    client_of(erin).post(f"{url}send/")
    marked = [demo for demo in Packet.objects.get().evidence.demos if demo.personal]
    assert [(demo.row, demo.personal) for demo in marked] == [(row["id"], ("e_mail",))]
    shown = texts(client_of(erin).get(url).content.decode())
    assert "may hold personal data: e-mail address" in shown
    assert f"from row {row['id']}" in shown

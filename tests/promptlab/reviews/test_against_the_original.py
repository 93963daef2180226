"""Approving where the run recommends to keep the original prompt: it needs a word of why."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.test import Client

from optimizer.codec import to_json
from optimizer.core.conversation.events import TestScored as Final
from optimizer.core.evaluation.stats import Comparison, Estimate, FullScore
from optimizer.core.problems import Conflict
from optimizer.models import Candidate, Run
from promptlab.accounts.models import User
from promptlab.accounts.tokens import create_token
from promptlab.releases import services as releases
from promptlab.releases.formats import FORMATS
from promptlab.reviews import packets, services
from promptlab.reviews.models import Version
from promptlab.runs.models import ProjectRun
from tests.fakes.telling import refused
from tests.promptlab.approving import approve, see_all

ClientOf = Callable[[User], Client]
SAID = "say why this one is approved all the same"
NOTHING = ["", "   ", "\n\t", "\u200b\u2060", "…"]
TIED = Comparison(60, 6, 5, 49, 0.017, -0.083, 0.117, 0.85)
WORSE = Comparison(60, 2, 14, 44, -0.2, -0.3, -0.1, 0.004)
BETTER = Comparison(60, 20, 3, 37, 0.28, 0.17, 0.4, 0.0003)


def concluding(project_run: ProjectRun, found: Comparison, split: Any = "test") -> ProjectRun:
    """The run as if its final word had been this."""
    before = Estimate(0.55, 60, 0.42, 0.67)
    best = FullScore(before.mean + found.gain, 60, 0.4, 0.8)
    told = Final(FullScore(before.mean, 60, 0.42, 0.67), best, found, split)
    Run.objects.filter(pk=project_run.run_id).update(test_result=to_json(told))
    return ProjectRun.objects.get(pk=project_run.pk)


@pytest.fixture
def kept(finished: ProjectRun) -> ProjectRun:
    return concluding(finished, TIED)


def best_of(project_run: ProjectRun) -> Candidate:
    assert project_run.run.best_candidate is not None
    return project_run.run.best_candidate


def another_of(project_run: ProjectRun) -> Candidate:
    """One that was fully evaluated, too, and is neither the best nor the original."""
    found = Candidate.objects.filter(
        run=project_run.run_id, number__gt=0, trials__full=True, trials__score__isnull=False
    )
    return found.exclude(pk=best_of(project_run).pk).distinct()[0]


def shown(answer: Any) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split()))


def url_of(project_run: ProjectRun, candidate: Candidate) -> str:
    return f"/p/support-triage/runs/{project_run.number}/review/{candidate.number}/"


@pytest.mark.parametrize("note", NOTHING)
@pytest.mark.parametrize("found", [TIED, WORSE], ids=["tied", "worse"])
def test_it_is_refused_without_a_reason(
    found: Comparison, note: str, finished: ProjectRun, bob: User
) -> None:
    kept = concluding(finished, found)
    with refused(SAID, kind=Conflict):
        approve(kept, best_of(kept), bob, note)
    assert not Version.objects.exists()
    assert not kept.reviews.exists()


def test_any_other_candidate_of_the_run_needs_a_reason_too(kept: ProjectRun, bob: User) -> None:
    other = another_of(kept)
    with refused(SAID, kind=Conflict):
        approve(kept, other, bob)
    content = approve(kept, other, bob, "Half as long.").content
    assert content.provenance.is_against


def test_so_it_does_where_the_best_is_the_original_itself(finished: ProjectRun, bob: User) -> None:
    original = Candidate.objects.get(run=finished.run_id, number=0)
    other = best_of(finished)
    Run.objects.filter(pk=finished.run_id).update(best_candidate=original)
    unchanged = ProjectRun.objects.get(pk=finished.pk)
    with refused(SAID, kind=Conflict):
        approve(unchanged, other, bob)


def test_a_run_that_rests_with_a_tie_is_asked_the_same(kept: ProjectRun, bob: User) -> None:
    Run.objects.filter(pk=kept.run_id).update(status=Run.Status.PAUSED)
    with refused(SAID, kind=Conflict):
        approve(ProjectRun.objects.get(pk=kept.pk), best_of(kept), bob)


def test_the_original_itself_is_approved_without_a_word(kept: ProjectRun, bob: User) -> None:
    original = Candidate.objects.get(run=kept.run_id, number=0)
    content = approve(kept, original, bob).content
    assert not content.provenance.is_against


def test_what_the_run_recommends_is_approved_without_a_word(
    finished: ProjectRun, bob: User
) -> None:
    better = concluding(finished, BETTER)
    assert not approve(better, best_of(better), bob).content.provenance.is_against


def test_once_approved_it_is_approved(kept: ProjectRun, bob: User, alice: User) -> None:
    made = approve(kept, best_of(kept), bob, "Half as long.")
    assert approve(kept, best_of(kept), alice) == made


def test_the_page_says_it_beforehand(kept: ProjectRun, bob: User, client_of: ClientOf) -> None:
    for candidate in (best_of(kept), another_of(kept)):
        page = client_of(bob).get(url_of(kept, candidate))
        assert "recommends to keep the original prompt" in shown(page)
        assert "Needed for every decision here" in shown(page)
        assert 'aria-required="true"' in page.content.decode()
        assert "Note optional" not in shown(page)
    original = Candidate.objects.get(run=kept.run_id, number=0)
    page = client_of(bob).get(url_of(kept, original))
    assert "Needed to reject or to request changes." in shown(page)
    assert "Note optional" in shown(page)
    assert 'id="original-kept"' not in page.content.decode()


def test_the_page_asks_at_the_note_and_loses_nothing(
    kept: ProjectRun, bob: User, client_of: ClientOf
) -> None:
    rejected = services.reject(kept, best_of(kept), bob, "Let me think.")
    packet = packets.send(kept, best_of(kept), bob)
    for point in packet.points.all():
        packets.look(packet, point.kind, point.name, bob)
    address = f"{url_of(kept, best_of(kept))}decide/"
    given = {"decision": "approve", "note": "…", "seen": rejected.pk, "packet": 1}
    answer = client_of(bob).post(address, given)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert SAID in unescape(page)
    form = page[page.index('id="decision"') :]
    assert re.search(r'id="id_note_error".*?all the same', form, re.DOTALL)
    assert re.search(r'<textarea[^>]*aria-invalid="true"[^>]*>\s*…</textarea>', form)
    assert f'name="seen" value="{rejected.pk}"' in form
    assert not Version.objects.exists()
    again = client_of(bob).post(address, {**given, "note": "Half as long."}, follow=True)
    assert "Approved as version 1" in shown(again)


def test_the_api_refuses_it_at_the_note(kept: ProjectRun, bob: User) -> None:
    _token, secret = create_token(bob, "test")
    api = Client(headers={"Authorization": f"Bearer {secret}"})
    best = best_of(kept).number
    address = f"/api/v1/projects/support-triage/runs/{kept.number}/candidates/{best}/reviews"
    see_all(packets.send(kept, best_of(kept), bob), bob)
    answer = api.post(address, {"decision": "approve", "packet": 1}, "application/json")
    assert answer.status_code == 409
    (told,) = answer.json()["problems"]
    assert told["field"] == "note"
    assert SAID in told["message"]
    given = {"decision": "approve", "note": "Half as long.", "packet": 1}
    assert api.post(address, given, "application/json").status_code == 201


def test_the_reason_stands_with_the_version(
    kept: ProjectRun, bob: User, client_of: ClientOf
) -> None:
    version = approve(kept, best_of(kept), bob, "Half as long, “as good”.")
    assert json.loads(version.canonical)["provenance"]["approval"]["note"] == version.note
    page = client_of(bob).get(f"/p/support-triage/versions/{version.program_id}/1/")
    assert "approved although its run recommended to keep the original" in shown(page)
    assert shown(page).count("Half as long, “as good”.") == 1
    for name in ("python", "dspy_module"):
        file = releases.file_of(version, FORMATS[name]).decode()
        assert "keep the original prompt; approved all the same, because: Half as long" in file

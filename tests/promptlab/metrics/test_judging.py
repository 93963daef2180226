"""A judge on its page: asked by a button that says what it costs, and found again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import Http404
from django.test import Client
from django.utils import timezone

from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.evaluation.outcome import Outcome, Score
from optimizer.models import Provider, Run
from optimizer.running import snapshots
from promptlab.accounts.models import Project, User
from promptlab.accounts.roles import Role
from promptlab.datasets.models import Dataset
from promptlab.metrics.live import LiveJudging
from promptlab.metrics.models import Metric
from promptlab.programs.models import Program
from promptlab.ui.parameters import Parameters
from tests.evaluations import answered, ended
from tests.promptlab.metrics.test_llm_judge import judge
from tests.promptlab.metrics.test_metrics import address, new_address, text_of

Browser = Callable[[User], Client]


def newest() -> Run:
    return Run.objects.latest("pk")


def said(verdict: str, reason: str = "It says so.") -> dict[str, Any]:
    return {"reason": reason, "verdict": verdict}


@pytest.fixture
def form(provider: Provider, one_step: Program, dataset: Dataset) -> dict[str, Any]:
    return judge(provider, program=str(one_step.pk), dataset=str(dataset.pk))


def test_the_bench_asks_only_by_the_button_that_says_the_price_and_finds_what_was_judged(
    client_of: Browser, erin: User, project: Project, form: dict[str, Any], provider: Provider
) -> None:
    provider.input_price = provider.output_price = 2_000_000
    provider.save()
    client, here = client_of(erin), new_address(project)
    page = text_of(client.post(here, form | {"look": "1"}))
    assert not Run.objects.exists()
    assert "5 calls at most," in page
    assert "about $0.00" in page

    page = text_of(client.post(here, form | {"look": "1", "ask": "1"}))
    run = newest()
    assert f"/judgings/{run.pk}/?of=form" in page
    client.post(here, form | {"look": "1", "ask": "1"})
    assert Run.objects.count() == 1  # whoever waits for the very same waits on
    spec = snapshots.thawed(run, EvaluationSpec)
    assert (spec.role, len(spec.examples)) == ("judge", 5)
    assert "message: " in str(spec.examples[0].inputs["given"])

    first, second, *rest = (e.id for e in spec.examples)
    answered(
        run,
        Outcome(first, Score(1.0), said("good", "It is right."), ()),
        Outcome(second, Score(0.0, "no JSON"), {}, ()),
        *(Outcome(example, None, {}, (), "gone") for example in rest),
    )  # fmt: skip
    page = text_of(client.post(here, form | {"look": "1"}))
    assert "good: It is right." in page
    assert "no JSON" in page
    assert page.count("gone") == 3
    other = form | {"look": "1", "rubric": "Is it short?"}
    assert "good: It is right." not in text_of(client.post(here, other))


def test_a_judge_that_takes_long_is_waited_for_and_one_that_nobody_asks_is_lost(
    client_of: Browser, erin: User, project: Project, form: dict[str, Any]
) -> None:
    client, here = client_of(erin), new_address(project)
    client.post(here, form | {"look": "1", "ask": "1"})
    Run.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert "No answer came" in text_of(client.post(here, form | {"look": "1"}))
    Run.objects.update(status="running")
    assert "The judge reads the answers." in text_of(client.post(here, form | {"look": "1"}))


def test_a_viewer_looks_but_spends_nothing(
    client_of: Browser, erin: User, carol: User, project: Project, form: dict[str, Any]
) -> None:
    client_of(erin).post(new_address(project), form)
    here = address(Metric.objects.get())
    assert 'name="ask"' in text_of(client_of(erin).get(here))
    client = client_of(carol)
    assert 'name="ask"' not in text_of(client.get(here))
    assert client.post(here, form | {"look": "1"}).status_code == 200
    for wish in ("ask", "write"):
        assert client.post(here, form | {"look": "1", wish: "1"}).status_code == 403
    assert not Run.objects.exists()


def test_a_rubric_is_written_from_a_sentence_and_then_yours(
    client_of: Browser, erin: User, project: Project, form: dict[str, Any]
) -> None:
    client, here, wish = client_of(erin), new_address(project), {"look": "1", "wish": "Be brief"}
    assert "Say in a sentence" in text_of(
        client.post(here, form | {"look": "1", "write": "1", "wish": " "})
    )
    assert "Writing" in text_of(client.post(here, form | wish | {"write": "1"}))
    spec = snapshots.thawed(newest(), EvaluationSpec)
    assert (spec.role, spec.examples[0].inputs) == ("optimizer", {"wish": "Be brief"})
    levels = [
        {"name": "terse", "score": 1, "description": "ten words"},
        {"name": "long (!)", "score": -3, "description": ""},
        {"name": "", "score": 1},
    ]
    answered(
        newest(), Outcome("wish", Score(1.0), {"rubric": "Count words.", "levels": levels}, ())
    )
    page = text_of(client.post(here, form | wish | {"take": "1"}))
    assert "Count words." in page
    assert "terse (1): ten words\nlong ! (0)" in page
    assert "Count words." not in text_of(client.post(here, form | wish))


def test_what_cannot_be_written_or_judged_is_told(
    client_of: Browser, erin: User, project: Project, form: dict[str, Any]
) -> None:
    client, here, wish = client_of(erin), new_address(project), {"look": "1", "wish": "Be brief"}
    client.post(here, form | wish | {"write": "1"})
    answered(newest(), Outcome("wish", Score(0.0, "it is no JSON"), {}, ()))
    page = text_of(client.post(here, form | wish | {"take": "1"}))
    assert "wrote no rubric that can be used" in page
    assert "it is no JSON" in page
    assert "Is it polite?" in page

    client.post(here, form | {"look": "1", "ask": "1"})
    ended(newest(), "failed", message="The provider is closed.")
    assert "The provider is closed." in text_of(client.post(here, form | {"look": "1"}))
    few = form | {"look": "1", "ask": "1", "levels": "good (1)"}
    assert "choices" in text_of(client.post(here, few))


def test_the_page_listens_until_the_end_and_then_takes_what_was_written(
    client_of: Browser, erin: User, project: Project, form: dict[str, Any]
) -> None:
    client, here = client_of(erin), new_address(project)
    client.post(here, form | {"look": "1", "ask": "1"})
    page = LiveJudging(project=project, judging=newest().pk, asked=Parameters({"metric": "7"}))
    assert page.rings() == [("run", newest().pk)]
    assert "<progress" in page.changes(Role.VIEWER)
    ended(newest(), "finished")
    told = page.changes(Role.VIEWER)
    assert not page.goes_on
    assert f'hx-post="/p/{project.slug}/metrics/7/"' in told
    assert "take" not in told
    client.post(here, form | {"look": "1", "write": "1", "wish": "Be brief"})
    ended(newest(), "finished")
    page = LiveJudging(project=project, judging=newest().pk, asked=Parameters())
    assert '"take": "1"' in page.changes(Role.VIEWER)
    with pytest.raises(Http404):
        LiveJudging(project=project, judging=10**6, asked=Parameters()).rings()

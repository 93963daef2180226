"""The form of a judge: its model, its rubric and its levels, a line each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django import forms
from django.test import Client

from optimizer.core.evaluation.program_metric import Level
from optimizer.core.metrics.llm_judge import LlmJudge
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.lm import OwnModel
from optimizer.models import Provider
from promptlab.accounts.models import Project, User
from promptlab.metrics import services
from promptlab.metrics.kinds.judging import DemosField, LevelsField
from promptlab.metrics.models import Metric
from tests.promptlab.metrics.test_metrics import address, new_address, text_of, typed

Browser = Callable[[User], Client]
LEVELS = "good (1): polite\nfair (0,5)\npoor (0): rude: or wrong"


def judge(provider: Provider, **changed: Any) -> dict[str, Any]:
    """What the form is sent."""
    return typed(
        kind="llm_judge", expected="", model=f"{provider.pk}:scripted", rubric="Is it polite?",
        levels=LEVELS, **changed,
    )  # fmt: skip


def test_a_judge_is_created_without_a_column_and_stays_as_it_is_when_it_is_saved_again(
    client_of: Browser, erin: User, project: Project, provider: Provider
) -> None:
    client = client_of(erin)
    assert client.post(new_address(project), judge(provider)).status_code == 302
    made = Metric.objects.get()
    levels = (Level("good", 1, "polite"), Level("fair", 0.5), Level("poor", 0, "rude: or wrong"))
    own = OwnModel(provider.pk, "scripted")
    assert made.core == LlmJudge("intent", "", model=own, rubric="Is it polite?", levels=levels)
    services.save_metric(made, made.name, made.core.taught(_prompts(made.core)))
    page = text_of(client.get(address(made)))
    assert "good (1): polite\nfair (0.5)\npoor (0): rude: or wrong" in page
    core = Metric.objects.get().core
    again = judge(provider, demos=DemosField().prepare_value(core.demos))
    assert client.post(address(made), again).status_code == 302
    assert Metric.objects.get().core == core


def _prompts(core: LlmJudge) -> dict[str, Any]:
    demo = Demo({"given": "a", "answer": "b", "reason": "c", "verdict": "good"})
    (step,) = core.program.modules
    return {step.name: type("Prompt", (), {"instruction": core.rubric, "demos": (demo,)})}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"levels": "good\nbad"}, "is no level"),
        ({"levels": "good (1)"}, "two levels"),
        ({"levels": "good (1)\nbad (2)"}, "must be from 0 to 1"),
        ({"model": ""}, "required"),
        ({"rubric": ""}, "required"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_kept(
    client_of: Browser, erin: User, project: Project, provider: Provider,
    changed: dict[str, Any], told: str,
) -> None:  # fmt: skip
    answer = client_of(erin).post(new_address(project), judge(provider) | changed)
    assert answer.status_code == 422
    assert told in text_of(answer)
    assert not Metric.objects.exists()


@pytest.mark.parametrize("kind", ["llm_judge", "similarity"])
def test_a_model_that_is_chosen_stays_so_while_one_looks(
    client_of: Browser, erin: User, project: Project, provider: Provider, kind: str
) -> None:
    value = f"{provider.pk}:scripted"
    said = judge(provider, look="1", embedding=value) | {"kind": kind}
    answer = client_of(erin).post(new_address(project), said)
    assert answer.status_code == 200
    offered = kind == "llm_judge"  # it makes no vectors
    assert (f'<option value="{value}" selected>' in text_of(answer)) is offered


def test_levels_are_read_as_text_and_as_the_api_has_them() -> None:
    field = LevelsField()
    listed = '[{"name": "good", "score": 1, "description": "x"}, {"name": "bad", "score": 0}]'
    assert field.clean(listed) == field.clean("good (1): x\nbad (0)")
    unstorable = '[{"name": "a\\u0000", "score": 1}]'
    for wrong in ('[{"nam": 1}]', "[1", "no level", "[" * 19_000, unstorable):
        with pytest.raises(forms.ValidationError):
            field.clean(wrong)
    with pytest.raises(forms.ValidationError):
        DemosField().clean("[1]")

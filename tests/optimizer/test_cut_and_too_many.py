"""Replies that are cut off stop a run before it is paid for; “too many” fails no example."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from optimizer.core.programs.lm import Reply
from optimizer.jobs import controls
from optimizer.lm import retry
from optimizer.lm.call import LMCall
from optimizer.lm.failures import CallFailed, Overloaded, PromptRefused, Silent
from optimizer.models import Outcome
from optimizer.sentences import sentence
from tests.fakes.scripted_lm import ScriptedLM, by_skill
from tests.optimizer.conftest import SMALL, Create, carry_on


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.0)


def cut(call: LMCall) -> Reply:
    return Reply("{", 40, call.max_tokens, finish_reason="length")


def test_a_run_whose_replies_are_cut_off_says_so_before_it_has_spent_much(create: Create) -> None:
    lm = ScriptedLM(cut)
    row = carry_on(create(), lm)
    assert (row.status, row.stop_reason) == ("paused", "replies cut")
    assert "were cut off at its limit of 50 tokens" in sentence(row.message)
    assert "scripted" in sentence(row.message)
    assert len(lm.calls) <= 12


def test_whoever_resumes_it_has_seen_that(create: Create) -> None:
    row = carry_on(create(), ScriptedLM(cut))
    controls.resume(row.pk)
    row = carry_on(row, ScriptedLM(cut))
    assert row.stop_reason != "replies cut"
    assert row.accepts_cut


def test_some_replies_that_are_cut_off_stop_no_run(create: Create) -> None:
    def some(call: LMCall) -> str | Reply:
        return cut(call) if call.messages[-1].content.endswith(" 5") else by_skill(call)

    assert carry_on(create(), ScriptedLM(some)).status == "finished"


@pytest.mark.parametrize(("fails", "told"), [(True, (0.0, "")), (False, (None, "error"))])
def test_a_new_run_scores_them_as_failed_answers_and_one_from_before_leaves_them_out(
    create: Create, fails: bool, told: tuple[float | None, str]
) -> None:
    def some(call: LMCall) -> str | Reply:
        return cut(call) if call.messages[-1].content.endswith(" 5") else by_skill(call)

    row = carry_on(create(settings=replace(SMALL, cut_off_fails=fails)), ScriptedLM(some))
    assert row.status == "finished", row.message
    found = Outcome.objects.filter(exchange__run=row, example="v5")
    assert found.exists()
    assert {(one.score, one.error and "error") for one in found} == {told}


def test_examples_that_are_told_too_many_get_their_answers_later(create: Create) -> None:
    told: Counter[LMCall] = Counter()

    def busy(call: LMCall) -> str | CallFailed:
        told[call] += 1
        hard = call.messages[-1].content.endswith((" 3", " 7"))
        return Overloaded("slow down") if hard and told[call] < 15 else by_skill(call)

    row = carry_on(create(), ScriptedLM(busy))
    assert row.status == "finished", row.message
    assert not Outcome.objects.filter(exchange__run=row).exclude(error="").exists()


def test_too_many_without_an_end_rests_the_run_and_fails_no_example(create: Create) -> None:
    def busy(call: LMCall) -> str | CallFailed:
        hard = call.messages[-1].content.endswith(" 3")
        return Overloaded("it takes no more calls for now.") if hard else by_skill(call)

    row = carry_on(create(), ScriptedLM(busy), attempts=2)
    assert (row.status, row.stop_reason) == ("paused", "provider down")
    assert not Outcome.objects.filter(exchange__run=row).exclude(error="").exists()
    controls.resume(row.pk)
    row = carry_on(row, ScriptedLM())
    assert row.status == "finished"
    assert not Outcome.objects.filter(exchange__run=row).exclude(error="").exists()


@pytest.mark.parametrize("failure", [PromptRefused, Silent])
def test_many_refusals_in_a_row_are_no_outage(create: Create, failure: type[CallFailed]) -> None:
    def refused(call: LMCall) -> str | CallFailed:
        hard = call.schema is not None and "message 1" in call.messages[-1].content
        return failure("it is filtered.", said="filtered") if hard else by_skill(call)

    lm = ScriptedLM(refused)
    row = carry_on(create(), lm)
    assert row.status == "finished", row.message
    assert set(lm.sent().values()) == {1}
    errors = Outcome.objects.filter(exchange__run=row).exclude(error="")
    assert {(one.score, one.data["said"]) for one in errors} == {(None, "filtered")}

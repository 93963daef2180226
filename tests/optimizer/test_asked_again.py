"""What failed in passing is asked once more before a score counts; what failed for good is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from optimizer.core.programs.lm import Reply
from optimizer.lm import retry
from optimizer.lm.call import LMCall
from optimizer.lm.failures import (
    CallFailed,
    NoReply,
    PromptRefused,
    ServerFailed,
    TimedOut,
    Unreachable,
)
from optimizer.models import Completion, Exchange, Outcome, Run
from tests.fakes.scripted_lm import Killed, ScriptedLM, always_right, by_skill
from tests.optimizer.conftest import Create, carry_on

ATTEMPTS = 2
Script = Callable[[LMCall], str | Reply | Exception]


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.0)


def hard(call: LMCall, *numbers: int) -> bool:
    words = call.messages[-1].content
    return call.schema is not None and words.endswith(tuple(f" {n}" for n in numbers))


def failing(times: int, failure: CallFailed, *numbers: int, else_: Script = always_right) -> Script:
    """Those messages fail so often, each call by itself, and are answered after."""
    told: Counter[LMCall] = Counter()

    def script(call: LMCall) -> str | Reply | Exception:
        if hard(call, *numbers) and told[call] < times:
            told[call] += 1
            return failure
        return else_(call)

    return script


def again(row: Run) -> tuple[int, int]:
    """Of the baseline: asked again, and answered then."""
    exchange = Exchange.objects.get(run=row, purpose="baseline")
    return exchange.asked_again, exchange.answered_again


def failed(row: Run) -> list[Outcome]:
    """Outcomes of the baseline without a score."""
    return list(Outcome.objects.filter(exchange__run=row, exchange__purpose="baseline", score=None))


def start_anew() -> None:
    Run.objects.all().delete()
    Completion.objects.all().delete()


@pytest.mark.parametrize("failure", [ServerFailed("oops"), Unreachable("no"), TimedOut("late")])
def test_an_example_that_failed_in_passing_has_a_score_in_the_end(
    create: Create, failure: CallFailed
) -> None:
    lm = ScriptedLM(failing(ATTEMPTS, failure, 5, 7))
    row = carry_on(create(), lm, attempts=ATTEMPTS)
    assert (row.status, row.baseline_score["n"], row.baseline_score["errors"]) == (
        "finished",
        16,
        0,
    )
    assert not Outcome.objects.filter(exchange__run=row).exclude(error="").exists()
    assert again(row) == (2, 2)
    marked = Outcome.objects.filter(exchange__run=row, data__asked_again=True)
    assert {"v5", "v7"} <= {outcome.example for outcome in marked}


def test_the_whole_run_ends_as_if_nothing_had_failed(create: Create) -> None:
    undisturbed = carry_on(create(), ScriptedLM())
    scores = list(undisturbed.trials.values_list("number", "score"))
    best = undisturbed.best_candidate.digest  # type: ignore[union-attr]
    start_anew()
    lm = ScriptedLM(failing(ATTEMPTS, ServerFailed("oops"), 5, 7, else_=by_skill))
    row = carry_on(create(), lm, attempts=ATTEMPTS)
    assert list(row.trials.values_list("number", "score")) == scores
    assert row.best_candidate.digest == best  # type: ignore[union-attr]
    assert again(row) == (2, 2)


def test_what_fails_again_is_an_error_that_says_so(create: Create) -> None:
    lm = ScriptedLM(failing(10**6, ServerFailed("oops"), 5))
    row = carry_on(create(), lm, attempts=ATTEMPTS)
    assert (row.baseline_score["n"], row.baseline_score["errors"]) == (15, 1)
    (error,) = failed(row)
    assert (error.error, error.data["asked_again"]) == ("oops", True)
    assert again(row) == (1, 0)
    sent = Counter(call for call in lm.calls if hard(call, 5))
    assert min(sent.values()) == 2 * ATTEMPTS


def test_what_is_refused_for_good_is_not_asked_again(create: Create) -> None:
    lm = ScriptedLM(failing(10**6, PromptRefused("it is filtered"), 5))
    row = carry_on(create(), lm, attempts=ATTEMPTS)
    assert row.baseline_score["errors"] == 1
    assert again(row) == (0, 0)
    assert set(lm.sent().values()) == {1}
    assert "asked_again" not in failed(row)[0].data


def test_a_call_whose_end_is_unknown_is_not_sent_more_often_than_is_promised(
    create: Create,
) -> None:
    """It may have been paid each time."""
    lm = ScriptedLM(failing(10**6, NoReply("gone"), 5))
    row = carry_on(create(), lm)
    assert {n for call, n in Counter(lm.calls).items() if hard(call, 5)} == {3}
    assert row.baseline_score["errors"] == 1
    assert failed(row)[0].error == "gone"
    assert again(row) == (0, 0)


def test_more_hard_examples_than_make_an_outage_are_none_when_they_fail_again(
    create: Create,
) -> None:
    lm = ScriptedLM(failing(10**6, ServerFailed("oops"), 0, 2, 4, 6, 8, 10))
    row = create()
    carried = carry_on(row, lm, attempts=1)
    assert carried.status == "finished", carried.message
    assert again(carried) == (6, 0)


def test_a_cap_that_ends_while_asking_again_leaves_the_score_of_what_was_answered(
    create: Create,
) -> None:
    lm = ScriptedLM(failing(10**6, ServerFailed("oops"), 5))
    row = carry_on(create({"max_calls": 17}), lm, attempts=ATTEMPTS)
    assert row.used_calls <= 17
    assert (row.baseline_score["n"], row.baseline_score["errors"]) == (15, 1)
    assert Exchange.objects.get(run=row, purpose="baseline").refused == ""


def test_a_run_that_is_killed_while_asking_again_ends_alike(create: Create) -> None:
    once = failing(ATTEMPTS, ServerFailed("oops"), 5)
    whole = carry_on(create(), ScriptedLM(once), attempts=ATTEMPTS)
    start_anew()
    row, told = create(), Counter[LMCall]()

    def script(call: LMCall) -> str | Reply | Exception:
        told[call] += hard(call, 5)
        if told[call] > ATTEMPTS:
            raise Killed
        return ServerFailed("oops") if told[call] else always_right(call)

    with pytest.raises(Killed):
        carry_on(row, ScriptedLM(script), attempts=ATTEMPTS)
    once = failing(ATTEMPTS, ServerFailed("oops"), 5)
    ended = carry_on(row, ScriptedLM(once), attempts=ATTEMPTS)
    assert (ended.status, ended.baseline_score) == ("finished", whole.baseline_score)
    assert again(ended) == (1, 1)

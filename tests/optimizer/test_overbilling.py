"""A provider that bills more than was reserved for a call: the run pauses and loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from optimizer.core.conversation.spec import RunSpec
from optimizer.jobs import controls, model_checks
from optimizer.lm.call import LMCall
from optimizer.models import Completion, Provider, Run
from tests.evaluations import checked, held, start_tryout
from tests.fakes.scripted_lm import ScriptedLM, by_skill
from tests.fakes.telling import told
from tests.fakes.world import two_module_program
from tests.optimizer.conftest import Create, carry_on, elsewhere

FAIR = (40, 10)
DEAR = (40, 60_000_000)
"""At $2 per million tokens of output: $120."""


class Billing(ScriptedLM):
    """Reports the usage that `bills` gives to the number of a call, the fair one to others."""

    def __init__(self, bills: dict[int, tuple[int, int]], seconds: float = 0.0) -> None:
        super().__init__(script=self._billed, seconds=seconds)
        self.bills = bills

    def _billed(self, call: LMCall) -> str:
        self.usage = self.bills.get(self.answering, FAIR)
        return by_skill(call)


def resumed(row: Run, lm: ScriptedLM) -> Run:
    controls.resume(row.pk)
    return carry_on(row, lm)


def test_the_first_reply_that_costs_more_than_was_reserved_pauses_the_run(create: Create) -> None:
    lm = Billing({5: DEAR}, seconds=0.01)
    row = carry_on(create(limits={"max_cost": 1_020_000}), lm)
    assert (row.status, row.stop_reason) == ("paused", "overbilled")
    assert "“Scripted” bills $120.00 for a call to scripted" in told(row.message)
    assert "at most $0.00" in told(row.message)
    assert "raise the run's cap of $1.02, then resume the run to go on." in told(row.message)
    assert len(lm.calls) <= 16  # what was out came home, nothing new was sent
    assert (row.held_calls, row.held_cost) == (0, 0)
    assert row.spent == sum(Completion.objects.values_list("cost", flat=True))
    assert row.used_cost <= 1_020_000 < row.over_cost


def test_a_resumed_run_goes_on_and_asks_for_nothing_again(create: Create) -> None:
    undisturbed = carry_on(create(), ScriptedLM())
    Run.objects.all().delete()
    Completion.objects.all().delete()
    lm = Billing({5: DEAR})
    row = carry_on(create(), lm)
    assert row.stop_reason == "overbilled"
    row = resumed(row, lm)
    assert (row.status, row.stop_reason) == ("finished", "completed")
    assert row.best_score == undisturbed.best_score
    assert set(lm.sent().values()) == {1}


def test_a_run_beyond_its_cap_sends_nothing_more_when_it_is_resumed(create: Create) -> None:
    lm = Billing({5: DEAR})
    row = carry_on(create(limits={"max_cost": 1_020_000}), lm)
    sent = len(lm.calls)
    row = resumed(row, lm)
    assert (row.status, row.stop_reason) == ("finished", "budget")
    assert len(lm.calls) == sent


def test_with_a_higher_cap_it_goes_on(create: Create) -> None:
    lm = Billing({5: DEAR})
    row = carry_on(create(limits={"max_cost": 1_020_000}), lm)
    controls.raise_cap(row.pk, None, 200_000_000)
    assert resumed(row, lm).stop_reason == "completed"


def test_an_accepted_overrun_pauses_again_only_when_it_has_doubled(create: Create) -> None:
    """Every reply costs a little more than it may: a few questions, not one a reply."""
    lm = ScriptedLM(usage=(10_000, 10_000))  # 3 cents, of which less than one was reserved
    row, pauses = carry_on(create(), lm), []
    while row.status == "paused":
        assert row.stop_reason == "overbilled"
        pauses.append(row.over_cost)
        row = resumed(row, lm)
    assert row.status == "finished"
    assert 2 <= len(pauses) <= 8
    assert all(2 * before < after for before, after in pairwise(pauses))
    assert set(lm.sent().values()) == {1}


def test_sums_below_a_cent_are_not_worth_a_second_question(create: Create) -> None:
    lm = Billing(dict.fromkeys(range(1, 9), (40, 650)))  # 0.01 cents more than reserved, each
    row = carry_on(create(), lm)
    assert row.stop_reason == "overbilled"
    assert row.over_cost < 10_000
    assert resumed(row, lm).status == "finished"


def test_another_model_asks_for_itself(create: Create, provider: Provider) -> None:
    """That one model may take more says nothing of another."""
    lm = Billing({5: DEAR, 45: DEAR})
    other = carry_on(create(), lm)
    assert other.stop_reason == "overbilled"
    Completion.objects.filter(cost__gt=1_000_000).update(model="another")
    controls.resume(other.pk)
    Completion.objects.filter(model="another").update(held_cost=10**9)
    assert carry_on(other, lm).stop_reason == "overbilled"


def test_an_overrun_of_the_very_last_reply_is_told_before_the_run_is_finished(
    create: Create,
) -> None:
    lm = ScriptedLM()
    carry_on(create(), lm)
    last = len(lm.calls)
    Run.objects.all().delete()
    Completion.objects.all().delete()
    lm = Billing({last: DEAR})
    row = carry_on(create(), lm)
    assert (row.status, row.stop_reason) == ("paused", "overbilled")
    assert len(lm.calls) == last
    row = resumed(row, lm)
    assert (row.status, row.stop_reason) == ("finished", "completed")
    assert len(lm.calls) == last


@pytest.mark.parametrize("wish", [controls.pause, controls.cancel])
def test_who_pauses_meanwhile_is_told_before_they_accept_it_by_resuming(
    create: Create, wish: Callable[[int], None]
) -> None:
    row = create()

    def wishing(call: LMCall) -> str:
        if lm.answering == 2:
            elsewhere(lambda: wish(row.pk))
        lm.usage = DEAR if lm.answering == 8 else FAIR
        return by_skill(call)

    lm = ScriptedLM(script=wishing, seconds=1.2)  # the wish is heard while the calls are out
    row = carry_on(row, lm)
    assert len(lm.calls) <= 16
    assert row.over_cost > 0
    told = ("paused", "overbilled") if wish is controls.pause else ("cancelled", "cancelled")
    assert (row.status, row.stop_reason) == told


def test_an_overrun_that_a_killed_worker_could_not_tell_is_told_by_the_next(
    create: Create,
) -> None:
    lm = Billing({5: DEAR})
    row = carry_on(create(), lm)
    sent = len(lm.calls)
    Run.objects.filter(pk=row.pk).update(status="running", stop_reason="", message="")
    row = carry_on(row, lm)
    assert (row.status, row.stop_reason) == ("paused", "overbilled")
    assert len(lm.calls) == sent


def test_what_nobody_was_told_is_not_accepted_by_resuming(create: Create) -> None:
    """Its worker died before it could tell, and then somebody paused the run, and resumes it."""
    lm = Billing({5: DEAR})
    row = carry_on(create(), lm)
    sent = len(lm.calls)
    Run.objects.filter(pk=row.pk).update(status="running", stop_reason="", message="")
    controls.pause(row.pk)
    assert Run.objects.get().status == "paused"
    controls.resume(row.pk)
    row = carry_on(row, lm)
    assert (row.status, row.stop_reason) == ("paused", "overbilled")
    assert len(lm.calls) == sent
    assert resumed(row, lm).status == "finished"


@pytest.mark.parametrize("price", [None, 0])
def test_where_nothing_is_known_to_cost_anything_nothing_is_overbilled(
    create: Create, provider: Provider, price: int | None
) -> None:
    Provider.objects.update(input_price=price, output_price=price)
    row = carry_on(create(), ScriptedLM(usage=DEAR))
    assert (row.status, row.spent) == ("finished", 0)


def test_a_try_says_it_in_its_place_and_goes_on_when_it_is_tried_again(spec: RunSpec) -> None:
    program, lm = two_module_program(), Billing({1: DEAR})
    first, second = (held(start_tryout(spec, program=program), lm) for _ in range(2))
    assert first.status == "failed"
    assert "bills $120.00 for a call" in told(first.message)
    assert told(first.message).endswith("try again to go on.")
    assert second.status == "finished"
    assert set(lm.sent().values()) == {1}


def test_a_test_of_a_provider_says_it_too(provider: Provider) -> None:
    lm = ScriptedLM(script=lambda call: '{"answer": "ready"}', usage=DEAR)
    checked(provider, lm)
    check = model_checks.latest(provider)
    assert check.state == "works"
    assert "answered in 0.0 s. By the tokens that it reports" in check.message
    assert "bills $120.00 for a call to scripted" in check.message

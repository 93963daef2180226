"""A run, whole: carried out with a scripted model, recorded, and ended well whatever happens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from optimizer.core.conversation.events import Result
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.problems import Conflict
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.core.search.search import NewSearch
from optimizer.jobs import controls
from optimizer.lm.call import LMCall
from optimizer.lm.failures import (
    CallFailed,
    NoReply,
    Overloaded,
    PromptRefused,
    ProviderRefused,
    ServerFailed,
    Unreachable,
)
from optimizer.models import Completion, Outcome, Provider, Run
from optimizer.running import snapshots
from tests.fakes.flows import KIND, opinions
from tests.fakes.scripted_lm import ScriptedLM, always_right, by_skill
from tests.fakes.telling import refused, told
from tests.fakes.world import two_module_program
from tests.optimizer.conftest import SMALL, Create, carry_on, elsewhere


def test_a_run_ends_with_its_best_candidate_and_what_it_cost(create: Create) -> None:
    lm = ScriptedLM()
    row = carry_on(create(), lm)
    assert (row.status, row.stop_reason, row.message) == ("finished", "completed", "")
    assert row.best_score["mean"] >= row.baseline_score["mean"]
    assert row.used_calls == len(lm.calls) == len(lm.sent())
    assert (row.held_calls, row.held_cost) == (0, 0)
    assert row.used_cost == sum(Completion.objects.values_list("cost", flat=True))
    assert row.used_cost == len(lm.calls) * (40 * 1 + 10 * 2)
    assert row.used_tokens == len(lm.calls) * 50
    assert lm.most_at_once <= 8


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_every_optimizer_ends_a_run_of_two_modules(create: Create, name: str) -> None:
    row = carry_on(create(optimizer=name, program=two_module_program()), ScriptedLM())
    assert (row.status, row.stop_reason) == ("finished", "completed")
    assert row.test_result["best"]["n"] == 8


def test_candidates_are_numbered_as_they_appear_and_trials_know_what_they_cost(
    create: Create,
) -> None:
    row = carry_on(create(), ScriptedLM())
    candidates = list(row.candidates.order_by("number"))
    assert [c.number for c in candidates] == list(range(len(candidates)))
    assert candidates[0].choice == {}
    baseline = row.trials.get(number=0)
    assert (baseline.candidate, baseline.full) == (candidates[0], True)
    for trial in row.trials.select_related("exchange"):
        assert trial.exchange is not None
        assert trial.exchange.candidate_id == trial.candidate_id
        assert Outcome.objects.filter(exchange=trial.exchange).count() == trial.size
        assert (trial.tokens, trial.cost) == (trial.size * 50, trial.size * 60)
        assert trial.score["mean"] == trial.mean


def test_a_perfect_baseline_ends_the_run_at_once(create: Create) -> None:
    row = carry_on(create(), ScriptedLM(script=always_right))
    assert (row.status, row.stop_reason) == ("finished", "perfect")
    assert row.baseline_score["mean"] == 1.0
    assert row.best_candidate.number == 0


def test_the_frozen_spec_is_thawed_as_it_was(create: Create, spec: RunSpec) -> None:
    row = create(limits={"max_calls": 500})
    assert snapshots.thaw(row) == replace(spec, limits=snapshots.Limits(max_calls=500))


# --- budgets ------------------------------------------------------------


@pytest.mark.parametrize("cap", [16, 23, 40, 60])
def test_a_cap_on_calls_is_nearly_reached_and_never_passed(create: Create, cap: int) -> None:
    lm = ScriptedLM(seconds=0.001)
    row = carry_on(create(limits={"max_calls": cap}), lm)
    assert (row.status, row.stop_reason) == ("finished", "budget")
    assert cap - 16 <= row.used_calls == len(lm.calls) <= cap
    assert row.baseline_score["n"] == 16


@pytest.mark.parametrize("name", list(OPTIMIZERS))
@pytest.mark.parametrize("limits", [{"max_calls": 75}, {"max_cost": 75 * 60}])
def test_a_cap_never_eats_the_result(create: Create, name: str, limits: dict[str, int]) -> None:
    """Who led when a cap was reached is scored on every example, whichever cap it was."""
    settings = replace(SMALL, trials=30, full_every=30, demo_sets=12)
    row = carry_on(create(limits=limits, optimizer=name, settings=settings), ScriptedLM())
    assert (row.status, row.stop_reason) == ("finished", "budget")
    assert row.used_calls <= limits.get("max_calls", row.used_calls)
    assert row.used_cost <= limits.get("max_cost", row.used_cost)
    tried = row.trials.exclude(candidate__number=0).filter(score__isnull=False)
    assert row.best_score["n"] == row.baseline_score["n"] == 16
    assert tried.filter(full=True).exists() or not tried.exists()
    ended = row.events.filter(kind="noted").last()
    assert ended.data["message"]["code"] == "note.cap_ended"
    assert ended.data["message"]["values"] == {"cap": next(iter(limits)).removeprefix("max_")}


@pytest.mark.parametrize("name", ["mipro", "racing", "reflective"])
def test_a_cap_never_eats_the_result_of_a_program_that_draws_several_samples(
    create: Create, name: str
) -> None:
    """Six calls an example, three of them draws of one call."""

    def sorted_messages(count: int, prefix: str) -> tuple[Example, ...]:
        return tuple(
            Example(f"{prefix}{n}", {"message": f"message {n}"}, {"kind": KIND.choices[n % 3]})
            for n in range(count)
        )

    row = carry_on(
        create(
            {"max_calls": 6 * 55}, program=opinions(), metric=ChoiceAccuracy("kind", "kind"),
            optimizer=name, settings=replace(SMALL, trials=30, full_every=30, demo_sets=12),
            train=sorted_messages(20, "t"), validation=sorted_messages(16, "v"), test=(),
        ),
        ScriptedLM(),
    )  # fmt: skip
    assert (row.status, row.stop_reason) == ("finished", "budget")
    assert row.used_calls <= 6 * 55
    tried = row.trials.exclude(candidate__number=0).filter(score__isnull=False)
    assert row.best_score["n"] == row.baseline_score["n"] == 16
    assert tried.filter(full=True).exists()


def test_a_cap_in_money_is_never_passed_and_nearly_reached(
    create: Create, provider: Provider
) -> None:
    Provider.objects.filter(pk=provider.pk).update(concurrency=16)
    lm = ScriptedLM(seconds=0.001)
    many = {"optimizer": "bootstrap_search", "settings": replace(SMALL, trials=30, demo_sets=12)}
    row = carry_on(create(limits={"max_cost": 6_000}, **many), lm)
    assert (row.status, row.stop_reason) == ("finished", "budget")
    assert row.used_cost == 60 * len(lm.calls) <= 6_000
    assert row.over_cost == 0
    assert row.used_cost > 6_000 - 1_200  # one call's upper bound is the most that is left


def test_calls_that_are_made_before_a_price_is_known_are_counted_apart(
    create: Create, provider: Provider
) -> None:
    Provider.objects.filter(pk=provider.pk).update(input_price=None, output_price=None)
    row, lm = create(), ScriptedLM()

    def priced(call: LMCall) -> str:
        if lm.answering == 20:
            elsewhere(lambda: controls.pause(row.pk))
        return by_skill(call)

    lm.script = priced
    assert carry_on(row, lm).status == "paused"
    before = row.completions.filter(priced=False, state="settled").count()
    assert before >= 20
    Provider.objects.filter(pk=provider.pk).update(input_price=1_000_000, output_price=2_000_000)
    controls.resume(row.pk)
    lm.script = by_skill
    row = carry_on(row, lm)
    assert row.status == "finished"
    assert row.completions.filter(priced=False).count() == before
    assert row.used_cost == 60 * (row.used_calls - before)
    baseline = row.trials.get(number=0)
    assert (baseline.unpriced, baseline.cost) == (16, 0)


def test_a_provider_that_takes_more_than_it_may_is_shown_and_stops_the_spending(
    create: Create,
) -> None:
    row, lm = create(limits={"max_cost": 20_000}), ScriptedLM(usage=(900, 900))
    assert carry_on(row, lm).stop_reason == "overbilled"
    controls.resume(row.pk)
    row = carry_on(row, lm)
    assert row.stop_reason == "budget"
    assert row.used_cost <= 20_000
    assert row.over_cost > 0
    assert row.spent == row.used_cost + row.over_cost


def test_a_run_that_ended_by_its_budget_is_replayed_to_the_same_end(create: Create) -> None:
    lm = ScriptedLM()
    row = carry_on(create(limits={"max_calls": 60}), lm)
    told, used = (row.best_score, row.stop_reason), len(lm.calls)
    Run.objects.filter(pk=row.pk).update(status="queued", stop_reason="")
    row = carry_on(row, lm)
    assert (row.best_score, row.stop_reason) == told
    assert len(lm.calls) == used


def test_what_was_paid_before_answers_although_the_budget_is_spent(create: Create) -> None:
    lm = ScriptedLM()
    whole = carry_on(create(), lm)
    paid = len(lm.calls)
    capped = carry_on(create(limits={"max_calls": 16}), lm)
    assert capped.stop_reason == "completed"
    assert capped.best_score == whole.best_score
    assert len(lm.calls) == paid


def test_the_time_limit_ends_the_run_with_what_it_has(create: Create) -> None:
    lm = ScriptedLM(seconds=0.12)
    row = carry_on(create(limits={"max_seconds": 1}), lm)
    assert (row.status, row.stop_reason) == ("finished", "time")
    assert row.baseline_score["n"] == 16
    assert row.active_seconds < 3.0


def test_a_raised_cap_holds_for_the_run_that_goes_on(create: Create) -> None:
    row = create(limits={"max_calls": 16})

    def raising(call: LMCall) -> str:
        if lm.answering == 3:
            elsewhere(lambda: controls.raise_cap(row.pk, 1000, None))
        return by_skill(call)

    lm = ScriptedLM(script=raising)
    row = carry_on(row, lm)
    assert (row.stop_reason, row.max_calls) == ("completed", 1000)
    with refused("finished cannot be given another cap", kind=Conflict):
        controls.raise_cap(row.pk, 5, None)


# --- failures ------------------------------------------------------------


def test_a_failure_that_passes_is_tried_again_and_leaves_no_trace_in_the_scores(
    create: Create,
) -> None:
    undisturbed = carry_on(create(), ScriptedLM())
    Run.objects.all().delete()
    Completion.objects.all().delete()
    faults = {3: Overloaded("slow down", 0.01), 9: ServerFailed("oops"), 14: Unreachable("no")}
    lm = ScriptedLM(script=lambda call: faults.get(lm.answering) or by_skill(call))
    row = carry_on(create(), lm)
    assert (row.best_score, row.baseline_score) == (
        undisturbed.best_score,
        undisturbed.baseline_score,
    )
    # Too many requests and no connection cost nothing; a 500 counts as a call, without money.
    assert row.used_calls == undisturbed.used_calls + 1
    assert row.used_cost == undisturbed.used_cost


def test_a_reply_that_never_came_is_charged_at_its_upper_bound(create: Create) -> None:
    lm = ScriptedLM(script=lambda call: NoReply("gone") if lm.answering == 2 else by_skill(call))
    row = carry_on(create(), lm)
    doubted = Completion.objects.get(doubts=1)
    assert doubted.state == "settled"
    assert doubted.doubt_cost > 60
    assert row.used_calls == len(lm.calls)
    assert row.used_cost == 60 * (len(lm.calls) - 1) + doubted.doubt_cost


def test_an_example_that_fails_for_good_is_an_error_and_never_a_zero(create: Create) -> None:
    def refusing(call: LMCall) -> str | CallFailed:
        wrong = call.schema is not None and call.messages[-1].content.endswith(" 5")
        refusal = PromptRefused("this prompt is filtered", said="blocked by policy 7")
        return refusal if wrong else always_right(call)

    row = carry_on(create(), ScriptedLM(script=refusing))
    assert (row.baseline_score["n"], row.baseline_score["errors"]) == (15, 1)
    assert row.baseline_score["mean"] == 1.0
    error = Outcome.objects.filter(exchange__run=row, score=None)[0]
    assert error.error == "this prompt is filtered"
    assert error.data["said"] == "blocked by policy 7"


def test_a_provider_that_is_down_pauses_the_run_which_then_goes_on(create: Create) -> None:
    undisturbed = carry_on(create(), ScriptedLM())
    Run.objects.all().delete()
    Completion.objects.all().delete()
    down = False

    def failing(call: LMCall) -> str | CallFailed:
        nonlocal down
        down = down or lm.answering > 25
        return Unreachable("connection refused") if down else by_skill(call)

    lm = ScriptedLM(script=failing)
    row = carry_on(create(), lm, attempts=2)
    assert (row.status, row.stop_reason) == ("paused", "provider down")
    assert "“Scripted” does not answer: connection refused" in told(row.message)
    assert not Outcome.objects.filter(score=None).exists()
    assert row.used_calls == 25
    lm.script = by_skill
    controls.resume(row.pk)
    row = carry_on(row, lm)
    assert (row.status, row.best_score) == ("finished", undisturbed.best_score)
    assert row.used_calls == undisturbed.used_calls


def test_a_provider_that_refuses_everything_fails_the_run_and_its_words_stand_apart(
    create: Create,
) -> None:
    refusal = ProviderRefused("answered 401: a wrong key.", said="Incorrect API key")
    lm = ScriptedLM(script=lambda call: refusal)
    row = carry_on(create(), lm)
    assert (row.status, row.stop_reason) == ("failed", "provider refused")
    assert "“Scripted” refuses the calls: answered 401: a wrong key. Correct" in told(row.message)
    assert row.said == "Incorrect API key"
    assert (row.used_calls, row.spent) == (0, 0)
    assert len(lm.calls) <= 8
    lm.script = by_skill
    controls.resume(row.pk)
    row = carry_on(row, lm)
    assert (row.status, row.message, row.said) == ("finished", "", "")


def test_prompts_that_are_all_refused_are_not_scored_as_an_empty_run(create: Create) -> None:
    row = carry_on(create(), ScriptedLM(script=lambda call: PromptRefused("max_tokens too large")))
    assert (row.status, row.stop_reason) == ("failed", "provider refused")
    assert "max_tokens too large" in told(row.message)


def test_a_candidate_too_long_for_the_model_loses_and_the_run_goes_on(create: Create) -> None:
    def short_only(call: LMCall) -> str | CallFailed:
        if call.schema is not None and len(call.messages) > 2:
            return PromptRefused("the prompt is longer than the context window")
        return by_skill(call)

    row = carry_on(create(), ScriptedLM(script=short_only))
    assert row.status == "finished", row.message
    assert all(not prompt["demos"] for prompt in row.best_candidate.prompts["modules"].values())


def test_an_optimizer_model_that_fails_stops_the_run_instead_of_the_proposals(
    create: Create,
) -> None:
    def failing(call: LMCall) -> str | CallFailed:
        return Unreachable("gone") if call.role is Role.OPTIMIZER else by_skill(call)

    row = carry_on(create(), ScriptedLM(script=failing), attempts=2)
    assert (row.status, row.stop_reason) == ("paused", "provider down")


def test_a_removed_provider_is_told_before_anything_is_spent(
    create: Create, provider: Provider
) -> None:
    row, lm = create(), ScriptedLM()
    provider.delete()
    row = carry_on(row, lm)
    assert row.status == "failed"
    assert "was removed" in told(row.message)
    assert not lm.calls


def test_an_error_of_ours_is_recorded_and_raised(create: Create) -> None:
    def broken(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
        raise ZeroDivisionError("key=sk-CANARY-0123456789")

    row = create()
    optimizers = {"mipro": replace(OPTIMIZERS["mipro"], converse=broken)}
    with pytest.raises(ZeroDivisionError):
        carry_on(row, ScriptedLM(), optimizers=optimizers)
    row.refresh_from_db()
    assert (row.status, row.stop_reason) == ("failed", "error")
    assert "ZeroDivisionError" in told(row.message)
    assert "CANARY" not in told(row.message)
    assert row.held_calls == 0


# --- wishes ------------------------------------------------------------


def test_a_cancelled_run_keeps_the_best_so_far(create: Create) -> None:
    row = create()

    def cancelling(call: LMCall) -> str:
        if lm.answering == 45:
            elsewhere(lambda: controls.cancel(row.pk))
        return by_skill(call)

    lm = ScriptedLM(script=cancelling, seconds=0.02)
    row = carry_on(row, lm)
    assert (row.status, row.stop_reason) == ("cancelled", "cancelled")
    assert row.ended_at is not None
    assert row.best_candidate is not None
    assert row.best_score["n"] == 16
    assert len(lm.calls) < 71
    with pytest.raises(Conflict):
        controls.resume(row.pk)


@pytest.mark.parametrize(
    ("second_thoughts", "status"), [(controls.resume, "queued"), (controls.cancel, "cancelled")]
)
def test_second_thoughts_while_a_run_pauses_are_heard(
    create: Create, second_thoughts: Callable[[int], None], status: str
) -> None:
    row = create()

    class Interruption(ScriptedLM):
        async def aclose(self) -> None:
            elsewhere(lambda: second_thoughts(row.pk))

    def pausing(call: LMCall) -> str:
        if lm.answering == 20:
            elsewhere(lambda: controls.pause(row.pk))
        return by_skill(call)

    lm = Interruption(script=pausing, seconds=0.02)
    row = carry_on(row, lm)
    assert row.status == status
    if status == "queued":
        assert carry_on(row, ScriptedLM()).status == "finished"


def test_a_worker_that_stops_leaves_the_run_to_the_next(create: Create) -> None:
    stopping = threading.Event()

    def ending(call: LMCall) -> str:
        if lm.answering == 30:
            stopping.set()
        return by_skill(call)

    lm = ScriptedLM(script=ending, seconds=0.02)
    row = carry_on(create(), lm, stopping=stopping)
    assert row.status == "queued"
    assert not Completion.objects.filter(state__in=["reserved", "doubt"]).exists()
    row = carry_on(row, lm)
    assert row.status == "finished"
    assert set(lm.sent().values()) == {1}


def test_wishes_that_come_too_late_or_too_early_are_refused_with_a_sentence(
    create: Create,
) -> None:
    row = create()
    with refused("queued cannot be resumed", kind=Conflict):
        controls.resume(row.pk)
    controls.pause(row.pk)
    assert Run.objects.get().status == "paused"
    with refused("paused cannot be paused", kind=Conflict):
        controls.pause(row.pk)
    controls.cancel(row.pk)
    with refused("cancelled cannot be cancelled", kind=Conflict):
        controls.cancel(row.pk)

"""Runs, tries, measurements and tests of providers below monthly caps."""

from __future__ import annotations

import threading
from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone
from pytest_django import Settings

from optimizer import ownership
from optimizer.core.conversation.spec import RunSpec
from optimizer.costs import spending
from optimizer.costs.spending import INSTALLATION, Caps
from optimizer.jobs import controls, evaluations, model_checks
from optimizer.jobs.reaping import reap
from optimizer.lm import ledger as ledger_module
from optimizer.lm.call import LMCall
from optimizer.lm.ledger import Ledger
from optimizer.lm.paid import Wanted
from optimizer.models import Completion, Provider, Run, Spending, SpendingCap
from optimizer.ownership import Owner
from tests.evaluations import checked, held, start_measurement, start_tryout
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.scripted_lm import ScriptedLM, by_skill
from tests.fakes.telling import refused, told
from tests.fakes.world import messages
from tests.optimizer.conftest import Create, carry_on, elsewhere
from tests.optimizer.ledger_model import CALL, Party, new_run


def test_a_run_pauses_at_its_projects_cap_and_goes_on_when_that_is_raised(create: Create) -> None:
    undisturbed = carry_on(create(), ScriptedLM())
    for model in (Run, Completion, Spending):
        model.objects.all().delete()
    spending.set_caps("test", Caps(calls=30))
    lm = ScriptedLM(seconds=0.001)
    row = carry_on(create(), lm)
    assert (row.status, row.stop_reason) == ("paused", "monthly cap")
    assert told(row.message) == (
        "This project's cap of 30 calls a month is reached: 30 are used in "
        f"{spending.this_month():%B %Y}, and the next call might pass it. An admin of the project "
        "can raise it in the project's settings; then resume the run, or wait for the next month "
        "(UTC)."
    )
    assert len(lm.calls) == row.used_calls == 30
    assert row.held_calls == 0
    controls.resume(row.pk)
    assert carry_on(row, lm).stop_reason == "monthly cap"
    assert len(lm.calls) == 30
    spending.set_caps("test", Caps(calls=1_000))
    controls.resume(row.pk)
    row = carry_on(row, lm)
    assert (row.status, row.best_score) == ("finished", undisturbed.best_score)
    assert set(lm.sent().values()) == {1}


def test_the_installations_cap_in_dollars_is_told_as_its_own(create: Create) -> None:
    spending.set_caps(INSTALLATION, Caps(cost=2_000))
    lm = ScriptedLM(seconds=0.001)
    row = carry_on(create(), lm)
    assert (row.status, row.stop_reason) == ("paused", "monthly cap")
    assert told(row.message).startswith(
        "The installation's cap of $0.0020 a month is reached: $0.00"
    )
    assert "An administrator of the installation can raise it; then resume the run" in told(
        row.message
    )
    assert row.used_cost == 60 * len(lm.calls) <= 2_000
    assert spending.standing(INSTALLATION).cost == row.used_cost


def test_a_run_at_the_cap_is_answered_what_was_paid_before(create: Create) -> None:
    lm = ScriptedLM()
    whole = carry_on(create(), lm)
    spending.set_caps("test", Caps(calls=0))
    row = carry_on(create(), lm)
    assert (row.status, row.best_score) == ("finished", whole.best_score)


def test_two_runs_share_what_is_left(create: Create) -> None:
    spending.set_caps("test", Caps(calls=60))
    rows, lms = [create(seed=1), create(seed=2)], [ScriptedLM(seconds=0.002) for _ in range(2)]
    threads = [
        threading.Thread(target=elsewhere, args=(lambda r=r, lm=lm: carry_on(r, lm),))  # type: ignore[misc]
        for r, lm in zip(rows, lms, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(lm.calls) for lm in lms) == 60
    states = set(Run.objects.values_list("status", "stop_reason"))
    assert ("paused", "monthly cap") in states
    assert spending.standing("test").calls == 60


def test_a_worker_that_stands_still_with_the_cap_in_its_hands_stops_nobody_for_long(
    create: Create, settings: Settings
) -> None:
    settings.LEASE_SECONDS = 2
    spending.set_caps("test", Caps(calls=1_000))
    frozen = Party(new_run(namespace="test"))
    assert frozen.connection is not None
    with frozen.connection.cursor() as cursor:
        frozen.ledger.apply(cursor, (), [Wanted("a", CALL, 1, 900)])  # and never commits
    row = carry_on(create(), ScriptedLM())
    assert (row.status, row.epoch) == ("finished", 1)
    with pytest.raises(psycopg.Error):
        frozen.connection.execute("SELECT 1")


def tried(spec: RunSpec, lm: ScriptedLM, number: int) -> Run:
    return held(start_tryout(spec, messages(number)[-1]), lm)


def test_tries_and_measurements_count_and_say_in_their_place_that_the_cap_is_reached(
    spec: RunSpec,
) -> None:
    lm = ScriptedLM()
    assert tried(spec, lm, 1).status == "finished"
    spending.set_caps("test", Caps(calls=3))
    measurement = held(start_measurement(spec), lm)
    assert len(lm.calls) == 3
    assert measurement.status == "failed"
    assert "This project's cap of 3 calls a month is reached" in told(measurement.message)
    assert len(evaluations.outcomes_of(measurement)) == 2
    row = tried(spec, lm, 2)
    assert row.status == "failed"
    assert "then try again" in told(row.message)
    assert spending.standing("test").calls == len(lm.calls) == 3


def test_tests_of_providers_count_and_are_never_answered_by_an_earlier_one(
    provider: Provider,
) -> None:
    lm = ScriptedLM(script=lambda call: '{"answer": "ready"}')
    spending.set_caps("test", Caps(calls=2))
    assert checked(provider, lm).status == checked(provider, lm).status == "finished"
    assert len(lm.calls) == 2
    now = spending.standing("test")
    assert (now.calls, now.cost) == (2, 120)
    assert checked(provider, lm).status == "failed"
    assert model_checks.latest(provider).state == "unmade"  # the provider was not even asked
    assert (
        "This project's cap of 2 calls a month is reached" in model_checks.latest(provider).message
    )
    assert len(lm.calls) == 2


def test_a_test_that_cannot_get_its_reply_held_to_a_schema_is_paid_once(provider: Provider) -> None:
    with OpenAIServer(constrains=False) as server:
        Provider.objects.update(api_base=server.url)
        provider.refresh_from_db()
        checked(provider)
        assert len(server.requests) == 2
    assert spending.standing("test").calls == 1


def test_what_is_held_for_calls_of_short_jobs_that_are_gone_comes_back(
    spec: RunSpec, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker was killed with a try out, again and again: nobody will ask for that call again."""
    spending.set_caps("test", Caps(cost=1_000))
    row = start_tryout(spec)
    assert ownership.take(Run.objects.filter(pk=row.pk))
    ledger = Ledger(Owner(row.pk, 1, "test"))
    with ownership.connect() as own, own.cursor() as cursor:
        ledger.apply(cursor, (), [Wanted("a", CALL, 1, 900)])
    monkeypatch.setattr(ledger_module, "LOST_SECONDS", 0.0)
    reap()
    assert Completion.objects.get().state == "reserved"  # its owner lives, however slow it is
    Run.objects.update(heard_at=timezone.now() - timedelta(hours=1))
    reap()
    assert Completion.objects.get().state == "doubt"
    month = spending.standing("test")
    assert (month.held_calls, month.calls, month.cost) == (0, 1, 900)
    assert SpendingCap.objects.get().held_cost == 0


def test_a_cap_in_dollars_that_comes_while_a_model_without_a_price_is_called_pauses_the_run(
    create: Create, provider: Provider
) -> None:
    Provider.objects.update(input_price=None, output_price=None)

    def capping(call: LMCall) -> str:
        if lm.answering == 20:
            elsewhere(lambda: spending.set_caps("test", Caps(cost=1_000_000)))
        return by_skill(call)

    lm = ScriptedLM(script=capping, seconds=0.005)
    row = carry_on(create(), lm)
    assert (row.status, row.stop_reason) == ("paused", "monthly cap")
    assert "The price of scripted is not known, so this project's monthly cap" in told(row.message)
    assert len(lm.calls) < 40


def test_a_cap_in_dollars_refuses_a_model_without_a_price_before_anything_is_spent(
    create: Create, spec: RunSpec
) -> None:
    Provider.objects.update(input_price=None, output_price=None)
    row, lm = create(), ScriptedLM()
    spending.set_caps(INSTALLATION, Caps(cost=1_000_000))
    with refused("so the installation's monthly cap in dollars cannot"):
        create()
    row = carry_on(row, lm)
    assert (row.status, row.stop_reason) == ("paused", "monthly cap")
    assert "enter its prices at its provider (0 if it is free), then resume" in told(row.message)
    assert "monthly cap in dollars cannot be kept" in told(tried(spec, lm, 1).message)
    assert not lm.calls

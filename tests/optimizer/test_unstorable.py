"""Where something cannot be stored although it should: it is alone in that, and the run goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from django.db import DataError

from optimizer import ownership
from optimizer.core.programs.lm import Message, Reply, Role
from optimizer.jobs import controls
from optimizer.lm.call import LMCall
from optimizer.lm.failures import Unstorable
from optimizer.lm.ledger import Ledger
from optimizer.lm.paid import RESENDS, Wanted
from optimizer.models import Completion, Outcome, Run
from optimizer.ownership import Owner
from optimizer.running import role_clients
from optimizer.running.commit_thread import CommitThread
from optimizer.running.heartbeat import Heartbeat
from tests.fakes.scripted_lm import ScriptedLM, always_right, by_skill
from tests.fakes.telling import told
from tests.fakes.world import messages
from tests.optimizer.conftest import SMALL, Create, carry_on
from tests.optimizer.test_ledger import new_run

PAID = 27


@pytest.fixture
def no_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was before there was one."""
    monkeypatch.setattr(role_clients, "Door", lambda inner, *secrets: inner)


def poisonous(*numbers: int) -> Callable[[LMCall], str]:
    """Right replies; behind those to these messages stands a character that cannot be stored."""

    def said(call: LMCall) -> str:
        wrong = any(call.messages[-1].content.endswith(f" {number}") for number in numbers)
        return always_right(call) + "\0" * wrong

    return said


@pytest.mark.usefixtures("no_door")
@pytest.mark.parametrize("poison", [(5,), (1, 2, 13), tuple(range(0, PAID, 2))])
def test_of_27_paid_replies_those_that_cannot_be_stored_are_the_only_ones_that_are_lost(
    create: Create, poison: tuple[int, ...]
) -> None:
    lm = ScriptedLM(poisonous(*poison))
    wide = replace(SMALL, max_validation=PAID)
    row = carry_on(
        create(optimizer="bootstrap_search", settings=wide, validation=messages(PAID, "v")), lm
    )
    assert (row.status, row.baseline_score["mean"]) == ("finished", 1.0)
    told = row.baseline_score["n"], row.baseline_score["errors"]
    assert told == (PAID - len(poison), len(poison))
    lost = Completion.objects.exclude(state="settled")
    assert lost.count() == sum("\0" in lm.script(call) for call in lm.calls)
    assert all("cannot be stored" in completion.problem for completion in lost)
    assert all(completion.doubt_cost == completion.held_cost for completion in lost)
    errors = Outcome.objects.filter(exchange__run=row, exchange__purpose="baseline", score=None)
    assert sorted(errors.values_list("position", flat=True)) == sorted(poison)
    assert set(errors.values_list("error", flat=True)) == {"This cannot be stored."}
    assert set(lm.sent().values()) == {1}
    assert (row.held_calls, row.held_cost) == (0, 0)


@pytest.mark.usefixtures("no_door")
def test_what_was_said_of_it_is_said_again_when_the_run_goes_on(create: Create) -> None:
    """The outcome in the rows is the one that the optimizer is told."""
    lm = ScriptedLM(lambda call: by_skill(call) + "\0" * call.messages[-1].content.endswith("7"))
    row = carry_on(create(), lm)
    told = row.status, row.best_score, row.last_seq
    Run.objects.filter(pk=row.pk).update(status="queued", stop_reason="")
    row = carry_on(row, lm)
    assert (row.status, row.best_score, row.last_seq) == told
    assert row.status == "finished", row.message
    assert max(lm.sent().values()) <= 1 + RESENDS


def test_a_run_that_was_lost_to_it_before_there_was_a_door_can_be_resumed(
    create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, lm = create(), ScriptedLM(lambda call: by_skill(call) + "\0")
    with monkeypatch.context() as before:
        before.setattr(role_clients, "Door", lambda inner, *secrets: inner)
        before.setattr(CommitThread, "_commit_apart", _give_up)
        for resumes in range(4):
            with pytest.raises(psycopg.DataError):
                carry_on(row, lm)
            row.refresh_from_db()
            assert (row.status, row.stop_reason) == ("failed", "error"), (resumes, row.message)
            controls.resume(row.pk)
    assert not Completion.objects.filter(state="settled").exists()
    row = carry_on(row, lm)
    assert (row.status, row.stop_reason) == ("finished", "completed")
    assert set(Completion.objects.values_list("state", flat=True)) == {"settled"}
    assert (row.held_calls, row.held_cost) == (0, 0)


def _give_up(commit_thread: CommitThread, group: object, error: Exception) -> None:
    raise error


def test_a_run_whose_record_cannot_be_stored_fails_instead_of_beginning_again_for_ever(
    create: Create, no_door: None
) -> None:
    """An instruction with half a character, as a client might have let it through."""
    row = create()
    with pytest.raises((DataError, UnicodeEncodeError)):
        carry_on(row, ScriptedLM(lambda call: by_skill(call) if call.schema else "Look \udc80."))
    row.refresh_from_db()
    assert (row.status, row.stop_reason) == ("failed", "error")
    assert "unforeseen" in told(row.message)
    controls.resume(row.pk)


# --- the writer alone ---------------------------------------------------------------


def wanted(key: str, text: str = "hello", hold: int = 100) -> Wanted:
    return Wanted(key, LMCall("m", Role.TASK, (Message("user", text),), None, 0.0, 10), 1, hold)


def written(row: Run, *wishes: Wanted) -> list[Any]:
    """Make these calls at once; those that are granted are answered."""
    owner = Owner(row.pk, row.epoch, "n")
    with asyncio.Runner() as loop:
        writer = CommitThread(owner, ownership.connect(), loop.get_loop())

        async def called(wish: Wanted) -> Reply | None:
            told = await writer.reserve(wish)
            if told is None:
                writer.settle(wish.key, Reply("yes", cost=1))
            return told

        async def all_called() -> list[Any]:
            return await asyncio.gather(*map(called, wishes), return_exceptions=True)

        try:
            with writer:
                told = loop.run(all_called())
                writer.flush()
        finally:
            writer.release()
    return told


@pytest.mark.parametrize(
    "poison", [wanted("p", text="half \ud800"), wanted("p", text="\0"), wanted("p", hold=2**70)]
)
def test_a_call_that_cannot_be_stored_is_not_sent_and_keeps_no_other_from_being_sent(
    transactional_db: None, poison: Wanted
) -> None:
    row = new_run()
    told = written(row, wanted("a"), poison, *(wanted(f"k{n}") for n in range(20)))
    assert isinstance(told[1], Unstorable)
    assert [answer for n, answer in enumerate(told) if n != 1] == [None] * 21
    row.refresh_from_db()
    assert (row.used_calls, row.held_calls, row.held_cost) == (21, 0, 0)


def test_a_call_that_waits_for_money_and_cannot_be_stored_harms_nobody_when_its_turn_comes(
    transactional_db: None,
) -> None:
    """It is put off at first, and asks again beside the end of another call."""
    row = new_run(max_cost=150)
    told = written(row, wanted("a"), wanted("p", text="\ud800"), wanted("z", hold=49))
    assert told[0] is None
    assert isinstance(told[1], Unstorable)
    assert told[2] is None
    row.refresh_from_db()
    assert (row.used_calls, row.used_cost, row.held_cost) == (2, 2, 0)


def test_where_nothing_can_be_stored_the_writer_ends_and_says_why(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise psycopg.errors.UndefinedTable("no such table")

    row = new_run()
    monkeypatch.setattr(Ledger, "apply", broken)
    with pytest.raises(psycopg.errors.UndefinedTable):
        written(row, wanted("a"), wanted("b"))


def test_who_waits_for_money_is_told_when_the_writer_ends(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was put off, and what it waits beside cannot be stored in any form."""
    apply, applied = Ledger.apply, []

    def failing(*arguments: Any) -> Any:
        applied.append(arguments)
        if len(applied) > 1:
            raise psycopg.errors.NumericValueOutOfRange("for every entry")
        return apply(*arguments)

    monkeypatch.setattr(Ledger, "apply", failing)
    row = new_run(max_cost=150)
    with pytest.raises(psycopg.errors.NumericValueOutOfRange):
        written(row, wanted("a"), wanted("b"))


def test_a_pulse_that_cannot_be_stored_is_no_entry_s(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*arguments: object) -> None:
        raise psycopg.errors.NumericValueOutOfRange("seconds")

    monkeypatch.setattr(Heartbeat, "beat", failing)
    with pytest.raises(psycopg.errors.NumericValueOutOfRange):
        written(new_run())

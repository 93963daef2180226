"""Runs that are cut anywhere go on as if nothing had happened, and pay for nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from optimizer.core.conversation.events import Result
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.search.search import NewSearch
from optimizer.jobs import controls
from optimizer.lm.call import LMCall
from optimizer.models import Completion, Exchange, Run, RunEvent, Trial
from optimizer.running.runner import run
from tests.fakes.scripted_lm import Killed, ScriptedLM, by_skill
from tests.fakes.telling import told
from tests.optimizer.conftest import Create, again, carry_on, elsewhere


def story(row: Run) -> dict[str, Any]:
    """All that a reader of the run sees, without ids and times."""
    candidates = {c.pk: c for c in row.candidates.all()}
    best = candidates.get(row.best_candidate_id or 0)
    return {
        "status": (row.status, row.stop_reason, row.message),
        "scores": (row.baseline_score, row.best_score, row.comparison, row.test_result),
        "best": (best.number, best.prompts, best.choice) if best else None,
        "candidates": [(c.number, c.digest, c.choice) for c in row.candidates.order_by("number")],
        "events": list(row.events.values_list("seq", "kind", "data")),
        "exchanges": list(row.exchanges.values_list("seq", "digest", "size", "refused")),
        "trials": [
            (
                *(t.number, t.full, candidates[t.candidate_id].number, t.score, t.tokens, t.cost),
                t.exchange.seq if t.exchange else None,
            )
            for t in row.trials.select_related("exchange")
        ],
        "progress": (row.phase, row.phase_steps, row.phase_done, row.held_calls, row.held_cost),
    }


class CutAt:
    """An optimizer whose process dies when its conversation comes to a certain step."""

    def __init__(self, step: int) -> None:
        self._step = step
        self.steps = 0
        self.optimizers = {"mipro": replace(OPTIMIZERS["mipro"], converse=self._converse)}

    def _converse(self, spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
        inner = OPTIMIZERS["mipro"].converse(spec, new_search)
        turn = next(inner)
        try:
            while True:
                self.steps += 1
                if self.steps == self._step:
                    raise Killed
                try:
                    answer = yield turn
                except Exception as refusal:  # noqa: BLE001 - what the runner throws is passed on
                    turn = inner.throw(refusal)
                else:
                    turn = inner.send(answer)
        except StopIteration as end:
            result: Result = end.value
            return result


@contextmanager
def cut() -> Iterator[None]:
    with pytest.raises(Killed):
        yield


@pytest.fixture
def whole(create: Create) -> dict[str, Any]:
    """The story of the run when nobody disturbs it."""
    row = carry_on(create(), ScriptedLM())
    told = story(row)
    Run.objects.all().delete()
    Completion.objects.all().delete()
    return told


def test_a_run_killed_at_every_step_ends_like_one_that_was_not(
    create: Create, whole: dict[str, Any]
) -> None:
    lm = ScriptedLM()
    row = create()
    step = 0
    while not row.ended:
        step += 1
        killer = CutAt(step)
        try:
            row = carry_on(row, lm, optimizers=killer.optimizers)
        except Killed:
            row.refresh_from_db()
    assert step > 40
    assert story(row) == whole
    assert set(lm.sent().values()) == {1}
    assert row.used_calls == len(lm.calls)


@pytest.mark.parametrize("call", [1, 7, 30, 50, 65])
def test_a_run_killed_in_the_midst_of_an_evaluation_runs_only_what_is_missing(
    create: Create, whole: dict[str, Any], call: int
) -> None:
    def dying(made: LMCall) -> str:
        if lm.answering >= call:
            raise Killed
        return by_skill(made)

    lm, row = ScriptedLM(script=dying), create()
    with cut():
        carry_on(row, lm)
    sent_before = len(lm.calls)
    lm.script = by_skill
    row = carry_on(row, lm)
    assert story(row) == whole
    in_doubt = Completion.objects.filter(doubts__gt=0).count()
    assert 1 <= in_doubt <= 8 + 2
    assert len(lm.calls) - len(lm.sent()) <= in_doubt
    assert row.used_calls >= len(lm.calls)
    assert sent_before < len(lm.calls)


def test_calls_that_were_out_when_the_worker_died_are_charged_at_their_upper_bound(
    create: Create,
) -> None:
    row = create()
    with cut():
        carry_on(row, ScriptedLM(script=_dies))
    assert not Completion.objects.filter(state="reserved").exists()
    doubted = Completion.objects.filter(state="doubt")
    assert doubted.exists()
    row.refresh_from_db()
    assert row.used_calls == doubted.count()
    assert row.used_cost == sum(doubted.values_list("doubt_cost", flat=True))
    assert (row.held_calls, row.held_cost) == (0, 0)


def _dies(call: LMCall) -> str:
    raise Killed


def test_a_recorded_answer_that_no_longer_fits_stops_the_run_before_it_spends(
    create: Create,
) -> None:
    row, lm = create(), ScriptedLM()
    with cut():
        carry_on(row, lm, optimizers=CutAt(12).optimizers)
    paid = len(lm.calls)
    Exchange.objects.filter(run=row).order_by("seq").first().delete()  # type: ignore[union-attr]
    first = RunEvent.objects.filter(run=row).order_by("seq")[0]
    Exchange.objects.create(
        run=row, seq=first.seq + 2, digest="other", kind="evaluate", purpose="baseline", role="task"
    )
    row = carry_on(row, lm)
    assert (row.status, row.stop_reason) == ("failed", "replay differs")
    assert "Nothing was spent" in told(row.message)
    assert len(lm.calls) == paid


def test_a_second_run_of_the_same_spec_pays_for_nothing(create: Create) -> None:
    lm = ScriptedLM()
    first = carry_on(create(), lm)
    paid = len(lm.calls)
    second = carry_on(create(), lm)
    assert len(lm.calls) == paid
    assert (second.used_calls, second.used_cost) == (0, 0)
    assert second.reused_calls == first.used_calls + first.reused_calls
    assert second.best_score == first.best_score


def test_two_runs_that_want_the_same_at_once_pay_for_it_once(create: Create) -> None:
    lm, rows = ScriptedLM(seconds=0.03), [create(), create()]
    threads = [threading.Thread(target=elsewhere, args=(partial(carry_on, r, lm),)) for r in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = (again(row) for row in rows)
    assert (first.status, second.status) == ("finished", "finished")
    assert first.best_score == second.best_score
    assert set(lm.sent().values()) == {1}
    assert first.used_calls + second.used_calls == len(lm.calls)


def test_a_run_that_is_held_by_another_worker_is_left_alone(
    create: Create, caplog: pytest.LogCaptureFixture
) -> None:
    row = create()

    def meddling(call: LMCall) -> str:
        if lm.answering == 5:
            elsewhere(lambda: run(row.pk))  # what a second worker does with the same job
        return by_skill(call)

    lm = ScriptedLM(script=meddling)
    caplog.set_level("INFO", "optimizer.running.runner")
    row = carry_on(row, lm)
    assert row.status == "finished"
    assert row.epoch == 1
    assert f"run {row.pk} is held by another worker" in caplog.text


@pytest.mark.parametrize("call_number", [1, 20, 30, 60])
def test_a_worker_that_was_superseded_writes_nothing_more_and_ends(
    create: Create, call_number: int
) -> None:
    row = create()
    before: list[tuple[int, int]] = []

    def written() -> tuple[int, int]:
        answered = row.exchanges.filter(answered_at__isnull=False).count()
        return answered, Trial.objects.filter(run=row, scored_at__isnull=False).count()

    def supersede() -> None:
        Run.objects.filter(pk=row.pk).update(epoch=7)
        before.append(written())

    def waking_late(call: LMCall) -> str:
        if lm.answering == call_number:  # as if the process had slept while another took the run
            elsewhere(supersede)
        return by_skill(call)

    lm = ScriptedLM(script=waking_late)
    ended = carry_on(row, lm)
    assert (ended.status, ended.epoch) == ("running", 7)
    assert written() == before[0]


def test_a_paused_run_goes_on_where_it_stopped(create: Create, whole: dict[str, Any]) -> None:
    row = create()

    def pausing(call: LMCall) -> str:
        if lm.answering == 40:
            elsewhere(lambda: controls.pause(row.pk))
        return by_skill(call)

    lm = ScriptedLM(script=pausing, seconds=0.02)
    row = carry_on(row, lm)
    assert row.status == "paused"
    assert (row.held_calls, row.held_cost) == (0, 0)
    assert not Completion.objects.filter(state__in=["reserved", "doubt"]).exists()
    paid = len(lm.calls)
    assert carry_on(row, lm).status == "paused"  # a job that is still in the queue changes nothing
    assert len(lm.calls) == paid
    controls.resume(row.pk)
    row = carry_on(row, lm)
    assert story(row) == whole
    assert set(lm.sent().values()) == {1}

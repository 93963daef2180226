"""A baseline that says nothing is told at once; an honest zero never."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.core.modules.predict import Predict
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.optimizers.optimizer import Style
from optimizer.core.programs.answers import UnreadableReply
from optimizer.core.programs.parse import parse
from optimizer.core.programs.signature import Field, FieldType, Signature
from optimizer.jobs import controls
from optimizer.lm.call import LMCall
from optimizer.lm.failures import PromptRefused
from optimizer.models import Outcome as OutcomeRow
from optimizer.models import Run
from optimizer.running.recorder import Recorder
from optimizer.running.unread import LONGEST_SAMPLE, unread_in, unread_of
from tests.fakes.scripted_lm import Killed, ScriptedLM, always_right, by_skill
from tests.fakes.telling import told
from tests.fakes.world import messages, two_module_program
from tests.optimizer.conftest import SMALL, Create, again, carry_on

DIFFERENT = ("racing", "mipro", "program_opro")
SORRY = "I am sorry, I cannot help with that."


def of_task(said: Callable[[LMCall], str]) -> Callable[[LMCall], str]:
    """A task model that says this, beside an optimizer model that works."""
    return lambda call: said(call) if call.schema is not None else by_skill(call)


def sorry(call: LMCall) -> str:
    return SORRY


def always_wrong(call: LMCall) -> str:
    return '{"label": "ham"}' if "spam" in always_right(call) else '{"label": "spam"}'


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_a_run_whose_baseline_says_nothing_waits_for_somebody_who_looks(
    create: Create, name: str
) -> None:
    lm = ScriptedLM(of_task(sorry))
    row = carry_on(create(optimizer=name), lm)
    assert (row.status, row.stop_reason) == ("paused", "unreadable")
    n = 12 if OPTIMIZERS[name].style is Style.RACE else 16  # its first blocks
    assert told(row.message).startswith(
        f"Of the {n} examples that the baseline was scored on, none has a reply that could be "
        f"read, so its score says nothing: {n} × classify: label is none of the choices (ham, "
        "spam)."
    )
    assert "resume this one anyway" in told(row.message)
    assert len(lm.calls) == row.used_calls == n
    found = unread_of(row)
    assert found is not None
    assert told(found.problem()) == told(row.message)
    assert [sample.reply for sample in found.samples] == [SORRY]
    assert (row.ended_at, row.answer_size, row.held_calls) == (None, 0, 0)


@pytest.mark.parametrize("name", DIFFERENT)
def test_whoever_resumes_it_anyway_is_not_asked_again_and_pays_for_nothing_again(
    create: Create, name: str
) -> None:
    lm = ScriptedLM(of_task(sorry))
    row = carry_on(create(optimizer=name, program=two_module_program()), lm)
    paid = len(lm.calls)
    assert row.stop_reason == "unreadable"
    controls.resume(row.pk)
    lm.script = by_skill  # what was said stays said
    row = carry_on(row, lm)
    assert row.status == "finished", row.message
    assert row.baseline_score["mean"] <= 0.125
    assert unread_of(row) is None
    assert set(lm.sent().values()) == {1}
    assert len(lm.calls) > paid


def test_it_can_be_cancelled_instead(create: Create) -> None:
    row = carry_on(create(), ScriptedLM(of_task(sorry)))
    controls.cancel(row.pk)
    row = again(row)
    assert (row.status, row.stop_reason) == ("cancelled", "cancelled")


def test_a_conversation_is_the_same_with_and_without_the_pause(
    create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm = ScriptedLM(of_task(sorry))
    paused = carry_on(create(), lm)
    controls.resume(paused.pk)
    paused = carry_on(paused, lm)
    with monkeypatch.context() as without:
        without.setattr("optimizer.running.conversation.unread_in", lambda found: None)
        straight = carry_on(create(), lm)
    assert straight.status == paused.status == "finished"
    told = [
        list(row.exchanges.order_by("seq").values_list("seq", "digest"))
        for row in (paused, straight)
    ]
    assert told[0] == told[1]


def test_a_worker_that_dies_right_after_the_answer_leaves_it_to_the_next_to_say_so(
    create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = Recorder.answered

    def dying(recorder: Recorder, *given: Any) -> None:
        answered(recorder, *given)
        raise Killed

    row, lm = create(), ScriptedLM(of_task(sorry))
    with monkeypatch.context() as once:
        once.setattr(Recorder, "answered", dying)
        _killed(row, lm)
    paid = len(lm.calls)
    Run.objects.update(heard_at=None)  # its lease is over
    row = carry_on(row, lm)
    assert (row.status, row.stop_reason) == ("paused", "unreadable")
    assert "none has a reply that could be read" in told(row.message)
    assert len(lm.calls) == paid
    controls.resume(row.pk)
    assert carry_on(row, lm).status == "finished"


def _killed(row: Run, lm: ScriptedLM) -> None:
    with pytest.raises(Killed):
        carry_on(row, lm)


@pytest.mark.parametrize("name", DIFFERENT)
def test_an_honest_zero_is_one(create: Create, name: str) -> None:
    """Every reply can be read, and every one is wrong."""
    row = carry_on(create(optimizer=name), ScriptedLM(of_task(always_wrong)))
    assert row.status == "finished", row.message
    assert row.baseline_score["mean"] == 0.0


def unreadable_but_for(*numbers: int) -> Callable[[LMCall], str]:
    def said(call: LMCall) -> str:
        words = call.messages[-1].content.split()
        number = next(int(word) for word in words if word.isdigit())
        return always_wrong(call) if number in numbers else SORRY

    return of_task(said)


@pytest.mark.parametrize(
    ("readable", "status"), [((), "paused"), ((3,), "paused"), ((3, 5), "finished")]
)
def test_a_few_that_could_be_read_among_many_are_as_good_as_none(
    create: Create, readable: tuple[int, ...], status: str
) -> None:
    """Fewer than a twentieth of 40."""
    wide = replace(SMALL, max_validation=40)
    lm = ScriptedLM(unreadable_but_for(*readable))
    row = carry_on(create(settings=wide, validation=messages(40, "v")), lm)
    assert row.status == status
    if status == "paused" and readable:
        assert (
            "Of the 40 examples that the baseline was scored on, only 1 has a reply that"
            in told(row.message)
        )


def test_one_that_could_be_read_of_16_is_enough(create: Create) -> None:
    assert carry_on(create(), ScriptedLM(unreadable_but_for(3))).status == "finished"


def test_a_single_example_is_told_of_too(create: Create) -> None:
    row = carry_on(create(validation=messages(1, "v")), ScriptedLM(of_task(sorry)))
    assert (row.status, row.stop_reason) == ("paused", "unreadable")
    assert told(row.message).startswith("Of the 1 example that")


def test_a_baseline_whose_every_example_failed_is_told_in_the_words_of_the_failure(
    create: Create,
) -> None:
    """Two refused prompts are not yet a provider that refuses everything."""

    def refusing(call: LMCall) -> str | Exception:
        refused = PromptRefused("http://m/v1 answered 400: it refuses this prompt.", said="no")
        return refused if call.schema is not None else by_skill(call)

    row = carry_on(create(validation=messages(2, "v")), ScriptedLM(refusing))
    assert (row.status, row.stop_reason) == ("paused", "unreadable")
    assert "2 × http://m/v1 answered 400: it refuses this prompt." in told(row.message)
    errors = OutcomeRow.objects.filter(exchange__run=row)
    assert [(one.score, bool(one.error)) for one in errors] == [(None, True)] * 2
    found = unread_of(row)
    assert found is not None
    assert (found.failed, [s.failed for s in found.samples]) == (2, [True])


def test_a_budget_that_ends_within_the_baseline_ends_the_run_as_ever(create: Create) -> None:
    row = create(limits={"max_calls": 16})
    Run.objects.filter(pk=row.pk).update(max_calls=10)
    row = carry_on(row, ScriptedLM(of_task(sorry)))
    assert (row.status, row.stop_reason) == ("finished", "budget")


# --- what is told ---------------------------------------------------------------

LABEL = Field("label", FieldType.CHOICE, choices=("ham", "spam"))
MODULES = {
    "choice": Predict("c", Signature((Field("x"),), (LABEL,))),
    "number": Predict("c", Signature((Field("x"),), (Field("n", FieldType.INTEGER), LABEL))),
}


def outcome(number: int, problem: str, reply: str = "") -> Outcome:
    trace = CallTrace("c", "c", {}, {}, reply, problem)
    return Outcome(
        f"e{number}", Score(0.0, f"the reply could not be read: c: {problem}"), {}, (trace,)
    )


def problem_of(module: str, reply: str) -> str:
    with pytest.raises(UnreadableReply) as refused:
        parse(MODULES[module], reply)
    return str(refused.value)


@pytest.mark.parametrize(
    ("module", "replies", "kind"),
    [
        ("choice", ("a", "”b“", "c: “d”"), "label is none of the choices (ham, spam)"),
        ("number", ("", "so: “x”", "no ”"), "The reply is no JSON object"),
        ("number", ('{"n": 1}', '{"n": 2, "x": "“"}'), "The reply lacks “label”"),
        ("number", ('{"n": "m"}', '{"n": "“many”"}'), "n is not a number"),
        ("number", ('{"n": []}', '{"n": {}}'), "n is not a number"),
    ],
)
def test_problems_of_a_kind_are_counted_together_whatever_they_quote(
    module: str, replies: tuple[str, ...], kind: str
) -> None:
    found = unread_in([outcome(n, problem_of(module, r), r) for n, r in enumerate(replies)])
    assert found is not None
    assert found.problems == ((f"c: {kind}", len(replies)),)


def test_samples_are_one_of_each_kind_first_no_reply_twice_and_short() -> None:
    made = [
        *(outcome(n, "The reply is no JSON object: “hm”", "hm") for n in range(9)),
        *(outcome(n, "The reply is no JSON object: “ha”", "ha") for n in range(9, 12)),
        outcome(12, "The reply lacks “label”: “{}”", "{}" + "x" * 5000),
        Outcome("e13", None, {}, (), "no answer"),
    ]
    found = unread_in(made)
    assert found is not None
    assert (found.examples, found.readable, found.failed) == (14, 0, 1)
    assert [sample.example for sample in found.samples] == ["e0", "e12", "e13"]
    assert [len(sample.reply) for sample in found.samples] == [2, LONGEST_SAMPLE, 0]
    assert "12 × c: The reply is no JSON object; 1 × c: The reply lacks “label”" in told(
        found.problem()
    )


def test_many_kinds_of_problems_are_told_in_short() -> None:
    found = unread_in([outcome(n, f"problem {n % 7}") for n in range(70)])
    assert found is not None
    assert "; and 4 other problems. Look" in told(found.problem())

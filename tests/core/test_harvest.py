"""Demos out of evaluations that were paid for anyway, and never out of what scores candidates."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.demos.traces import harvest
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.core.programs.demo import Demo
from tests.core.programs import MULTI_HOP, TWO_STEPS
from tests.fakes.world import messages

TRAIN, VALIDATION = messages(3, "t"), messages(3, "v")


def outcome(example_id: str, value: float = 1.0, intent: str = "refund") -> Outcome:
    trace = (
        CallTrace("summarize", "summarize", {"message": example_id}, {"summary": "short"}, "{}"),
        CallTrace("judge", "judge", {"summary": "short"}, {"intent": intent}, "{}"),
    )
    return Outcome(example_id, Score(value), {"intent": intent}, trace)


def test_a_correct_trace_gives_a_demo_to_every_module() -> None:
    assert harvest(TWO_STEPS, [outcome("t0")], 1.0, TRAIN) == [
        {
            "summarize": (Demo({"message": "t0", "summary": "short"}, augmented=True),),
            "judge": (Demo({"summary": "short", "intent": "refund"}, augmented=True),),
        }
    ]


def test_calls_that_share_a_module_give_it_a_demo_each() -> None:
    trace = tuple(
        CallTrace(name, "hop", {"question": "Who?", "context": c}, {"query": name}, "{}")
        for name, c in (("hop1", "start"), ("hop2", "hop1"))
    )
    (found,) = harvest(MULTI_HOP, [Outcome("t0", Score(1.0), {}, trace)], 1.0, TRAIN)
    assert [demo.values["query"] for demo in found["hop"]] == ["hop1", "hop2"]


@given(
    st.lists(
        st.tuples(st.sampled_from([e.id for e in (*TRAIN, *VALIDATION)]), st.floats(0, 1)),
        max_size=12,
    ),
    st.floats(0, 1),
)
def test_only_training_examples_that_reached_the_threshold_are_taken_and_each_once(
    seen: list[tuple[str, float]], threshold: float
) -> None:
    found = harvest(TWO_STEPS, [outcome(i, v) for i, v in seen], threshold, TRAIN)
    solved = [i for i, v in seen if v >= threshold and i.startswith("t")]
    assert [d["summarize"][0].values["message"] for d in found] == list(dict.fromkeys(solved))


def test_a_reply_that_could_not_be_read_is_no_demo_however_low_the_threshold() -> None:
    read, unread = outcome("t0"), outcome("t1")
    unread = replace(unread, trace=(replace(unread.trace[0], problem="no JSON"), unread.trace[1]))
    found = harvest(TWO_STEPS, [read, unread], 0.0, TRAIN)
    assert [d["summarize"][0].values["message"] for d in found] == ["t0"]


def test_the_first_correct_trace_of_an_example_wins() -> None:
    outcomes = [outcome("t0", 0.0, "other"), outcome("t0"), outcome("t0", 1.0, "delivery")]
    (found,) = harvest(TWO_STEPS, outcomes, 1.0, TRAIN)
    assert found["judge"][0].values["intent"] == "refund"


def test_failed_calls_and_broken_or_cut_traces_give_nothing() -> None:
    failed = Outcome("t0", None, {}, (), "no answer")
    cut = replace(outcome("t1"), trace=outcome("t1").trace[:1])
    first, last = outcome("t2").trace
    unread = replace(outcome("t2"), trace=(first, replace(last, problem="no JSON")))
    assert harvest(TWO_STEPS, [failed, cut, unread], 0.0, TRAIN) == []

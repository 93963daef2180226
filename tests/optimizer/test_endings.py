"""Replies that are no answers: what providers make of them, and what runs do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from optimizer.core.conversation.requests import Ask
from optimizer.core.programs.lm import Reply
from optimizer.lm.call import LMCall
from optimizer.lm.failures import CallFailed
from optimizer.models import Outcome as OutcomeRow
from optimizer.models import Run
from optimizer.running.recorder import Recorder
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.scripted_lm import Killed, ScriptedLM, by_skill
from tests.fakes.ways import WAYS, Way, outcome_of
from tests.optimizer.conftest import Create, carry_on

THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "praise?"}]}
CALLED = [{"type": "function", "id": "1", "function": {"name": "f", "arguments": '{"a": 1}'}}]


def message(**parts: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, **parts}


@pytest.mark.parametrize(
    ("said", "finish", "text", "ended"),
    [
        (message(content=[THOUGHT, {"type": "text", "text": "refund"}]), "stop", "refund", "stop"),
        (message(content="refund", reasoning_content="praise?"), "stop", "refund", "stop"),
        (message(tool_calls=CALLED), "tool_calls", '{"a": 1}', "tool_calls"),
        (message(refusal="I cannot."), "stop", "I cannot.", "refusal"),
        (message(content="I can", refusal=None), "content_filter", "I can", "content_filter"),
        (message(), "content_filter", "", "content_filter"),
        (message(), "length", "", "length"),
        (message(reasoning_content="praise?"), "length", "praise?", "length"),
        (message(reasoning_content="praise?"), "stop", "praise?", "only_thoughts"),
    ],
)
@pytest.mark.parametrize("way", WAYS[:2], ids=lambda way: way.name)
def test_what_a_message_says_and_how_it_ended_is_told_apart(
    way: Way, said: dict[str, Any], finish: str, text: str, ended: str
) -> None:
    def spoil(body: dict[str, Any]) -> str:
        return json.dumps(body | {"choices": [{"message": said, "finish_reason": finish}]})

    with OpenAIServer(spoil=spoil) as server:
        reply = outcome_of(way.client(server.root, "key"), way.call())
        sent = len(server.requests)
    assert not isinstance(reply, CallFailed), reply
    assert (reply.text, reply.finish_reason, sent) == (text, ended, 1)


def cut_at(number: int) -> Any:
    """The task model refuses one example; all else works."""

    def script(call: LMCall) -> str | Reply:
        said = call.messages[-1].content
        if call.schema is not None and said.split()[-1] == str(number):
            return Reply("I cannot help with that.", 40, 10, finish_reason="refusal")
        return by_skill(call)

    return script


def test_a_refusal_is_an_error_of_its_example_sent_once_and_the_run_goes_on(create: Create) -> None:
    lm = ScriptedLM(cut_at(3))
    row = carry_on(create(), lm)
    assert row.status == "finished", row.message
    assert set(lm.sent().values()) == {1}
    told = OutcomeRow.objects.filter(exchange__run=row).exclude(error="")
    assert told.exists()
    assert {(one.score, one.error) for one in told} == {
        (None, "classify: the model refused to answer (refusal): “I cannot help with that.”")
    }


def cut_off_writer(call: LMCall) -> str | Reply:
    said = by_skill(call)
    cut_off = call.schema is None and said.startswith("Look at it closely")
    return Reply(said, 40, 10, finish_reason="length") if cut_off else said


def test_an_instruction_that_was_cut_off_is_not_taken_and_that_survives_a_kill(
    create: Create, monkeypatch: pytest.MonkeyPatch
) -> None:
    lm, whole = ScriptedLM(cut_off_writer), Recorder.answered
    row = create()

    def dying(recorder: Recorder, opened: Any, *rest: Any) -> None:
        whole(recorder, opened, *rest)
        asked = [entry.request for entry in opened if isinstance(entry.request, Ask)]
        if any(request.purpose.startswith("instructions") for request in asked):
            raise Killed

    with monkeypatch.context() as once:
        once.setattr(Recorder, "answered", dying)
        with pytest.raises(Killed):
            carry_on(row, lm)
    Run.objects.update(heard_at=None)  # its lease is over
    row = carry_on(row, lm)
    assert row.status == "finished", row.message
    assert set(lm.sent().values()) == {1}
    told = row.events.filter(kind="proposal_refused").values_list("data", flat=True)
    assert {data["reason"]["code"] for data in told if "in way" in data["instruction"]} == {
        "proposal.cut_off"
    }
    proposed = row.events.filter(kind="instruction_proposed").values_list("data", flat=True)
    assert not [data for data in proposed if "in way" in data["instruction"]]

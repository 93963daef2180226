"""How far a try-out has come: each step by what the ledger has of its calls so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from optimizer.core.evaluation.execute import Known
from optimizer.core.evaluation.outcome import CallTrace
from optimizer.core.programs.calls import INPUT
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.lm import Message, Reply
from optimizer.core.programs.program import Module, ModulePrompt, Program
from optimizer.core.programs.signature import Value, written
from optimizer.core.programs.steps import (
    Embed,
    Fetch,
    LmCall,
    Ran,
    RunCode,
    Search,
    StepAnswer,
    StepRequest,
    Steps,
)
from optimizer.core.programs.turns import TURNS, in_short
from optimizer.lm import fetched_texts
from optimizer.models import Completion, Run
from optimizer.retrieval.again import looked_up_again
from optimizer.sandbox.answers import answered


@dataclass(frozen=True)
class StepNow:
    """A step that began. `now`: running, done or failed; `values`: what it gave, in short."""

    name: str
    now: str
    values: tuple[tuple[str, str], ...] = ()
    problem: str = ""


def progress(
    run: Run,
    program: Program,
    candidate: Candidate,
    given: Mapping[str, Value],
    kept: Iterable[CallTrace] = (),
) -> tuple[StepNow, ...]:
    """Steps that have begun, in order: the program is gone through again with the replies that have
    come; code runs and passages are looked up again. What is repeated, or wants vectors, counts as
    running until all of it is known; what was kept of an earlier try is done.
    """
    before = {trace.call: trace for trace in kept}
    replies = _replies(run.completions.filter(state=Completion.State.SETTLED))
    known = Known({f"{INPUT}.{name}": value for name, value in given.items()})
    key, found = program.key_of(given), list[StepNow]()
    for wave in program.waves():
        for call in wave:
            module = program.module(call.module)
            if call.name in before:
                known.keep(call, module, before[call.name])
                found += [step_of(before[call.name])] if before[call.name].made else []
                continue
            values = known.of(call, module)
            if values is None:
                known.take(call, module, None)
                continue
            prompt = candidate.modules[call.module]
            steps = _use(module, prompt, values, key)
            ran = None if call.repeat else _ran(steps, replies, run.namespace)
            found.append(_step(call.name, ran))
            if ran is not None and not ran.problem:
                known.take(call, module, ran)
        if any(step.now != "done" for step in found):
            break
    return tuple(found)


def step_of(call: CallTrace) -> StepNow:
    """A call that was made, as it ended."""
    values = tuple((name, written(in_short(name, value))) for name, value in _gave(call))
    return StepNow(call.call, "failed" if call.problem else "done", values, call.problem)


def _gave(call: CallTrace) -> Iterable[tuple[str, Value]]:
    """What a call gave, and the turns that it took before, which stand among what it was given."""
    turns = call.inputs.get(TURNS)
    return [*([(TURNS, turns)] if isinstance(turns, list) else []), *call.outputs.items()]


def _step(name: str, ran: Ran | None) -> StepNow:
    if ran is None:
        return StepNow(name, "running")
    if ran.problem:
        return StepNow(name, "failed", problem=ran.problem)
    return StepNow(
        name, "done", tuple((n, written(in_short(n, v))) for n, v in ran.outputs.items())
    )


def _use(module: Module, prompt: ModulePrompt, values: dict[str, Value], key: str) -> Steps[Ran]:
    chosen = yield from prompt.for_input(values, key)
    return (yield from module.run(chosen, values, 0))


def _ran(steps: Steps[Ran], replies: Mapping[Any, Reply], namespace: str) -> Ran | None:
    """What it comes to with these replies; None while one is missing."""
    try:
        requests = next(steps)
        while True:
            answers = [_answer(request, replies, namespace) for request in requests]
            if None in answers:
                return None
            requests = steps.send(tuple(answer for answer in answers if answer is not None))
    except StopIteration as done:
        ran: Ran = done.value
        return ran


def _answer(
    request: StepRequest, replies: Mapping[Any, Reply], namespace: str
) -> StepAnswer | None:
    """As the worker was answered; None where that is not known here."""
    match request:
        case LmCall(prompt):
            return replies.get(_said(prompt.messages))
        case RunCode():
            return answered(request)
        case Search():
            return looked_up_again(request, namespace)
        case Fetch():
            return fetched_texts.kept(namespace, request)
        case Embed():
            return None
        case _:
            assert_never(request)


def _said(messages: Iterable[Message]) -> tuple[tuple[str, str], ...]:
    return tuple((message.role, message.content) for message in messages)


def _replies(settled: Iterable[Completion]) -> dict[Any, Reply]:
    """Replies by what was said. Which of several draws it was makes no difference here."""
    return {
        tuple((role, content) for role, content in row.request.get("messages", ())): Reply(
            row.reply, finish_reason=row.finish_reason
        )
        for row in settled
    }

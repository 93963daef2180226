"""A real model's answers, each asked once: the store is a file that only grows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.confidence import NoChoice, SureReply
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.evaluation.execute import judged, predict
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.demo import digest_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Prompt, Reply, Role
from optimizer.core.programs.program import Program
from optimizer.core.programs.steps import StepAnswer, StepRequest, Steps
from optimizer.lm.call import Client, call_of


class Answers:
    """Greedy replies of one model, by prompt; every new one is appended to `kept`, if given.

    A prompt that is being asked is waited for, never asked a second time.
    """

    def __init__(self, client: Client, model: ModelRef, kept: Path | None = None) -> None:
        self._client, self._model, self._kept = client, model, kept
        self._replies: dict[str, asyncio.Future[Reply]] = {}
        self._stored = _read(kept) if kept else {}
        self.asked = 0

    @property
    def calls(self) -> int:
        """Distinct calls in the store, those of earlier starts included."""
        return len(self._stored)

    @property
    def seconds(self) -> float:
        """What all of these took the model."""
        return sum(reply.seconds for reply in self._stored.values())

    async def reply(self, prompt: Prompt) -> Reply:
        """Raises CallFailed when the model cannot be asked."""
        call = call_of(prompt, self._model, Role.TASK)
        key = digest_of(call.as_json())
        if key in self._stored:
            return self._stored[key]
        if key in self._replies:
            return replace(await asyncio.shield(self._replies[key]), cached=True)
        waiting = self._replies[key] = asyncio.get_running_loop().create_future()
        reply = await self._client.complete(call)
        self.asked += 1
        if self._kept:
            with self._kept.open("a") as file:
                file.write(json.dumps([key, *_stored(reply)]) + "\n")
        self._stored[key] = replace(reply, cached=True)
        waiting.set_result(reply)
        return reply

    async def outcomes(
        self, program: Program, metric: Metric, candidate: Candidate, examples: Sequence[Example]
    ) -> list[Outcome]:
        """One candidate on examples, a wave of all of them after the other: each wave of calls
        has one prefix, which the engine that reads it keeps."""
        going = {i: _scored(program, metric, candidate, e) for i, e in enumerate(examples)}
        asked = {i: next(calls) for i, calls in going.items()}
        ended: dict[int, Outcome] = {}
        while asked:
            replies = {i: [await self.reply(c.prompt) for c in own] for i, own in asked.items()}
            asked = {}
            for i, given in replies.items():
                step = _sent(going[i], tuple(given))
                if isinstance(step, Outcome):
                    ended[i] = step
                else:
                    asked[i] = step
        return [ended[i] for i in range(len(examples))]

    async def chances(
        self, program: Program, candidate: Candidate, example: Example
    ) -> dict[str, float]:
        """How sure the model was of each choice, of a program whose only call is a choice.

        Raises:
            NoChoice: the model was not asked for that.
        """
        (step,) = next(predict(program, candidate, example.inputs))
        reply = await self.reply(step.prompt)
        if not isinstance(reply, SureReply):
            raise NoChoice("The replies were kept without their probabilities.")
        return dict(reply.chances)


def _scored(
    program: Program, metric: Metric, candidate: Candidate, example: Example
) -> Steps[Outcome]:
    prediction = yield from predict(program, candidate, example.inputs)
    return (yield from judged(metric, example, prediction))


def _sent(
    calls: Steps[Outcome], replies: tuple[StepAnswer, ...]
) -> tuple[StepRequest, ...] | Outcome:
    try:
        return calls.send(replies)
    except StopIteration as end:
        found: Outcome = end.value
        return found


def _read(kept: Path) -> dict[str, Reply]:
    """What was stored before; a last line that broke off is dropped."""
    if not kept.exists():
        return {}
    text = kept.read_text()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        kept.write_text(whole)
    return {key: _reply(*rest) for key, *rest in map(json.loads, whole.splitlines())}


def _stored(reply: Reply) -> list[object]:
    told: list[object] = [reply.text, reply.finish_reason, round(reply.seconds, 3)]
    if isinstance(reply, SureReply):
        told.append({choice: round(chance, 6) for choice, chance in reply.chances})
    return told


def _reply(
    text: str, reason: str, seconds: float = 0.0, chances: dict[str, float] | None = None
) -> Reply:
    if chances is None:
        return Reply(text, finish_reason=reason, seconds=seconds, cached=True)
    told = tuple(chances.items())
    return SureReply(text, finish_reason=reason, seconds=seconds, cached=True, chances=told)

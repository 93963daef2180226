"""Calls a second through everything that keeps them safe, beside bare aiohttp.

Both send the same requests, 64 at once, to a local server whose replies take 0.5 s (128 a second
would be perfect). They take turns in one run, so that whatever else the machine does hits both.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.figures import ratio, spread, tell
from tests.browser.ground import database, empty_home, local_model

AT_ONCE = 64
REPLY_SECONDS = 0.5
CALLS = 640
ROUNDS = 6
NAME = "bayesian_bootstrap"  # needs no model that writes instructions


def main() -> None:
    ours: list[Turn] = []
    bare: list[Turn] = []
    with empty_home() as home, database(home), local_model(REPLY_SECONDS) as url:
        bench = Bench(url)
        for number in range(ROUNDS):
            bare.append(asyncio.run(bare_aiohttp(url, bench.bodies(f"b{number}"))))
            ours.append(bench.through_everything(f"o{number}"))
    report(ours, bare)


@dataclass(frozen=True)
class Turn:
    """One round: calls a second, and processor milliseconds a call."""

    rate: float
    cpu_ms: float


class Clock:
    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def turn(self, calls: int) -> Turn:
        seconds, busy = time.perf_counter() - self.wall, time.process_time() - self.cpu
        return Turn(calls / seconds, 1000 * busy / calls)


class Bench:
    """A provider and runs that do nothing but one evaluation each."""

    def __init__(self, url: str, at_once: int = AT_ONCE, calls: int = CALLS) -> None:
        from optimizer.models import Provider
        from tests.allowance import allow_loopback

        allow_loopback()
        self.calls = calls
        self.provider = Provider.objects.create(
            namespace="bench", name=f"Local {at_once}", kind=Provider.Kind.OPENAI_COMPATIBLE,
            api_base=url, models_offered=["local"], concurrency=at_once, input_price=0,
            output_price=0,
        )  # fmt: skip

    def spec(self, name: str) -> Any:
        from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
        from optimizer.core.programs.lm import Role
        from tests.fakes.world import LABEL, messages, one_module_program

        examples = tuple(
            replace(one, inputs={"message": f"{name}: {one.inputs['message']}"})
            for one in messages(self.calls, name)
        )
        return RunSpec(
            program=one_module_program(), metric=LABEL, optimizer=NAME,
            settings=Settings(max_validation=self.calls),
            models={Role.TASK: ModelRef(self.provider.pk, "local")}, namespace="bench",
            train=examples[:2], validation=examples,
        )  # fmt: skip

    def bodies(self, name: str) -> list[dict[str, Any]]:
        """The requests of such a run, as they go over the line."""
        from optimizer.core.evaluation.execute import predict
        from optimizer.core.programs.candidate import baseline_of

        spec = self.spec(name)
        found = []
        for example in spec.validation:
            (call,) = next(predict(spec.program, baseline_of(spec.program), example.inputs, 0))
            prompt = call.prompt
            schema = {"name": "reply", "schema": prompt.schema, "strict": True}
            found.append(
                {
                    "model": "local",
                    "messages": [{"role": m.role, "content": m.content} for m in prompt.messages],
                    "temperature": 0.0,
                    "max_tokens": 400,
                    "response_format": {"type": "json_schema", "json_schema": schema},
                }
            )
        return found

    def through_everything(self, name: str) -> Turn:
        """Ledger, limits, writer, outcomes: a run's evaluation as the worker carries it out."""
        from optimizer.core.optimizers import OPTIMIZERS
        from optimizer.jobs import starting
        from optimizer.running import runner

        run = starting.create_run(self.spec(name))
        timed = Timed()
        only = replace(OPTIMIZERS[NAME], converse=timed.converse)
        runner.run(run.pk, runner.Means(optimizers={NAME: only}))
        run.refresh_from_db()
        assert run.status == "finished", run.message
        assert run.used_calls == self.calls, run.used_calls
        assert timed.turn is not None
        return timed.turn


class Timed:
    """An optimizer that asks for one evaluation and looks at the clock."""

    turn: Turn | None = None

    def converse(self, spec: Any, new_search: Any) -> Any:
        from optimizer.core.conversation.events import Result, StopReason
        from optimizer.core.conversation.requests import Evaluate, Purpose, evaluate
        from optimizer.core.programs.candidate import baseline_of

        best = baseline_of(spec.program)
        clock = Clock()
        yield from evaluate(Evaluate(best, spec.validation, Purpose.BASELINE))
        self.turn = clock.turn(len(spec.validation))
        return Result(best, 0, None, None, None, StopReason.COMPLETED)


async def bare_aiohttp(url: str, bodies: Sequence[dict[str, Any]]) -> Turn:
    import aiohttp

    waiting = iter(bodies)
    clock = Clock()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def work() -> None:
            for body in waiting:
                async with session.post(f"{url}/chat/completions", json=body) as reply:
                    found = json.loads(await reply.read())
                    assert found["choices"][0]["message"]["content"]

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return clock.turn(len(bodies))


def report(ours: Sequence[Turn], bare: Sequence[Turn]) -> None:
    share = ratio([t.rate for t in ours], [t.rate for t in bare])
    rates = {"ours": spread([t.rate for t in ours], 1), "bare": spread([t.rate for t in bare], 1)}
    cpu = {
        "ours": spread([t.cpu_ms for t in ours], 2)["median"],
        "bare": spread([t.cpu_ms for t in bare], 2)["median"],
    }
    rows = [
        ("perfect", f"{AT_ONCE / REPLY_SECONDS:.0f} calls/s"),
        ("bare aiohttp, median", f"{rates['bare']['median']} calls/s, {cpu['bare']} ms CPU a call"),
        ("promptlab, median", f"{rates['ours']['median']} calls/s, {cpu['ours']} ms CPU a call"),
        ("ratio", f"{share['ratio']:.2f} ({share['low']:.2f} to {share['high']:.2f})"),
    ]
    figures = {
        "at_once": AT_ONCE, "reply_seconds": REPLY_SECONDS, "calls": CALLS, "rounds": ROUNDS,
        "calls_per_second": rates, "cpu_ms_per_call": cpu, "ours_to_bare": share,
    }  # fmt: skip
    tell(f"Calls: {AT_ONCE} at once, replies in {REPLY_SECONDS} s", rows, figures)


if __name__ == "__main__":
    main()

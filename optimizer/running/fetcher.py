"""Addresses that programs ask, for a run: each request is sent once, and answered from its row."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from yarl import URL

from optimizer.core.problems import problem
from optimizer.core.programs.steps import Fetch, Fetched
from optimizer.core.programs.storable import storable
from optimizer.lm import fetched_texts
from optimizer.lm.egress import OPERATORS, AllowList
from optimizer.lm.failures import CallFailed
from optimizer.lm.guard import EVERYWHERE, Egress
from optimizer.lm.scrub import Scrubber
from optimizer.lm.transport import Transport
from optimizer.running.threads import in_a_thread
from optimizer.sentences import sentence

SECONDS, MOST_BYTES = 30.0, 1 << 20
"""What one answer may take."""
ATTEMPTS, FIRST_WAIT = 3, 1.0
AT_ONCE = 8
"""Requests of a run that are out at the same time."""

Rest = Callable[[float], Awaitable[None]]


class Fetcher:
    """Of one event loop. `rest` waits; it raises when the run is being left."""

    def __init__(self, namespace: str, rest: Rest) -> None:
        self._namespace, self._rest = namespace, rest
        self._out: dict[Fetch, asyncio.Task[Fetched]] = {}
        self._transports: dict[str, Transport] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    async def answer(self, request: Fetch) -> Fetched:
        """What the address gives, or gave before; who asks meanwhile, waits. What may be otherwise
        next time (no connection, a server that fails) is told as a problem and not kept.

        Raises:
            Interruption: the run is being left.
        """
        task = self._out.get(request)
        if task is None:
            task = self._out[request] = asyncio.create_task(self._answer(request))
            task.add_done_callback(lambda _: self._out.pop(request, None))
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        for task in [*self._out.values()]:
            task.cancel()
        for transport in self._transports.values():
            await transport.aclose()

    async def _answer(self, request: Fetch) -> Fetched:
        known = await in_a_thread(fetched_texts.kept, self._namespace, request)
        if known is not None:
            return known
        async with self._places:
            came = await self._patiently(request)
        if came.problem is not None:
            return came
        return await in_a_thread(fetched_texts.keep, self._namespace, request, came)

    async def _patiently(self, request: Fetch) -> Fetched:
        for attempt in range(ATTEMPTS):
            if attempt:
                await self._rest(FIRST_WAIT * 2 ** (attempt - 1))
            try:
                came = await self._asked(request)
            except CallFailed as failure:
                told, passing = str(failure), failure.passing
            else:
                if came.status not in (408, 425, 429) and came.status < 500:
                    return came
                told = f"{_origin(request)} answered with status {came.status}."
                passing = True
            if not passing:
                break
        wrong = problem("fetch.failed", why=told)
        return Fetched(problem=wrong, told=sentence(wrong))

    async def _asked(self, request: Fetch) -> Fetched:
        transport = await self._transport(request)
        method, headers = ("GET", {})
        if request.body:
            method, headers = "POST", {"Content-Type": "application/json"}
        body = request.body.encode() or None
        async with transport.exchange(method, request.url, headers, body, MOST_BYTES) as answer:
            return Fetched(answer.status, storable(answer.body.decode("utf-8", "replace")))

    async def _transport(self, request: Fetch) -> Transport:
        origin = _origin(request)
        if origin not in self._transports:
            egress = await in_a_thread(self._egress, request)
            made = Transport(origin, egress, Scrubber(), SECONDS)
            self._transports.setdefault(origin, made)
        return self._transports[origin]

    def _egress(self, request: Fetch) -> Egress:
        if self._namespace == OPERATORS:
            return EVERYWHERE
        return AllowList.of_programs().egress(request.url)


def _origin(request: Fetch) -> str:
    """Its host, which is all of it that is told: what stands behind may be a key."""
    try:
        return str(URL(request.url).origin())
    except ValueError:
        return "the address"

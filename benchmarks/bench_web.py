"""The page of a very long run: answered how fast, with how many queries, and to how many watchers
at once. `--short` for a quick look with fewer of everything.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.bench_page import count_queries, visit
from benchmarks.figures import percentile, spread, tell
from benchmarks.long_run import long_run, store_trial
from tests.browser.ground import database, empty_home

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from promptlab.runs.models import ProjectRun
    from tests.browser.lab import Lab
    from tests.browser.stack import Stack

ROLES = ("admin", "editor", "viewer")
EVERY = 1.3
"""Seconds between trials, no multiple of the time in which rings are gathered."""
PATIENCE = 30.0
CONNECTING = 20
"""Sockets that are opened at the same time."""


@dataclass(frozen=True)
class Size:
    trials: int
    events: int
    watchers: int
    stored: int


LONG = Size(5_000, 1_000_000, 500, 30)
SHORT = Size(5_000, 100_000, 60, 8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer events and watchers")
    size = SHORT if parser.parse_args().short else LONG
    with empty_home() as home, database(home) as url:
        from tests.browser.lab import Lab
        from tests.browser.stack import Stack

        lab = Lab("http://127.0.0.1:1/v1")
        project_run = long_run(lab, size.trials, size.events)
        stack = Stack(home, url)
        try:
            stack.prepare()
            stack.start_web()
            stack.await_web()
            measure(lab, project_run, stack, size)
        finally:
            stack.close()


def measure(lab: Lab, project_run: ProjectRun, stack: Stack, size: Size) -> None:
    from tests.browser.conftest import session_of

    run = f"{lab.path}/runs/{project_run.number}/"
    paths = {
        "page": run, "its parts": f"{run}live/",
        "50th page of trials": f"{run}?trials=all&before=101",
        "full evaluations": f"{run}?trials=full", "candidates": f"{run}?trials=candidates",
    }  # fmt: skip
    cookie = "=".join(session_of(lab.alice))
    visits = {name: visit(stack.url, path, cookie) for name, path in paths.items()}
    queries = {name: count_queries(lab, path) for name, path in paths.items()}
    delays = asyncio.run(watch(lab, project_run, stack.url, size))
    rows = [
        (
            name,
            f"median {spread(times, 0)['median']:.0f} ms, 95 of 100 below "
            f"{percentile(times, 0.95):.0f} ms; {queries[name][0]} queries "
            f"({queries[name][1]:.0f} ms); {packed / 1024:.1f} KiB packed",
        )
        for name, (times, _raw, packed) in visits.items()
    ]
    seen = spread(delays, 0)
    rows.append(
        (
            f"stored → with {size.watchers} watchers",
            f"median {seen['median']:.0f} ms, 95 of 100 below {seen['p95']:.0f} ms",
        )
    )
    figures = {
        "p95_ms": round(max(percentile(times, 0.95) for times, _raw, _packed in visits.values())),
        "queries": max(n for n, _ms in queries.values()),
        "bytes_gz": max(packed for _times, _raw, packed in visits.values()),
        "visible_p95_ms": round(seen["p95"]),
        "watchers": size.watchers,
        "trials": size.trials,
        "events": size.events,
    }
    tell(f"Web: a run with {size.trials:,} trials and {size.events:,} events", rows, figures)


async def watch(lab: Lab, project_run: ProjectRun, url: str, size: Size) -> list[float]:
    """Milliseconds from the commit of each trial until each watcher's socket has its row."""
    from channels.db import database_sync_to_async

    cookies = await database_sync_to_async(sessions)(lab, size.watchers)
    address = f"{url.replace('http', 'ws')}/ws{lab.path}/runs/{project_run.number}/"
    door = asyncio.Semaphore(CONNECTING)

    async def come(cookie: str) -> ClientConnection:
        async with door:
            return await opened(address, url, cookie)

    sockets = await asyncio.gather(*(come(cookie) for cookie in cookies))
    delays: list[float] = []
    for _ in range(size.stored):
        await asyncio.sleep(EVERY)
        number = await database_sync_to_async(store_trial)(project_run)
        stored = time.perf_counter()
        seen = await asyncio.gather(*(arrival(socket, number) for socket in sockets))
        delays += [1000 * (at - stored) for at in seen]
    await asyncio.gather(*(socket.close() for socket in sockets))
    return delays


async def opened(address: str, origin: str, cookie: str) -> ClientConnection:
    """A socket that has got the whole page."""
    from websockets.asyncio.client import connect
    from websockets.typing import Origin

    socket = await connect(
        address, origin=Origin(origin), additional_headers={"Cookie": cookie}, max_size=None,
        max_queue=None, open_timeout=PATIENCE,
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE):
        while "run-trials" not in str(await socket.recv()):
            pass
    return socket


async def arrival(socket: ClientConnection, number: int) -> float:
    row = f'id="t{number}"'
    async with asyncio.timeout(PATIENCE):
        while row not in str(await socket.recv()):
            pass
    return time.perf_counter()


def sessions(lab: Lab, count: int) -> Sequence[str]:
    """A session of its own for each watcher, of people in all roles that differ."""
    from tests.browser.conftest import session_of

    people = [lab.person(f"watcher{role}", role) for role in ROLES]
    return ["=".join(session_of(people[n % len(people)])) for n in range(count)]


if __name__ == "__main__":
    main()

"""kill -9 again and again, in the middle of every optimizer: the same end, nothing paid twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.models import Provider
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.world import two_module_program
from tests.faults import table
from tests.faults.memory import Watch
from tests.faults.workers import (
    Undisturbed,
    books_are_right,
    ended,
    forget,
    told,
    until,
    workers,
)
from tests.optimizer.conftest import Create

KILLS = 6
"""In each of the optimizers, when all of them are tried: 66."""
FEW = ("racing", "reflective")
"""Optimizers of the short set, with two kills each."""
AT_ONCE = 8 + 2  # the provider's places, and what waits for the books


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_run_that_is_killed_again_and_again_ends_as_if_nothing_had_happened(
    name: str, whole: bool, create: Create, spec: RunSpec, provider: Provider,
    watch: Watch, tmp_path: Path,
) -> None:  # fmt: skip
    if not whole and name not in FEW:
        pytest.skip("in the whole set")
    kills, rng = (KILLS if whole else 2), random.Random(name)
    with (
        table.row("worker", f"kill -9 in the middle of {name}") as row,
        OpenAIServer(seconds=0.03) as server,
        workers(tmp_path / "worker.log", watch) as crew,
    ):
        provider.api_base = server.url
        provider.save()
        expected = _undisturbed(name, create, server, crew)
        run = create(optimizer=name, program=two_module_program(), seed=1)
        for number in range(1, kills + 1):
            target = max(number * expected.calls // (kills + 1) - rng.randrange(3), 1)
            process = crew.start()
            until(lambda target=target: len(server.sent()) >= target or ended(run))
            crew.kill(process)
        crew.start()
        until(lambda: ended(run), what=f"the end of {name}")
        assert told(run) == expected.told, crew.words()
        twice = books_are_right(run, server, expected.calls, kills, AT_ONCE)
        row.tries = kills
        row.result = f"same best, scores and events; {twice} calls sent twice, all of them in doubt"


def _undisturbed(name, create, server, crew) -> Undisturbed:
    run = create(optimizer=name, program=two_module_program(), seed=1)
    process = crew.start()
    until(lambda: ended(run), what=f"an undisturbed {name}")
    crew.kill(process)
    found = Undisturbed(told(run), len(server.requests))
    assert found.told["status"] == "finished", crew.words()
    assert run.used_calls == found.calls
    forget(run)
    server.requests.clear()
    return found

"""A whole installation whose parts are killed, one by one and all at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.openai_server import OpenAIServer
from tests.faults import table
from tests.faults.installation import Installation, installed
from tests.faults.memory import bounded
from tests.launch.machine import wait_until


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(seconds=0.1) as running:
        yield running


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    with bounded() as watch, installed(watch) as running:
        yield running


@pytest.fixture(scope="module")
def expected(installation: Installation, server: OpenAIServer) -> dict[str, object]:
    """What a run has to tell when nothing happens."""
    run = installation.say("start", server.url)
    _finish(installation, run)
    found = installation.say("told", str(run))
    installation.say("forget", str(run))
    server.requests.clear()
    return found


def _finish(installation: Installation, run: int) -> None:
    def over() -> bool:
        return installation.say("status", str(run)) in ("finished", "failed", "cancelled")

    wait_until(over, 120, f"the end of the run ({installation.words()[-300:]})")


@pytest.mark.parametrize("part", ["web", "worker", "model", "postgres", "everything"])
def test_an_installation_goes_on_after_its_part_was_killed(
    part: str, installation: Installation, server: OpenAIServer, expected: dict[str, object]
) -> None:
    with table.row("installation", f"kill -9: {part}") as row:
        run = installation.say("start", server.url)
        wait_until(lambda: len(server.requests) > 20, 60, "the run being under way")
        if part == "everything":
            installation.kill_all()
            installation.start()
        else:
            installation.kill(part)
        wait_until(installation.healthy, 60, "the pages being served again")
        _finish(installation, run)
        assert installation.say("told", str(run)) == expected, installation.words()
        twice = len(server.requests) - len(server.sent())
        assert twice <= 10
        installation.say("forget", str(run))
        server.requests.clear()
        row.tries = 1
        row.result = f"pages served again, same best, scores and events; {twice} calls sent twice"

"""A whole installation whose parts are killed, one by one and all at once, and its disk filled."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.fakes.openai_server import OpenAIServer
from tests.faults import table
from tests.faults.installation import Installation, installed
from tests.faults.memory import bounded
from tests.launch.disk import SmallDisk, small_disk, why_not_mountable
from tests.launch.machine import wait_until

PARTS = ("everything", "web", "worker", "model", "postgres")
IN_SHORT = ("everything",)
AT_ONCE = 8 + 2
DISK_MIB = 500
FULL_SECONDS = 160.0
"""Longer than what once ended the product; the short set waits a few."""


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(seconds=0.1) as running:
        yield running


@pytest.fixture(scope="module")
def disk() -> Iterator[SmallDisk | None]:
    """Where mounting is allowed, a small one for the data folder."""
    with ExitStack() as stack:
        yield None if why_not_mountable() else stack.enter_context(small_disk(DISK_MIB))


@pytest.fixture(scope="module")
def installation(disk: SmallDisk | None) -> Iterator[Installation]:
    home = disk.path / "data" if disk else None
    with bounded() as watch, installed(watch, home) as running:
        yield running


@pytest.fixture(scope="module")
def expected(installation: Installation, server: OpenAIServer) -> dict[str, object]:
    """What a run has to tell when nothing happens."""
    run = _under_way(installation, server)
    installation.finish(run)
    found = installation.say("told", str(run))
    _forget(installation, server, run)
    return found


@pytest.mark.parametrize("part", PARTS)
def test_an_installation_goes_on_after_its_part_was_killed(
    part: str, whole: bool, installation: Installation, server: OpenAIServer,
    expected: dict[str, object],
) -> None:  # fmt: skip
    if not whole and part not in IN_SHORT:
        pytest.skip("in the whole set")
    with table.row("installation", f"kill -9: {part}") as row:
        run = _under_way(installation, server)
        if part == "everything":
            installation.kill_all()
            installation.begin()
        else:
            installation.kill(part)
        wait_until(installation.healthy, 90, "the pages being served again")
        installation.finish(run)
        assert installation.say("told", str(run)) == expected, installation.said()
        twice = _forget(installation, server, run)
        row.tries = 1
        row.result = f"pages served again, same best, scores and events; {twice} calls sent twice"


@pytest.mark.parametrize("killed", ["Postgres", "nobody"])
def test_an_installation_goes_on_when_its_full_disk_has_space_again(
    killed: str, whole: bool, installation: Installation, server: OpenAIServer,
    disk: SmallDisk | None, expected: dict[str, object],
) -> None:  # fmt: skip
    if disk is None:
        pytest.skip(why_not_mountable())
    if not whole and killed == "nobody":
        pytest.skip("in the whole set")
    seconds = FULL_SECONDS if whole else 5.0
    with table.row("disk", f"full for {seconds:.0f} s in a run, killed meanwhile: {killed}") as row:
        run = _under_way(installation, server)
        disk.fill()
        if killed == "Postgres":  # it cannot start again before there is space
            installation.kill("postgres")
        time.sleep(seconds)  # the fault itself
        disk.free()
        wait_until(installation.healthy, 120, "the pages being served again")
        installation.finish(run, 180)
        assert installation.process.poll() is None
        assert installation.say("told", str(run)) == expected, installation.said()
        twice = _forget(installation, server, run)
        row.tries = 1
        row.result = f"all comes back, same best, scores and events; {twice} calls sent twice"


def _under_way(installation: Installation, server: OpenAIServer) -> int:
    run = installation.say("start", server.url)
    wait_until(lambda: len(server.requests) > 20, 60, "the run being under way")
    return int(run)


def _forget(installation: Installation, server: OpenAIServer, run: int) -> int:
    """Make room for the next; how many calls were sent twice."""
    twice = len(server.requests) - len(server.sent())
    assert twice <= 2 * AT_ONCE
    installation.say("forget", str(run))
    server.requests.clear()
    return twice

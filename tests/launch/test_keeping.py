"""What ends is started again, for ever, and the terminal says why, once."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from promptlab.launch import keeping
from promptlab.launch.child import Child
from promptlab.launch.home import Home
from promptlab.launch.keeping import Backoff, ChildKeeper, Notes, PostgresKeeper
from promptlab.launch.postgres import Cluster, running_server
from promptlab.launch.telling import Teller, say
from tests.launch.disk import SmallDisk, small_disk, why_not_mountable
from tests.launch.machine import wait_until

mounted = pytest.mark.skipif(bool(why_not_mountable()), reason=why_not_mountable() or "-")
FAILS = "import sys; print('no such thing as', id(sys)); sys.exit(3)"
LASTS = "import time; time.sleep(60)"


class Heard:
    """All that was printed so far."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self._text = ""

    @property
    def so_far(self) -> str:
        self._text += self._capfd.readouterr().out
        return self._text


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "SHORTEST_PAUSE", 0.01)
    monkeypatch.setattr(keeping, "LONGEST_PAUSE", 0.04)
    monkeypatch.setattr(keeping, "RUNS_AGAIN_AFTER", 0.1)
    monkeypatch.setattr(PostgresKeeper, "LOOK_SECONDS", 0.0)


def keeper_of(home: Home, script: str) -> ChildKeeper:
    child = Child("worker", [sys.executable, "-c", script], log=home.logs / "worker.log")
    return ChildKeeper(child, dict(os.environ), Notes(home), Teller(), {"kind": "test"})


def test_pauses_double_up_to_half_a_minute_and_no_clock_that_is_set_matters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr(keeping.time, "monotonic", lambda: now)
    monkeypatch.setattr(keeping.time, "time", lambda: 0.0)
    backoff, pauses = Backoff(), []
    for _ in range(7):
        before = now
        backoff.plan()
        while not backoff.due():
            now += 0.5
        pauses.append(now - before)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    backoff.forgive()
    backoff.plan()
    now += 1
    assert backoff.due()


def test_a_child_that_dies_at_once_is_started_again_and_again_and_told_once(
    home: Home, hasty: None, capfd: pytest.CaptureFixture[str]
) -> None:
    keeper = keeper_of(home, FAILS)
    keeper.start()
    pids = set()

    def started_often() -> bool:
        keeper.look()
        pids.add(keeper.child.pid)
        return len(pids - {None}) > 4

    wait_until(started_often, 30, "five starts")
    keeper.stop()
    said = capfd.readouterr().out
    assert said.count("worker ended with exit status 3") == 1
    assert "no such thing as" in said
    assert str(home.logs / "worker.log") in said


def test_a_child_that_was_killed_is_told_with_what_may_have_done_it(
    home: Home, hasty: None, capfd: pytest.CaptureFixture[str]
) -> None:
    keeper = keeper_of(home, LASTS)
    keeper.start()
    first = keeper.child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)

    def back() -> bool:
        keeper.look()
        return home.read_fact("worker").get("pid") not in {first, None}

    wait_until(back, 30, "another process")
    wait_until(lambda: keeper.look() or keeper.child.seconds > 0.2, 10, "a moment")
    keeper.stop()
    said = capfd.readouterr().out
    assert "SIGKILL; the system does that where memory runs out" in said
    assert "worker runs again." in said
    assert home.read_fact("worker") == {}


def test_a_machine_that_starts_no_process_now_is_asked_again(
    home: Home, hasty: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    keeper = keeper_of(home, LASTS)
    with monkeypatch.context() as patch:
        patch.setattr(
            keeping.subprocess, "Popen", lambda *_, **__: (_ for _ in ()).throw(OSError(12, "no"))
        )
        keeper.start()
        assert not keeper.child.has_died()
    wait_until(lambda: keeper.look() or keeper.child.pid, 10, "its start")
    keeper.stop()
    assert "worker cannot be started" in capfd.readouterr().out


@mounted
def test_facts_are_written_once_the_disk_takes_them() -> None:
    with small_disk(8) as disk:
        home = Home(disk.path / "home").prepare()
        notes = Notes(home)
        disk.fill()
        notes.write("web", {"pid": 1})
        notes.write("web", {"pid": 2})
        assert home.read_fact("web") == {}
        disk.free()
        notes.catch_up()
        assert home.read_fact("web") == {"pid": 2}
        notes.drop("web")
        assert home.read_fact("web") == {}


@pytest.fixture
def disk() -> Iterator[SmallDisk]:
    with small_disk(160) as made:
        yield made


@mounted
def test_postgres_comes_back_by_itself_when_its_full_disk_has_space_again(
    disk: SmallDisk, hasty: None, capfd: pytest.CaptureFixture[str]
) -> None:
    home = Home(disk.path / "home").prepare()
    with running_server(home) as server:
        with psycopg.connect(server.url, autocommit=True) as link:
            link.execute("CREATE TABLE kept AS SELECT generate_series(1, 500) AS row")
        cluster = Cluster(home, {})
        keeper = PostgresKeeper(cluster, server.url, Teller(), pytest.fail)
        keeper.look(excused=False)
        disk.fill()
        with (
            psycopg.connect(server.url, autocommit=True) as link,
            pytest.raises(psycopg.OperationalError),
        ):
            link.execute("CREATE TABLE more AS SELECT generate_series(1, 999999) AS row")
        os.kill(server.pid, signal.SIGKILL)

        heard = Heard(capfd)
        wait_until(lambda: keeper.look(excused=False) or "tried again" in heard.so_far, 30, "a try")
        for _ in range(20):
            keeper.look(excused=False)
            time.sleep(0.02)  # more tries, which are not told
        assert keeper.lost
        assert not cluster.lives()
        disk.free()
        wait_until(lambda: keeper.look(excused=False) or not keeper.lost, 30, "its return")

        with psycopg.connect(server.url) as link:
            assert link.execute("SELECT count(*) FROM kept").fetchone() == (500,)
        assert home.read_fact("postgres")["pid"] != server.pid
    said = heard.so_far
    assert said.count("Postgres ended unexpectedly; starting it again.") == 1
    lines = [re.sub(r"\d+", "#", line) for line in said.splitlines()]
    assert sorted(set(lines)) == sorted(lines)
    assert "No space left on device" in said


def test_data_that_are_gone_are_not_replaced_by_empty_ones(
    home: Home, data_made: None, hasty: None, capfd: pytest.CaptureFixture[str]
) -> None:
    with running_server(home) as server:
        cluster = Cluster(home, {})
        keeper = PostgresKeeper(cluster, server.url, Teller(), pytest.fail)
        keeper.look(excused=False)
        aside = home.path / "aside"
        home.postgres.rename(aside)  # as an unmounted disk looks
        os.kill(server.pid, signal.SIGQUIT)
        heard = Heard(capfd)
        wait_until(lambda: keeper.look(excused=False) or "no data in" in heard.so_far, 30, "a try")
        assert not home.postgres.exists()

        aside.rename(home.postgres)
        wait_until(lambda: keeper.look(excused=False) or not keeper.lost, 30, "its return")
        psycopg.connect(server.url).close()


def test_a_port_that_is_lost_to_somebody_is_replaced_and_everybody_is_told(
    home: Home, data_made: None, hasty: None
) -> None:
    moved: list[str] = []
    with running_server(home) as server, socket.socket() as somebody:
        keeper = PostgresKeeper(Cluster(home, {}), server.url, Teller(), moved.append)
        keeper.look(excused=False)
        os.kill(server.pid, signal.SIGQUIT)
        somebody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        wait_until(lambda: taken(somebody, server.port), 30, "the port being free")

        wait_until(lambda: keeper.look(excused=False) or moved, 30, "its return elsewhere")
        psycopg.connect(moved[0]).close()
        assert f":{server.port}/" not in moved[0]
        assert home.read_fact("postgres")["url"] == moved[0]


def taken(somebody: socket.socket, port: int) -> bool:
    try:
        somebody.bind(("127.0.0.1", port))
        somebody.listen()
    except OSError:
        return False
    return True


def test_words_that_nobody_hears_are_no_reason_to_end() -> None:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writing, 1)
        os.close(reading)
        os.close(writing)
        status = 7
        try:
            for _ in range(3):
                say("hello")
            status = 0
        finally:
            os._exit(status)
    os.close(reading)
    os.close(writing)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_log_file_of_ours_on_a_full_disk_does_not_end_us(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    saved = os.dup(1)
    try:
        with full.open("wb") as file:
            os.dup2(file.fileno(), 1)
            say("hello")
            say("again")
    finally:
        os.dup2(saved, 1)
        os.close(saved)

"""From a clean clone and an empty environment to a page, and back to nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from promptlab.launch.home import CHECKOUT
from promptlab.launch.ports import free_port
from tests.launch.disk import SmallDisk, small_disk, why_not_mountable
from tests.launch.machine import (
    empty_environment,
    health,
    open_folder,
    press_ctrl_c,
    processes_of,
    wait_until,
)

SETUP_AND_START = 420.0  # without a cache and on a slow line
WARM = 20.0
DISK_MIB = 520


class Instance:
    """`make run` in a clone, with its output in a file."""

    def __init__(self, clone: Path, disk: SmallDisk | None) -> None:
        self.clone = clone
        self.disk = disk
        self.home = (disk.path if disk else clone) / "data"
        self.port = free_port()
        self.output = clone / "output.txt"

    def start(self, seconds: float) -> None:
        environ = empty_environment(PORT=str(self.port), PROMPTLAB_HOME=str(self.home))
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                ["make", "run"],
                cwd=self.clone,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        wait_until(self.is_ready_or_over, seconds, "promptlab being ready")
        assert self.process.poll() is None, self.said()

    def is_ready_or_over(self) -> bool:
        return "is ready" in self.output.read_text() or self.process.poll() is not None

    def stop(self) -> None:
        press_ctrl_c(self.process)
        self.process.wait(60)

    def said(self) -> str:
        return self.output.read_text()

    def processes(self) -> list[str]:
        return processes_of(self.clone) + processes_of(self.home)

    def pid_of(self, name: str) -> int:
        return int(json.loads((self.home / "run" / f"{name}.json").read_text())["pid"])

    @contextmanager
    def killed(self, *names: str) -> Iterator[None]:
        """Kill processes; at the end of the block each must be known by its successor's id.

        The page may say that all is well before that: a new Postgres serves sooner than the
        launcher looks, and a dead worker counts as alive until its last sign is too old.
        """
        before = {name: self.pid_of(name) for name in names}
        for pid in before.values():
            os.kill(pid, signal.SIGKILL)
        yield
        for name, pid in before.items():
            wait_until(lambda n=name, p=pid: self.pid_of(n) != p, 60, f"a new {name}")


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with ExitStack() as stack:
        clone = stack.enter_context(open_folder()) / "promptlab"
        disk = None if why_not_mountable() else stack.enter_context(small_disk(DISK_MIB))
        subprocess.run(["git", "clone", "--quiet", str(CHECKOUT), str(clone)], check=True)
        instance = Instance(clone, disk)
        instance.start(SETUP_AND_START)
        yield instance
        if instance.process.poll() is None:
            instance.stop()


def test_make_run_leads_from_a_clean_clone_to_a_healthy_page(instance: Instance) -> None:
    said = health(instance.port)

    assert (said["status"], said["database"]) == ("ok", "ok")
    wait_until(lambda: health(instance.port).get("workers"), 60, "the worker being seen")
    assert f"http://127.0.0.1:{instance.port}/" in instance.said()


def test_pages_come_with_a_strict_policy_and_hashed_files(instance: Instance) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{instance.port}/") as page:
        policy, html = page.headers["Content-Security-Policy"], page.read().decode()

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "/static/" in html


def test_a_killed_web_server_comes_back_by_itself(instance: Instance) -> None:
    with instance.killed("web"):
        pass
    wait_until(lambda: health(instance.port), 30, "the page coming back")


def test_a_killed_postgres_comes_back_by_itself(instance: Instance) -> None:
    with instance.killed("postgres"):
        wait_until(lambda: "starting it again" in instance.said(), 30, "the loss being noticed")
    wait_until(
        lambda: health(instance.port).get("database") == "ok", 30, "the database coming back"
    )


@pytest.mark.skipif(bool(why_not_mountable()), reason=why_not_mountable() or "-")
def test_a_full_disk_ends_nothing_and_is_said_to_be_why(instance: Instance) -> None:
    assert instance.disk is not None
    instance.disk.fill()
    with instance.killed("postgres", "worker"):
        wait_until(lambda: "full: 0 MB free; promptlab waits" in instance.said(), 30, "its words")
        assert instance.process.poll() is None

        instance.disk.free()

    wait_until(lambda: health(instance.port).get("workers"), 60, "everything coming back")
    assert "can be written again" in instance.said()
    assert instance.process.poll() is None


def test_logs_are_readable_by_their_owner_only(instance: Instance) -> None:
    logs = instance.home / "logs"
    assert logs.stat().st_mode & 0o777 == 0o700
    files = [*logs.iterdir(), instance.home / "postgres" / "server.log"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_logs_are_rotated_while_everything_runs(instance: Instance) -> None:
    full = [instance.home / "logs" / "worker.log", instance.home / "postgres" / "server.log"]
    before = [instance.pid_of(name) for name in ("worker", "postgres")]
    for log in full:
        with log.open("ab") as writer:
            writer.write(b"a line\n" * 2_000_000)

    for log in full:
        aside = log.with_name(f"{log.name}.1")
        wait_until(aside.exists, 30, f"{log.name} being set aside")
        wait_until(lambda log=log: log.stat().st_size < 2**20, 30, "it being short")
        assert aside.stat().st_mode & 0o777 == 0o600
    assert [instance.pid_of(name) for name in ("worker", "postgres")] == before


def test_a_second_run_on_the_same_data_is_refused_in_a_sentence(instance: Instance) -> None:
    again = subprocess.run(
        ["make", "--silent", "run"],
        cwd=instance.clone,
        env=empty_environment(PORT=str(free_port()), PROMPTLAB_HOME=str(instance.home)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert again.returncode != 0
    assert f"already runs with this data folder at http://127.0.0.1:{instance.port}" in again.stderr
    assert "Traceback" not in again.stderr


def test_ctrl_c_leaves_no_process_behind_and_the_next_start_is_warm(instance: Instance) -> None:
    instance.stop()
    assert instance.processes() == []

    instance.start(WARM)

    assert health(instance.port)["status"] == "ok"
    assert "Preparing" not in instance.said()


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's parent death signal")
def test_a_killed_launcher_leaves_only_postgres_which_the_next_one_takes_over(
    instance: Instance,
) -> None:
    postgres = instance.pid_of("postgres")
    os.kill(instance.pid_of("supervisor"), signal.SIGKILL)
    instance.process.wait(30)
    wait_until(
        lambda: not [line for line in instance.processes() if "bin/python" in line],
        30,
        "the children ending",
    )

    instance.start(WARM)

    assert instance.pid_of("postgres") == postgres
    instance.stop()
    assert instance.processes() == []

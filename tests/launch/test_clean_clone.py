"""From a clean clone and an empty environment to a page, and back to nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptlab.launch.home import CHECKOUT
from promptlab.launch.ports import free_port
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


class Instance:
    """`make run` in a clone, with its output in a file."""

    def __init__(self, clone: Path) -> None:
        self.clone = clone
        self.home = clone / "data"
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
        assert self.process.poll() is None, self.output.read_text()

    def is_ready_or_over(self) -> bool:
        return "is ready" in self.output.read_text() or self.process.poll() is not None

    def stop(self) -> None:
        press_ctrl_c(self.process)
        self.process.wait(60)

    def pid_of(self, name: str) -> int:
        return int(json.loads((self.home / "run" / f"{name}.json").read_text())["pid"])


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with open_folder() as folder:
        clone = folder / "promptlab"
        subprocess.run(["git", "clone", "--quiet", str(CHECKOUT), str(clone)], check=True)
        instance = Instance(clone)
        instance.start(SETUP_AND_START)
        yield instance
        if instance.process.poll() is None:
            instance.stop()


def test_make_run_leads_from_a_clean_clone_to_a_healthy_page(instance: Instance) -> None:
    said = health(instance.port)

    assert (said["status"], said["database"]) == ("ok", "ok")
    wait_until(lambda: health(instance.port).get("workers"), 60, "the worker being seen")
    assert f"http://127.0.0.1:{instance.port}/" in instance.output.read_text()


def test_pages_come_with_a_strict_policy_and_hashed_files(instance: Instance) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{instance.port}/") as page:
        policy, html = page.headers["Content-Security-Policy"], page.read().decode()

    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "/static/" in html


def test_a_killed_web_server_comes_back_by_itself(instance: Instance) -> None:
    killed = instance.pid_of("web")
    os.kill(killed, signal.SIGKILL)

    wait_until(lambda: instance.pid_of("web") != killed, 30, "a new web process")
    wait_until(lambda: health(instance.port), 30, "the page coming back")


def test_a_killed_postgres_comes_back_by_itself(instance: Instance) -> None:
    os.kill(instance.pid_of("postgres"), signal.SIGKILL)

    wait_until(
        lambda: "starting it again" in instance.output.read_text(), 30, "the loss being noticed"
    )
    wait_until(
        lambda: health(instance.port).get("database") == "ok", 30, "the database coming back"
    )


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
    assert processes_of(instance.clone) == []

    instance.start(WARM)

    assert health(instance.port)["status"] == "ok"
    assert "Preparing" not in instance.output.read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's parent death signal")
def test_a_killed_launcher_leaves_only_postgres_which_the_next_one_takes_over(
    instance: Instance,
) -> None:
    postgres = instance.pid_of("postgres")
    os.kill(instance.pid_of("supervisor"), signal.SIGKILL)
    instance.process.wait(30)
    wait_until(
        lambda: not [line for line in processes_of(instance.clone) if "bin/python" in line],
        30,
        "the children ending",
    )

    instance.start(WARM)

    assert instance.pid_of("postgres") == postgres
    instance.stop()
    assert processes_of(instance.clone) == []

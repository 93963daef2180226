"""`make run`: everything promptlab needs is started, kept running, and stopped in order."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from promptlab.launch import preparation
from promptlab.launch.child import Child
from promptlab.launch.home import CHECKOUT, Home
from promptlab.launch.model_weights import find_weights
from promptlab.launch.ports import free_port
from promptlab.launch.postgres import Cluster

BOOT_SECONDS = 90.0
GLANCE = 0.2  # seconds between two looks at the children
NO_MODEL = "No embedded model: this platform has no wheel of its engine. Connect one in the pages."


class AlreadyRuns(Exception):
    """Another `make run` uses the same data folder."""

    def __init__(self, url: str) -> None:
        super().__init__(f"promptlab already runs with this data folder at {url}.")


class StepFailed(Exception):
    """A step of the start went wrong in a way that nobody foresaw."""

    def __init__(self, step: str, log: Path, last_words: str) -> None:
        super().__init__(f"{step} failed. {log} ends with:\n{last_words}")


class Stopped(Exception):
    """Somebody pressed Ctrl-C or sent SIGTERM."""


class Supervisor:
    """The processes of one instance on one machine."""

    def __init__(self, home: Home, listener: socket.socket, environ: Mapping[str, str]) -> None:
        self.home = home
        self.listener = listener
        port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.environ = {
            **environ,
            "PORT": str(port),
            "PROMPTLAB_HOME": str(home.path),
            "DJANGO_SETTINGS_MODULE": "promptlab.settings",
            # Without it litellm fetches a price list from the network while it is imported.
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONUNBUFFERED": "1",
        }
        self.children: list[Child] = []
        self.commands: list[subprocess.Popen[str]] = []
        self.stopping = False
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._note_signal)

    def run(self, database_url: str, cluster: Cluster | None) -> None:
        """Start everything, tell where it is, and watch until somebody stops us.

        Args:
            database_url: of the embedded server or of somebody's own.
            cluster: the embedded server to watch, or None.
        """
        self.environ["DATABASE_URL"] = database_url
        try:
            self._start_model()
            self._prepare(database_url)
            self._start_web_and_worker()
            link = self._start_command("first_admin_link")
            self._wait_for_web()
            self._tell(self._result(link))
            self._watch(cluster)
        except Stopped:
            say("Stopping.")
        finally:
            self.stop()

    def stop(self) -> None:
        """Web first, so that nobody asks for more; then the worker, and what it calls last."""
        for command in self.commands:
            command.terminate()
            command.wait()
        for child in sorted(
            self.children, key=lambda one: ("web", "worker", "model").index(one.name)
        ):
            child.stop()
            self.home.drop_fact(child.name)

    # --- start ----------------------------------------------------------------------------------

    def _start_model(self) -> None:
        if find_weights() is None:
            say(NO_MODEL)
            return
        port = free_port()
        command = ["-m", "promptlab.launch.model_server", "--port", str(port)]
        self.environ["PROMPTLAB_MODEL_URL"] = f"http://127.0.0.1:{port}/v1"
        self._add("model", command, {"url": self.environ["PROMPTLAB_MODEL_URL"]}, patience=3)

    def _prepare(self, database_url: str) -> None:
        steps: dict[str, subprocess.Popen[str]] = {}
        migrate = not preparation.tables_are_current(self.home, database_url)
        if migrate:
            say("Preparing the tables.")
            steps["migrate"] = self._manage("migrate", "--verbosity", "0")
        if not preparation.static_is_current(self.home):
            steps["collectstatic"] = self._manage("collectstatic", "--no-input", "--verbosity", "0")
        for name, step in steps.items():
            self._finish(name, step)
        if migrate and preparation.has_command("load_demo"):
            say("Loading the demo project.")
            self._finish("load_demo", self._manage("load_demo"))
        preparation.note_static(self.home)
        preparation.note_tables(self.home, database_url)

    def _start_web_and_worker(self) -> None:
        proxy = self.environ.get("PROMPTLAB_TRUST_PROXY") == "1"
        web = [
            *("-m", "uvicorn", "promptlab.asgi:application", "--fd", str(self.listener.fileno())),
            *("--lifespan", "off", "--timeout-graceful-shutdown", "3", "--log-level", "warning"),
            "--proxy-headers" if proxy else "--no-proxy-headers",
        ]
        self._add("web", web, {"url": self.url}, sockets=[self.listener.fileno()])
        if preparation.has_command("worker"):
            self._add("worker", ["manage.py", "worker"], {}, patience=15)

    def _add(
        self,
        name: str,
        arguments: list[str],
        fact: Mapping[str, str],
        *,
        sockets: list[int] | None = None,
        patience: float = 10,
    ) -> None:
        log = self.home.logs / f"{name}.log"
        child = Child(
            name, [sys.executable, *arguments], log=log, sockets=sockets or [], patience=patience
        )
        child.start(self.environ)
        self.children.append(child)
        self.home.write_fact(name, {**fact, "pid": child.pid})

    def _start_command(self, name: str) -> subprocess.Popen[str] | None:
        return self._manage(name) if preparation.has_command(name) else None

    def _manage(self, *arguments: str) -> subprocess.Popen[str]:
        with self._command_log(arguments[0]).open("w") as log:
            command = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                env=self.environ,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.commands.append(command)
        return command

    def _finish(self, name: str, step: subprocess.Popen[str]) -> str:
        """Wait for a command; its output, or StepFailed with the end of what it complained."""
        while step.poll() is None:
            self._pause(0.05)
        printed = step.stdout.read() if step.stdout else ""
        if step.returncode:
            log = self._command_log(name)
            raise StepFailed(f"manage.py {name}", log, _last_lines(log.read_text()))
        return printed.strip()

    def _result(self, link: subprocess.Popen[str] | None) -> str:
        return self._finish("first_admin_link", link) if link else ""

    def _command_log(self, name: str) -> Path:
        return self.home.logs / f"{name}.log"

    def _wait_for_web(self) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        web = next(child for child in self.children if child.name == "web")
        while not _answers(f"{self.url}/healthz"):
            if web.has_died() or time.monotonic() > deadline:
                raise StepFailed("The web server", web.log, web.last_words())
            self._pause(0.1)

    def _tell(self, link: str) -> None:
        say(f"\npromptlab is ready: {link or self.url}\n")
        say(f"Stop it with Ctrl-C. Data: {self.home.path}  Logs: {self.home.logs}")

    # --- watch ----------------------------------------------------------------------------------

    def _watch(self, cluster: Cluster | None) -> None:
        while True:
            self._pause(GLANCE)
            for child in self.children:
                self._keep_alive(child)
            if cluster and cluster.found() is None:
                self._revive(cluster)

    def _keep_alive(self, child: Child) -> None:
        if child.has_died():
            pause = child.plan_restart()
            say(f"{child.name} ended unexpectedly (see {child.log}); again in {pause:.0f} s.")
        elif child.is_due():
            child.start(self.environ)
            fact = self.home.read_fact(child.name)
            self.home.write_fact(child.name, {**fact, "pid": child.pid})

    def _revive(self, cluster: Cluster) -> None:
        """Start Postgres again. If its port is lost to somebody, everybody learns the new one."""
        say("Postgres ended unexpectedly; starting it again.")
        server = cluster.ensure_running()
        if server.url != self.environ["DATABASE_URL"]:
            self.environ["DATABASE_URL"] = server.url
            for child in self.children:
                child.stop()
                child.start(self.environ)

    # --- signals --------------------------------------------------------------------------------

    def _note_signal(self, number: int, frame: object) -> None:
        self.stopping = True

    def _pause(self, seconds: float) -> None:
        if self.stopping:
            raise Stopped
        time.sleep(seconds)
        if self.stopping:
            raise Stopped


@contextmanager
def only_one(home: Home) -> Iterator[IO[str]]:
    """Hold the data folder's lock; it is gone with us, however we end.

    Raises:
        AlreadyRuns: when another supervisor holds it.
    """
    with (home.run / "supervisor.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            url = home.read_fact("web").get("url", "an address that it has yet to tell")
            raise AlreadyRuns(url) from error
        home.write_fact("supervisor", {"pid": os.getpid()})
        yield lock
        home.drop_fact("supervisor")


def say(line: str) -> None:
    print(line, flush=True)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:
            return bool(json.load(reply)["status"] == "ok")
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def _last_lines(text: str, lines: int = 8) -> str:
    return "\n".join(text.strip().splitlines()[-lines:])

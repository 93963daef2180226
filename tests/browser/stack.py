"""The product's processes as they run for people, on a home of their own: for tests and benchmarks.

No supervisor stands above them, so that each can be stopped and started by hand.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from promptlab.launch.child import Child
from promptlab.launch.home import CHECKOUT, Home
from promptlab.launch.ports import free_port

BOOT_SECONDS = 90.0
MODEL_SECONDS = 120.0
GLANCE = 0.1


class NotReady(Exception):
    """A process did not come up; the message holds what it last said."""


class Stack:
    """Web, worker and, where asked for, the embedded model. `url` is where people would go."""

    def __init__(self, home: Home, database_url: str) -> None:
        self.home = home.prepare()
        self.database_url = database_url
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(128)
        port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        # The address is known from the start; whether somebody listens there, tests decide.
        self.model_port = free_port()
        self.environ = self._environ(port)
        self.children: dict[str, Child] = {}

    def _environ(self, port: int) -> dict[str, str]:
        ours = ("PROMPTLAB_", "DJANGO_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {
            **kept,
            "PROMPTLAB_HOME": str(self.home.path),
            "DATABASE_URL": self.database_url,
            "PORT": str(port),
            "PROMPTLAB_MODEL_URL": f"http://127.0.0.1:{self.model_port}/v1",
            "DJANGO_SETTINGS_MODULE": "promptlab.settings",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "PYTHONPATH": str(CHECKOUT),
            "PYTHONUNBUFFERED": "1",
        }

    # --- commands ------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Tables and static files, at the same time."""
        steps = [
            self._manage("migrate", "--verbosity", "0"),
            self._manage("collectstatic", "--no-input", "--verbosity", "0"),
        ]
        for step in steps:
            _finish(step)

    def manage(self, *arguments: str) -> str:
        """What a command of manage.py prints."""
        return _finish(self._manage(*arguments))

    def _manage(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            env=self.environ,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    # --- processes -----------------------------------------------------------------------------

    def start_web(self) -> None:
        web = [
            *("-m", "uvicorn", "promptlab.asgi:application", "--fd", str(self.listener.fileno())),
            *("--lifespan", "off", "--timeout-graceful-shutdown", "3", "--log-level", "warning"),
        ]
        self._start("web", web, sockets=[self.listener.fileno()])

    def start_worker(self) -> None:
        self._start("worker", [str(CHECKOUT / "manage.py"), "worker"], patience=15)

    def start_model(self) -> None:
        """The embedded model; returns when it answers."""
        if "model" in self.children:
            return
        command = ["-m", "promptlab.launch.model_server", "--port", str(self.model_port)]
        self._start("model", command, patience=3)
        self._await("model", f"http://127.0.0.1:{self.model_port}/health", MODEL_SECONDS)

    def stop(self, name: str) -> None:
        """Stop one process as the supervisor would."""
        if name in self.children:
            self.children.pop(name).stop()

    def await_web(self) -> None:
        self._await("web", f"{self.url}/healthz", BOOT_SECONDS)

    def await_worker(self) -> None:
        """Until the worker has registered itself."""
        deadline = time.monotonic() + BOOT_SECONDS
        while not self.health().get("workers"):
            self._check_alive("worker", deadline)

    def health(self) -> Mapping[str, Any]:
        """What /healthz says; empty while nobody answers."""
        return _read(f"{self.url}/healthz")

    def pid_of(self, name: str) -> int:
        pid = self.children[name].pid
        assert pid is not None
        return pid

    def log_of(self, name: str) -> str:
        path = self.home.logs / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def close(self) -> None:
        for name in ("web", "worker", "model"):
            self.stop(name)
        self.listener.close()

    def _start(
        self, name: str, arguments: list[str], *, sockets: list[int] | None = None,
        patience: float = 10,
    ) -> None:  # fmt: skip
        child = Child(
            name, [sys.executable, *arguments], log=self.home.logs / f"{name}.log",
            sockets=sockets or [], patience=patience,
        )  # fmt: skip
        child.start(self.environ)
        self.children[name] = child

    def _await(self, name: str, address: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while _read(address).get("status") != "ok":
            self._check_alive(name, deadline)

    def _check_alive(self, name: str, deadline: float) -> None:
        child = self.children[name]
        if child.has_died() or time.monotonic() > deadline:
            raise NotReady(f"{name} did not come up:\n{child.last_words(20)}")
        time.sleep(GLANCE)


@contextmanager
def running_stack(home: Home, database_url: str) -> Iterator[Stack]:
    """Web and worker, ready; stopped at the end."""
    stack = Stack(home, database_url)
    try:
        stack.prepare()
        stack.start_web()
        stack.start_worker()
        stack.await_web()
        stack.await_worker()
        yield stack
    finally:
        stack.close()


def point_django_at(url: str) -> None:
    """Have the ORM of this process use the stack's database."""
    from django.db import connections

    from promptlab.environment import DatabaseAddress

    address = DatabaseAddress.from_url(url)
    connections["default"].settings_dict.update(
        NAME=address.name, USER=address.user, PASSWORD=address.password, HOST=address.host,
        PORT=address.port,
    )  # fmt: skip


def _finish(step: subprocess.Popen[str]) -> str:
    printed, complained = step.communicate()
    if step.returncode:
        raise NotReady(f"{step.args!r} failed:\n{complained[-2000:]}")
    return printed.strip()


def _read(address: str) -> Mapping[str, Any]:
    try:
        with urllib.request.urlopen(address, timeout=5) as reply:
            found: dict[str, Any] = json.load(reply)
            return found
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return {}

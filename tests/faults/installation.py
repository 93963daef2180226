"""A whole installation as `make run` starts it: supervisor, Postgres, model, web and worker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from promptlab.launch.home import CHECKOUT
from promptlab.launch.ports import free_port
from tests.faults.memory import Watch
from tests.launch.machine import empty_environment, health, open_folder, wait_until

START_SECONDS = 120.0
PARTS = ("web", "worker", "model", "postgres")


@dataclass
class Installation:
    """Its data are in `home`; what it says goes to a file in `folder`."""

    folder: Path
    home: Path
    watch: Watch
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None

    @property
    def output(self) -> Path:
        return self.folder / "output.txt"

    def environ(self, **more: str) -> dict[str, str]:
        return empty_environment(PORT=str(self.port), PROMPTLAB_HOME=str(self.home), **more)

    def start(self) -> None:
        with self.output.open("a") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "promptlab.launch"],
                cwd=CHECKOUT, env=self.environ(), stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, text=True, start_new_session=True,
            )  # fmt: skip
        self.watch.add(self.process.pid)
        wait_until(self.healthy, START_SECONDS, "the installation being ready")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
        self.kill_all()

    def healthy(self) -> bool:
        return health(self.port).get("status") == "ok"

    def pid_of(self, part: str) -> int | None:
        fact = self.home / "run" / f"{part}.json"
        return int(json.loads(fact.read_text())["pid"]) if fact.exists() else None

    def kill(self, part: str) -> None:
        pid = self.pid_of(part)
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_all(self) -> None:
        """Everything at once, the supervisor first so that it can put nothing right."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for part in PARTS:
            self.kill(part)

    def say(self, *words: str) -> Any:
        """Ask tests/faults/inside.py in this installation."""
        url = json.loads((self.home / "run" / "postgres.json").read_text())["url"]
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.inside", *words],
            cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False,
            env=self.environ(DATABASE_URL=url, DJANGO_SETTINGS_MODULE="promptlab.settings"),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    def words(self) -> str:
        return self.output.read_text(errors="replace")[-3000:]


@contextmanager
def installed(watch: Watch, home: Path | None = None) -> Iterator[Installation]:
    """An installation that runs, and is gone at the end whatever happens."""
    with open_folder() as folder:
        made = Installation(folder, home or folder / "data", watch)
        try:
            made.start()
            yield made
        finally:
            made.stop()

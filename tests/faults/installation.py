"""A whole installation whose processes are watched and may be killed, and what is asked of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from promptlab.launch.home import CHECKOUT
from tests.faults.memory import Watch
from tests.launch.machine import open_folder, wait_until
from tests.launch.product import Product

PARTS = ("web", "worker", "model", "postgres")
ENDED = ("finished", "failed", "cancelled")


class Installation(Product):
    """The product as people start it, under a watch of its memory."""

    def __init__(self, home: Path, output: Path, watch: Watch) -> None:
        super().__init__(home, output)
        self.watch = watch

    def begin(self) -> None:
        super().begin()
        self.watch.add(self.process.pid)

    def healthy(self) -> bool:
        return self.health().get("status") == "ok"

    def kill(self, part: str) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid_of(part), signal.SIGKILL)

    def kill_all(self) -> None:
        """Everything at once, the supervisor first so that it can put nothing right."""
        self.process.kill()
        self.process.wait()
        for part in PARTS:
            self.kill(part)

    def say(self, *words: str) -> Any:
        """Ask tests/faults/inside.py in this installation."""
        settings = {
            "DATABASE_URL": self.database_url,
            "DJANGO_SETTINGS_MODULE": "promptlab.settings",
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.inside", *words],
            cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False,
            env={**self.environ, **settings},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    def finish(self, run: int, seconds: float = 120) -> None:
        def over() -> bool:
            return self.say("status", str(run)) in ENDED

        wait_until(over, seconds, f"the end of the run ({self.said()[-300:]})")


@contextmanager
def installed(watch: Watch, home: Path | None = None) -> Iterator[Installation]:
    """An installation that runs, and is gone at the end whatever happens."""
    with open_folder() as folder:
        made = Installation(home or folder / "data", folder / "output.txt", watch)
        try:
            made.start()
            yield made
        finally:
            made.stop()

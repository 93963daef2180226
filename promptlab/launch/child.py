"""A process that is kept running: started, watched, restarted with growing pauses, stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
STEADY_AFTER = 60.0  # who ran this long is restarted without a grudge
LARGEST_LOG = 20 * 2**20


class Child:
    """One process of the product. Its output goes to a log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        sockets: Sequence[int] = (),
        patience: float = 10.0,
    ) -> None:
        """Describe a process; nothing is started yet.

        Args:
            name: what people call it.
            command: program and arguments.
            log: the file that takes its output.
            sockets: file descriptors that it inherits.
            patience: seconds between the request to stop and the end by force.
        """
        self.name = name
        self.command = command
        self.log = log
        self.sockets = sockets
        self.patience = patience
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.pause = SHORTEST_PAUSE
        self.restart_at: float | None = None

    def start(self, environ: Mapping[str, str]) -> None:
        _keep_short(self.log)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=self.sockets,
                # Ctrl-C in a terminal goes to the whole group; the order of stopping is ours.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        self.started_at = time.monotonic()
        self.restart_at = None

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    def has_died(self) -> bool:
        """Whether it ran and has ended on its own."""
        return self.process is not None and self.process.poll() is not None

    def plan_restart(self) -> float:
        """Note when to start it again; returns the seconds until then."""
        steady = time.monotonic() - self.started_at > STEADY_AFTER
        self.pause = SHORTEST_PAUSE if steady else min(self.pause * 2, LONGEST_PAUSE)
        self.process = None
        self.restart_at = time.monotonic() + self.pause
        return self.pause

    def is_due(self) -> bool:
        return self.restart_at is not None and time.monotonic() >= self.restart_at

    def ask_to_stop(self) -> None:
        self.restart_at = None
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Ask, wait, and end by force what does not listen."""
        self.ask_to_stop()
        if self.process is None:
            return
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def last_words(self, lines: int = 5) -> str:
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.strip().splitlines()[-lines:])


def _keep_short(log: Path) -> None:
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".old.log"))


def _die_with_parent() -> None:
    """Linux ends the child when we are killed without a chance to do it ourselves."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)
    if os.getppid() == 1:
        os._exit(0)

"""A process of the product: started with a log of its own, watched, stopped."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from promptlab.launch.logs import last_words, open_log


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
        self._started_at = 0.0

    def start(self, environ: Mapping[str, str]) -> None:
        """Start it.

        Raises:
            OSError, subprocess.SubprocessError: the machine starts no process now.
        """
        self.process = None
        with open_log(self.log) as output:
            self.process = subprocess.Popen(
                self.command,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=self.sockets,
                umask=0o077,  # what it writes is its owner's
                # Ctrl-C in a terminal goes to the whole group; the order of stopping is ours.
                start_new_session=True,
                preexec_fn=_dying_with(os.getpid()) if sys.platform == "linux" else None,
            )
        self._started_at = time.monotonic()

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def seconds(self) -> float:
        """How long ago it was started."""
        return time.monotonic() - self._started_at

    def has_died(self) -> bool:
        """Whether it ran and has ended on its own."""
        return self.process is not None and self.process.poll() is not None

    def ending(self) -> str:
        """How it ended, in words that continue "It ended"."""
        status = self.process.returncode if self.process else None
        if status == -signal.SIGKILL:
            return "by force (SIGKILL; the system does that where memory runs out)"
        if status is not None and status < 0:
            return f"by signal {signal.Signals(-status).name}"
        return f"with exit status {status}"

    def ask_to_stop(self) -> None:
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
        return last_words(self.log, lines)


def _dying_with(parent: int) -> Callable[[], None]:
    """Linux ends the child when we are killed without a chance to do it ourselves."""

    def die_with_parent() -> None:
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(0)

    return die_with_parent

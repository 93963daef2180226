"""Commands of manage.py that a start needs: begun, waited for, and ended with us."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from promptlab.launch.home import CHECKOUT, Home
from promptlab.launch.logs import last_words, open_log
from promptlab.launch.refusals import CannotLaunch

PATIENCE = 5.0  # seconds for a command to end when it is told to


class StepFailed(CannotLaunch):
    """A step of the start went wrong in a way that nobody foresaw."""

    def __init__(self, step: str, log: Path, last_words: str) -> None:
        super().__init__(f"{step} failed. {log} ends with:\n{last_words}")


@dataclass(frozen=True)
class Command:
    """One command that was begun. What it prints is read at its end, so it prints little."""

    name: str
    process: subprocess.Popen[str]
    log: Path


class Commands:
    """Begins commands with an environment that is read anew each time.

    `pause` is how a wait passes: it is called with seconds, and may raise to end it.
    """

    def __init__(
        self, home: Home, environ: Mapping[str, str], pause: Callable[[float], None]
    ) -> None:
        self._home = home
        self._environ = environ
        self._pause = pause
        self._begun: list[Command] = []

    def begin(self, name: str, *arguments: str) -> Command:
        path = self._home.logs / f"{name}.log"
        with open_log(path, anew=True) as log:
            process = subprocess.Popen(
                [sys.executable, "manage.py", name, *arguments],
                env=self._environ,
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                umask=0o077,
                start_new_session=True,
            )
        command = Command(name, process, path)
        self._begun.append(command)
        return command

    def finish(self, command: Command) -> str:
        """Wait for it; returns what it printed.

        Raises:
            StepFailed: with the end of what it complained.
        """
        while command.process.poll() is None:
            self._pause(0.05)
        self._begun.remove(command)
        printed = command.process.stdout.read() if command.process.stdout else ""
        if command.process.returncode:
            words = last_words(command.log, lines=8)
            raise StepFailed(f"manage.py {command.name}", command.log, words)
        return printed.strip()

    def do(self, name: str, *arguments: str) -> str:
        return self.finish(self.begin(name, *arguments))

    def end(self) -> None:
        """End what still runs."""
        while self._begun:
            _end(self._begun.pop().process)


def _end(command: subprocess.Popen[str]) -> None:
    command.terminate()
    try:
        command.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        command.kill()
        command.wait()

"""Words to whoever started promptlab: said when something changes, and never in the way."""

from __future__ import annotations

import errno
import os
import re
import sys


def say(line: str) -> None:
    """Print a line. Whoever listened may have hung up, and a file may lie on a full disk."""
    try:
        print(line, flush=True)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            _hang_up()
    except ValueError:
        return  # standard output was closed


def _hang_up() -> None:
    """Nobody reads any more: say the rest to nobody, also what Python flushes at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


class Teller:
    """Says about each subject what is new; the same again is not worth a line."""

    MOST = 50  # lines about one subject that are remembered

    def __init__(self) -> None:
        self._told: dict[str, set[str]] = {}

    def tell(self, subject: str, line: str, news: str = "") -> None:
        """Say the line, unless the same but for its numbers was said since the subject was closed.

        Args:
            subject: who or what it is about.
            line: what is said.
            news: what makes it new, where that is not the whole line.
        """
        told = self._told.setdefault(subject, set())
        gist = re.sub(r"\d+", "#", news or line)
        if gist not in told and len(told) < self.MOST:
            told.add(gist)
            say(line)

    def close(self, subject: str, line: str) -> None:
        """Say that it is over, if anything was said about it."""
        if self._told.pop(subject, None):
            say(line)

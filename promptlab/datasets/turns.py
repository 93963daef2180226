"""Readers take turns: so many at once on a machine, whichever processes start them."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READERS = 2
"""Files that are read at once; together they have READERS × apart.Limits.memory."""
PATIENCE = 3.0  # seconds; most files are read in less
_POLL = 0.05  # seconds


class Busy(Exception):
    """As many files as may be are being read; the message says what becomes of this one."""


@contextmanager
def turn(folder: Path, patience: float) -> Iterator[int]:
    """Hold one of the turns to read.

    Yields the file descriptor of its lock. Who inherits that keeps the turn: a reader whose web
    process was killed still counts until it has ended, too.

    Args:
        folder: where the locks are; one for all processes of the machine.
        patience: seconds to wait for a turn.

    Raises:
        Busy: no turn became free.
    """
    deadline = time.monotonic() + patience
    while (held := _free(folder)) is None:
        if time.monotonic() >= deadline:
            raise Busy(f"{READERS} other files are being read at this moment. Try again.")
        time.sleep(_POLL)
    try:
        yield held
    finally:
        os.close(held)


def _free(folder: Path) -> int | None:
    for number in range(READERS):
        lock = os.open(folder / f"reader-{number}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return lock
    return None

"""One supervisor a data folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from promptlab.launch.home import Home, home_not_writable
from promptlab.launch.keeping import Notes
from promptlab.launch.refusals import CannotLaunch


def _already_runs(url: str) -> CannotLaunch:
    """Another `make run` uses the same data folder."""
    return CannotLaunch(f"promptlab already runs with this data folder at {url}.")


@contextmanager
def only_one(home: Home) -> Iterator[IO[str]]:
    """Hold the data folder's lock; it is gone with us, however we end.

    Raises:
        CannotLaunch: when another supervisor holds it.
        CannotLaunch: when there can be no lock.
    """
    path = home.run / "supervisor.lock"
    try:
        lock = path.open("a")
    except OSError as error:
        raise home_not_writable(home.path, error) from error
    notes = Notes(home)
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            url = home.read_fact("web").get("url", "an address that it has yet to tell")
            raise _already_runs(url) from error
        notes.write("supervisor", {"pid": os.getpid()})
        try:
            yield lock
        finally:
            notes.drop("supervisor")

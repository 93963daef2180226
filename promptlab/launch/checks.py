"""What must be true before anything is started; each failure is one sentence."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from urllib.parse import urlsplit

import psycopg

from promptlab.launch.home import Home
from promptlab.launch.refusals import CannotLaunch

OLDEST_PYTHON = (3, 11)
NEEDED_MIB = 400


def _python_too_old(version: Sequence[int]) -> CannotLaunch:
    """This Python lacks what we use."""
    found = ".".join(str(part) for part in version[:3])
    return CannotLaunch(
        f"Python 3.11 or newer is needed and this is {found}. Install one and name it: "
        "make run PYTHON=/path/to/python3.12"
    )


def _disk_full(home: Home, free_mib: int) -> CannotLaunch:
    """Postgres would stop in the middle of its work."""
    return CannotLaunch(
        f"Only {free_mib} MiB are free where {home.path} lies and {NEEDED_MIB} are needed. "
        "Make room, or point PROMPTLAB_HOME at another disk."
    )


def _database_unreachable(url: str, reason: str) -> CannotLaunch:
    """DATABASE_URL names a server that does not let us in."""
    parts = urlsplit(url)
    where = f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
    return CannotLaunch(
        f"The database at {where} cannot be reached: {reason} "
        "Start it or correct DATABASE_URL; without DATABASE_URL promptlab runs its own."
    )


def check_python(version: Sequence[int]) -> None:
    if tuple(version[:2]) < OLDEST_PYTHON:
        raise _python_too_old(version)


def check_disk(home: Home, needed_mib: int = NEEDED_MIB) -> None:
    free_mib = shutil.disk_usage(home.path).free // 2**20
    if free_mib < needed_mib:
        raise _disk_full(home, free_mib)


def check_database(url: str) -> None:
    """Log in once.

    Raises:
        CannotLaunch: with what the server, or the network, said.
    """
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        first_line = str(error).strip().split("\n", 1)[0]
        reason = first_line.rpartition("failed: ")[2].rstrip(".")
        raise _database_unreachable(url, f"{reason}.") from error

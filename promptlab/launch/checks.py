"""What must be true before anything is started; each failure is one sentence."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from urllib.parse import urlsplit

import psycopg

from promptlab.launch.home import Home

OLDEST_PYTHON = (3, 11)
NEEDED_MIB = 400


class PythonTooOld(Exception):
    """This Python lacks what we use."""

    def __init__(self, version: Sequence[int]) -> None:
        found = ".".join(str(part) for part in version[:3])
        super().__init__(
            f"Python 3.11 or newer is needed and this is {found}. Install one and name it: "
            "make run PYTHON=/path/to/python3.12"
        )


class DiskFull(Exception):
    """Postgres would stop in the middle of its work."""

    def __init__(self, home: Home, free_mib: int) -> None:
        super().__init__(
            f"Only {free_mib} MiB are free where {home.path} lies and {NEEDED_MIB} are needed. "
            "Make room, or point PROMPTLAB_HOME at another disk."
        )


class DatabaseUnreachable(Exception):
    """DATABASE_URL names a server that does not let us in."""

    def __init__(self, url: str, reason: str) -> None:
        parts = urlsplit(url)
        where = f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"
        super().__init__(
            f"The database at {where} cannot be reached: {reason} "
            "Start it or correct DATABASE_URL; without DATABASE_URL promptlab runs its own."
        )


def check_python(version: Sequence[int]) -> None:
    if tuple(version[:2]) < OLDEST_PYTHON:
        raise PythonTooOld(version)


def check_disk(home: Home, needed_mib: int = NEEDED_MIB) -> None:
    free_mib = shutil.disk_usage(home.path).free // 2**20
    if free_mib < needed_mib:
        raise DiskFull(home, free_mib)


def check_database(url: str) -> None:
    """Log in once.

    Raises:
        DatabaseUnreachable: with what the server, or the network, said.
    """
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        first_line = str(error).strip().split("\n", 1)[0]
        reason = first_line.rpartition("failed: ")[2].rstrip(".")
        raise DatabaseUnreachable(url, f"{reason}.") from error

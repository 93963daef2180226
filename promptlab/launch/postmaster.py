"""The process of a Postgres as its lock file tells of it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Postmaster:
    """What `postmaster.pid` says: true while that process lives and is a Postgres."""

    data: Path
    pid: int
    port: int | None

    @classmethod
    def of(cls, data: Path) -> Postmaster | None:
        """The one that the data's lock file names, whether or not it lives; None without a file."""
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
            return cls(data, int(lines[0]), int(lines[3]) if len(lines) > 3 else None)
        except (OSError, ValueError, IndexError):
            return None

    def lives(self) -> bool:
        """Whether the process exists, is this data's Postgres, and has not ended unnoticed.

        After a crash and a reboot the id may be another program's.
        """
        state = _state(self.pid)
        return (
            state is not None
            and "postgres" in state.name
            and not state.ended
            and self._works_in(Path(f"/proc/{self.pid}/cwd"))
        )

    def _works_in(self, folder: Path) -> bool:
        try:
            return folder.samefile(self.data)
        except OSError:
            return True  # not ours to see


@dataclass(frozen=True)
class _State:
    name: str
    ended: bool


def _state(pid: int) -> _State | None:
    if not Path("/proc/self/stat").exists():
        return _listed(pid)
    try:
        said = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    name, _, rest = said.partition(" (")[2].rpartition(") ")
    return _State(name, rest[:1] in "ZX")


def _listed(pid: int) -> _State | None:
    """Where there is no /proc."""
    command = ["ps", "-p", str(pid), "-o", "stat=,comm="]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    state, _, name = listed.stdout.strip().partition(" ")
    return _State(name, state.startswith("Z")) if name else None

"""Whether the disk that holds the data takes more, and in a sentence why not."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from promptlab.launch.home import Home
from promptlab.launch.telling import Teller

LEAST_FREE = 32 * 2**20  # bytes: Postgres takes room in steps of 16 MiB
ENOUGH_FREE = 48 * 2**20  # bytes that end a full disk, so that it is not full every other moment
LEAST_FILES = 64
LOOK_SECONDS = 2.0
GOES_ON = "promptlab waits and goes on by itself"


class Kind(StrEnum):
    """What is wrong with a disk."""

    FULL = "full"
    NO_FILES = "out of inodes"
    READ_ONLY = "read-only"
    GONE = "gone"
    FAILING = "failing"


@dataclass(frozen=True)
class Trouble:
    """Why nothing can be written, in a sentence for whoever runs this machine."""

    kind: Kind
    sentence: str


def trouble_with(home: Home, least_free: int = LEAST_FREE) -> Trouble | None:
    """What keeps the data folder, or that of Postgres, from being written; None when nothing does.

    Only asks the file system; `attempted` also tries.
    """
    if not home.secrets.is_dir():
        return Trouble(
            Kind.GONE,
            f"The data folder {home.path} is gone (is its disk mounted?); {GOES_ON} when it is "
            "back.",
        )
    for folder in (home.path, home.postgres):
        # Without a Postgres of our own there is no such folder.
        with suppress(FileNotFoundError):
            if trouble := _of_file_system(folder, least_free):
                return trouble
    return None


def attempted(home: Home) -> Trouble | None:
    """What comes of writing a small file: it finds quotas and failing disks."""
    probe = home.run / f"probe.{os.getpid()}"
    try:
        probe.write_bytes(b"promptlab" * 512)
    except OSError as error:
        reason = f"{home.path} cannot be written ({error.strerror})"
        return Trouble(Kind.FAILING, f"{reason}; {GOES_ON} when it can.")
    finally:
        with suppress(OSError):
            probe.unlink()
    return None


def _of_file_system(folder: Path, least_free: int) -> Trouble | None:
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if found.f_flag & os.ST_RDONLY:
        return Trouble(
            Kind.READ_ONLY, f"The disk of {folder} is mounted read-only; {GOES_ON} when it is not."
        )
    # Some file systems do not count blocks or inodes and say 0 of 0.
    if found.f_blocks and free < least_free:
        return Trouble(
            Kind.FULL,
            f"The disk of {folder} is full: {free // 2**20} MB free; {GOES_ON} when there is "
            "space.",
        )
    if found.f_files and found.f_favail < LEAST_FILES:
        return Trouble(
            Kind.NO_FILES,
            f"The disk of {folder} takes no more files (inodes), whatever their size; {GOES_ON} "
            "when some are removed.",
        )
    return None


class DiskWatch:
    """Looks at the data folder's disk now and then, and tells what changes."""

    def __init__(self, home: Home, teller: Teller) -> None:
        self.trouble: Trouble | None = None
        self._home = home
        self._teller = teller
        self._next_look = 0.0

    def look(self) -> bool:
        """Whether a trouble has just ended."""
        due = time.monotonic() >= self._next_look
        # Nobody may be started for a moment without the data: it would begin new ones.
        return (due or (not self.trouble and not self._home.secrets.is_dir())) and self.look_now()

    def look_now(self) -> bool:
        """The same, however short ago the last look was."""
        self._next_look = time.monotonic() + LOOK_SECONDS
        before, self.trouble = self.trouble, self._found()
        if self.trouble:
            self._teller.tell("disk", self.trouble.sentence, news=self.trouble.kind)
        elif before:
            back = f"{self._home.path} can be written again; promptlab goes on."
            self._teller.close("disk", back)
        return before is not None and self.trouble is None

    def _found(self) -> Trouble | None:
        least_free = ENOUGH_FREE if self.trouble else LEAST_FREE
        try:
            return trouble_with(self._home, least_free) or attempted(self._home)
        except OSError as error:
            reason = f"{self._home.path} cannot be read ({error.strerror})"
            return Trouble(Kind.FAILING, f"{reason}; {GOES_ON} when it can.")

"""Log files: readable by their owner only, of bounded size, rotated under those who write them.

A process inherits its log as an open file and goes on writing whatever becomes of us, so a full
file is copied aside and emptied in place. Every writer appends, so that it goes on at the new end.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import IO

LARGEST = 10 * 2**20  # bytes of one file
OLDER = 2  # files kept besides the one that is written
TAIL = 16 * 2**10  # bytes that are read for the last words


def open_log(path: Path, *, anew: bool = False) -> IO[bytes]:
    """Open a log for appending, `anew` without what it held.

    Where no file can be had (no folder, no inode, a read-only disk), the log is the null device: a
    process is worth more than its words.
    """
    try:
        return _private(path, os.O_WRONLY | os.O_APPEND | (os.O_TRUNC if anew else 0))
    except OSError:
        return Path(os.devnull).open("wb")


def last_words(path: Path, lines: int = 5) -> str:
    """The end of a log; empty where there is none."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - TAIL))
            text = log.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.strip().splitlines()[-lines:])


def rotate(logs: Iterable[Path], largest: int = LARGEST) -> None:
    """Set aside what logs of more than `largest` bytes hold: log.1 is the newest, log.2 older."""
    for log in logs:
        # What cannot be set aside now is looked at again in a moment.
        with suppress(OSError):
            if log.lstat().st_size > largest:
                _set_aside(log)


def keep_private(folder: Path) -> None:
    """Close a folder of logs, and every file in it, to everybody else."""
    close(folder)
    for path in folder.iterdir():
        if path.is_file() and not path.is_symlink():
            close(path)


def close(path: Path) -> None:
    """Take everybody else's rights to a file or folder of ours away."""
    mode = stat.S_IMODE(path.lstat().st_mode)
    if mode & 0o077:
        path.chmod(mode & 0o700)


def _set_aside(log: Path) -> None:
    older = [log.with_name(f"{log.name}.{number}") for number in range(1, OLDER + 1)]
    older[-1].unlink(missing_ok=True)
    for newer, one_older in reversed(list(pairwise(older))):
        if newer.exists():
            newer.replace(one_older)
    with _private(log, os.O_RDWR, create=0) as full:
        _copy(full, older[0])
        full.truncate(0)


def _copy(full: IO[bytes], aside: Path) -> None:
    """Copy; without room for it, the bound on the log is worth more than its old lines."""
    try:
        with _private(aside, os.O_WRONLY, create=os.O_CREAT | os.O_EXCL) as copy:
            shutil.copyfileobj(full, copy)
    except OSError:
        aside.unlink(missing_ok=True)


def _private(path: Path, flags: int, create: int = os.O_CREAT) -> IO[bytes]:
    """Open a file that is its owner's only. Links are not followed: Postgres' folder, where its log
    is, may be another user's.
    """
    descriptor = os.open(path, flags | create | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    mode = "r+b" if flags & os.O_RDWR else "ab" if flags & os.O_APPEND else "wb"
    return os.fdopen(descriptor, mode)

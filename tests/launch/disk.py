"""A small file system of a test's own, to be filled and freed: for what happens on a full disk."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILLING = "filling"


@dataclass(frozen=True)
class SmallDisk:
    """A mounted file system in memory. Fill it, and whoever writes there gets ENOSPC."""

    path: Path

    @property
    def free_mib(self) -> float:
        return shutil.disk_usage(self.path).free / 2**20

    def fill(self, leave_mib: float = 0) -> None:
        """Take all room but so much with one file."""
        step = 2**26
        with (self.path / FILLING).open("ab") as file:
            while step >= 4096:
                room = shutil.disk_usage(self.path).free - int(leave_mib * 2**20)
                try:
                    if room < step:
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), step)
                except OSError:
                    step //= 2  # others write here, too

    def free(self) -> None:
        """Give the room back."""
        (self.path / FILLING).unlink(missing_ok=True)

    def take_inodes(self) -> None:
        """Leave room, but for no further file."""
        found = os.statvfs(self.path)
        self._remount(f"nr_inodes={found.f_files - found.f_ffree}")

    def give_inodes(self) -> None:
        self._remount("nr_inodes=0")

    def forbid_writing(self) -> None:
        """Mount it read-only; nobody may have a file open for writing."""
        self._remount("ro")

    def allow_writing(self) -> None:
        self._remount("rw")

    def _remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.path)], check=True)


@contextmanager
def small_disk(mib: int) -> Iterator[SmallDisk]:
    """A disk of that many MiB that every user may enter; gone at the end with all that is on it."""
    folder = Path(tempfile.mkdtemp(prefix="promptlab-disk-"))
    options = f"size={mib}m,mode=0755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


@cache
def why_not_mountable() -> str:
    """Why this machine lets no test mount a disk; empty where it may."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "mounting a small disk takes root on Linux"
    try:
        with small_disk(1):
            return ""
    except (OSError, subprocess.CalledProcessError) as error:
        return f"mounting is not allowed here: {error}"

"""How much memory the processes of a test have taken at most."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults import table

MOST_BYTES = 600 * 2**20
LOOK_SECONDS = 0.1


class Watch:
    """Looks at processes as long as it is entered; `peaks` are resident bytes by process id."""

    def __init__(self) -> None:
        self.peaks: dict[int, int] = {}
        self._pids: set[int] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def add(self, pid: int) -> None:
        self._pids.add(pid)

    @property
    def highest(self) -> int:
        """Bytes of the largest process so far; 0 where nothing was seen."""
        return max(self.peaks.values(), default=0)

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            for pid in tuple(self._pids):
                for each in (pid, *_children(pid)):
                    self.peaks[each] = max(self.peaks.get(each, 0), _resident(each))

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


@contextmanager
def bounded() -> Iterator[Watch]:
    """A watch after which no process may have taken more than MOST_BYTES."""
    with Watch() as watch:
        yield watch
    mib = watch.highest / 2**20
    with table.row(*table.MEMORY) as row:
        row.tries, row.result = 1, f"{mib:.0f} MiB"
    assert watch.highest <= MOST_BYTES, f"a process took {mib:.0f} MiB"


def _resident(pid: int) -> int:
    """Resident bytes without pages shared with others, 0 for a process that is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return 0
    return 0


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        found = [(task / "children").read_text().split() for task in tasks]
    except OSError:
        return []
    return [int(child) for one in found for child in one]

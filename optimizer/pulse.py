"""A run's pulse: it says that it lives and how far it is, and hears what is wished of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import psycopg

from optimizer import doorbell
from optimizer.ownership import Owner

BUSY_SECONDS = 0.25
"""Between beats while something happens: at most four rings a second."""
IDLE_SECONDS = 1.0


@dataclass
class Progress:
    """Examples answered of those asked for now.

    `base` is what the phase had done before them, None in a phase that counts something else.
    """

    size: int = 0
    done: int = 0
    base: int | None = None

    @property
    def phase_done(self) -> int | None:
        return None if self.base is None else self.base + self.done


class Pulse:
    """The beats of one owner; a tryout has none."""

    def __init__(self, owner: Owner) -> None:
        self.progress = Progress()
        self._owner = owner
        self._beaten = time.monotonic()
        self._busy = False

    def due(self, last: bool = False) -> bool:
        if self._owner.kind != "run" or last:
            return self._owner.kind == "run"
        pause = BUSY_SECONDS if self._busy else IDLE_SECONDS
        return time.monotonic() - self._beaten >= pause

    def beat(self, cursor: psycopg.Cursor[Any]) -> str | None:
        """Write progress, active seconds and the time; returns the wish."""
        now, progress = time.monotonic(), self.progress
        phase = progress.phase_done
        # LEAST passes over NULL: a phase that counts something else would be done at once.
        cursor.execute(
            "UPDATE optimizer_run SET heard_at = now(), active_seconds = active_seconds + %s, "
            "answer_size = %s, answer_done = %s, "
            "phase_done = CASE WHEN %s::int IS NULL THEN phase_done "
            "ELSE LEAST(%s, phase_steps) END "
            "WHERE id = %s AND epoch = %s RETURNING wish",
            [
                *(now - self._beaten, progress.size, progress.done, phase, phase),
                *(self._owner.ref, self._owner.epoch),
            ],
        )
        row = cursor.fetchone()
        if self._busy:
            told = doorbell.message(self._owner.kind, self._owner.ref)
            cursor.execute("SELECT pg_notify(%s, %s)", [doorbell.CHANNEL, told])
        return row[0] if row else None

    def entered(self, beaten: bool, changed: bool) -> None:
        """A group is committed, with a beat or without; `changed` is what pages show."""
        if beaten:
            self._beaten = time.monotonic()
            self._busy = False
        self._busy = self._busy or changed

"""An owner's pulse: it keeps the lease, says how far a run is, and hears what is wished of it.

It beats in the commit thread, whatever the optimizer is thinking about meanwhile.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings

from optimizer import doorbell, ownership
from optimizer.ownership import Owner, Superseded

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


class Heartbeat:
    """The beats of one owner."""

    def __init__(self, owner: Owner) -> None:
        self.progress = Progress()
        self._owner = owner
        self._beaten = time.monotonic()
        self._heard: float | None = None
        self._busy = False

    def lasts(self) -> bool:
        """Whether the lease does, by this machine's clock: nobody else can have taken it so far."""
        if self._heard is None:
            return False
        return ownership.clock() - self._heard < settings.LEASE_SECONDS

    def due(self) -> bool:
        pause = BUSY_SECONDS if self._busy else IDLE_SECONDS
        return time.monotonic() - self._beaten >= pause or not self.lasts()

    def beat(self, cursor: psycopg.Cursor[Any]) -> str:
        """Keep the lease, write progress and active seconds, and return the wish.

        Raises:
            Superseded: somebody else has taken it.
        """
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
                *(self._owner.run, self._owner.epoch),
            ],
        )
        row = cursor.fetchone()
        if row is None:
            raise Superseded
        if self._busy:
            told = doorbell.message("run", self._owner.run)
            cursor.execute("SELECT pg_notify(%s, %s)", [doorbell.CHANNEL, told])
        return str(row[0])

    def entered(self, beaten: float | None, changed: bool) -> None:
        """A group is committed: with a beat that was begun at `beaten` by the clock, None without.

        `changed`: it holds something that pages show.
        """
        if beaten is not None:
            self._heard = beaten
            self._beaten = time.monotonic()
            self._busy = False
        self._busy = self._busy or changed

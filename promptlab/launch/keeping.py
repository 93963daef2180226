"""Keeping processes alive: whatever ends is started again, for ever, with growing pauses."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from promptlab.launch.child import Child
from promptlab.launch.home import Home
from promptlab.launch.postgres import Cluster, Server
from promptlab.launch.programs import PostgresFailed
from promptlab.launch.telling import Teller

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
STEADY_AFTER = 60.0  # who ran this long is restarted without a grudge
RUNS_AGAIN_AFTER = 5.0
NO_PROCESS = (OSError, subprocess.SubprocessError)


class Backoff:
    """When to try again: each pause is twice the last one, up to half a minute.

    Its clock is not the wall's, so that a clock that is set changes nothing.
    """

    def __init__(self) -> None:
        self._pause = 0.0
        self._at: float | None = None

    @property
    def waits(self) -> bool:
        return self._at is not None

    def plan(self) -> None:
        """Try again after the next pause."""
        self._pause = min(max(2 * self._pause, SHORTEST_PAUSE), LONGEST_PAUSE)
        self._at = time.monotonic() + self._pause

    def due(self) -> bool:
        return self._at is not None and time.monotonic() >= self._at

    def hurry(self) -> None:
        """Try at once: the reason may be gone."""
        if self._at is not None:
            self._at = 0.0

    def done(self) -> None:
        """It was tried; the next pause is longer unless `forgive` comes before it."""
        self._at = None

    def forgive(self) -> None:
        self._pause = 0.0


class Notes:
    """Facts that other processes read, written as soon as the disk takes them."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._unwritten: dict[str, Mapping[str, Any]] = {}

    def write(self, name: str, fact: Mapping[str, Any]) -> None:
        self._unwritten[name] = fact
        self.catch_up()

    def drop(self, name: str) -> None:
        self._unwritten.pop(name, None)
        with suppress(OSError):
            self._home.drop_fact(name)

    def catch_up(self) -> None:
        """Write what could not be written."""
        for name, fact in list(self._unwritten.items()):
            with suppress(OSError):
                self._home.write_fact(name, fact)
                del self._unwritten[name]


class ChildKeeper:
    """Keeps one child process alive.

    `environ` is read anew at each start, before which `prepare` is called; `fact` is what other
    processes are told besides the process id.
    """

    def __init__(
        self,
        child: Child,
        environ: Mapping[str, str],
        notes: Notes,
        teller: Teller,
        fact: Mapping[str, str],
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        self.child = child
        self.fact = fact
        self.ends = 0  # how often it ended on its own
        self.backoff = Backoff()
        self._environ = environ
        self._notes = notes
        self._teller = teller
        self._prepare = prepare

    def start(self) -> None:
        """Start it; where the machine starts no process now, later."""
        self.backoff.done()
        try:
            self._prepare()
            self.child.start(self._environ)
        except NO_PROCESS as error:
            self.backoff.plan()
            self._teller.tell(self.child.name, f"{self.child.name} cannot be started: {error}.")
        else:
            self._notes.write(self.child.name, {**self.fact, "pid": self.child.pid})

    def restart(self) -> None:
        """Have it read its environment anew."""
        self.child.stop()
        self.start()

    def look(self) -> None:
        if self.backoff.waits:
            if self.backoff.due():
                self.start()
        elif self.child.has_died():
            self.ends += 1
            self._tell_its_end()
            if self.child.seconds > STEADY_AFTER:
                self.backoff.forgive()
            self.backoff.plan()
        elif self.child.seconds > RUNS_AGAIN_AFTER:
            self._teller.close(self.child.name, f"{self.child.name} runs again.")

    def stop(self) -> None:
        self.child.stop()
        self._notes.drop(self.child.name)

    def _tell_its_end(self) -> None:
        words = self.child.last_words(1)
        said = f", and last said: {words}" if words else ""
        self._teller.tell(
            self.child.name,
            f"{self.child.name} ended {self.child.ending()}; it is started again, as often as need "
            f"be. Its log is {self.child.log}{said}",
        )


class PostgresKeeper:
    """Keeps the embedded Postgres alive, which is nobody's child.

    `moved` is called when it runs again at another address.
    """

    LOOK_SECONDS = 0.5

    def __init__(
        self, cluster: Cluster, url: str, teller: Teller, moved: Callable[[str], None]
    ) -> None:
        self.backoff = Backoff()
        self.lost = False
        self._cluster = cluster
        self._url = url
        self._teller = teller
        self._moved = moved
        self._next_look = 0.0
        self._since = time.monotonic()

    def look(self, excused: bool) -> None:
        """`excused`: it is known and told why it cannot run."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + self.LOOK_SECONDS
        if self._cluster.lives():
            self._look_at_living()
        elif not self.lost:
            self._lose(excused)
        elif self.backoff.due():
            self._try(excused)

    def _look_at_living(self) -> None:
        if self.lost:
            if server := self._cluster.found():
                self._welcome(server)
        elif time.monotonic() - self._since > RUNS_AGAIN_AFTER:
            self._teller.close("postgres", "Postgres runs again.")

    def _lose(self, excused: bool) -> None:
        self.lost = True
        if time.monotonic() - self._since > STEADY_AFTER:
            self.backoff.forgive()
        self.backoff.plan()
        why = "" if excused else f" It last said: {self._cluster.programs.last_complaint()}"
        self._teller.tell("postgres", f"Postgres ended unexpectedly; starting it again.{why}")

    def _try(self, excused: bool) -> None:
        self.backoff.plan()
        try:
            self._cluster.start_again()
        except PostgresFailed as failure:
            if not excused:
                self._teller.tell(
                    "postgres",
                    f"Postgres does not start, and is tried again until it does: {failure}",
                )

    def _welcome(self, server: Server) -> None:
        self.lost = False
        self.backoff.done()
        self._since = time.monotonic()
        if server.url != self._url:
            self._url = server.url
            self._moved(server.url)

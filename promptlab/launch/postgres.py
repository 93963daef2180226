"""The embedded Postgres: found, initialised, started, shared between processes, and stopped.

The server listens on 127.0.0.1 with a password and on no Unix socket, so neither the length of the
data folder's path nor the other users of the machine matter.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from promptlab.launch.home import Home
from promptlab.launch.logs import close, rotate
from promptlab.launch.ports import free_port
from promptlab.launch.postmaster import Postmaster
from promptlab.launch.programs import USER, PostgresFailed, Programs

START_SECONDS = 20.0  # after kill -9 the orphans of the old server need up to 10 s to let go
ATTEMPT_SECONDS = 5  # one attempt; recovery goes on in the background
STOP_SECONDS = 30
FAST_AND_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class StillRecovering(PostgresFailed):
    """The server is busy with what its last end left; it will answer."""

    def __init__(self) -> None:
        super().__init__("Postgres recovers from its last end, which takes a while.")


@dataclass(frozen=True)
class Server:
    """A running server: `url` names the database promptlab, `pid` its postmaster."""

    url: str
    port: int
    pid: int


@contextmanager
def running_server(home: Home, options: Mapping[str, str] | None = None) -> Iterator[Server]:
    """The server of this home, started if it is not running; the last user to leave stops it.

    Args:
        home: whose data the server serves.
        options: settings for a server that is started now, such as FAST_AND_FORGETFUL.

    Raises:
        CannotLaunch: with a sentence on what to do next.
    """
    cluster = Cluster(home.prepare(), options or {})
    with _held(home.run / "postgres.users", fcntl.LOCK_SH) as users:
        server = cluster.ensure_running()
        try:
            yield server
        finally:
            _stop_if_last(cluster, users)


class Cluster:
    """One data folder and the commands upon it."""

    def __init__(self, home: Home, options: Mapping[str, str]) -> None:
        self.home = home
        self.programs = Programs(home, options)
        self.data = self.programs.data
        self.log = self.programs.log

    def ensure_running(self) -> Server:
        """Adopt the server that runs, or start one. Processes that come at once take turns."""
        with _held(self.home.run / "postgres.lock", fcntl.LOCK_EX):
            if not self.lives():
                self.programs.make_data()
            server = self._started_with_patience()
            self._note(server)
            return server

    def start_again(self) -> None:
        """Try once to start the server of data that exist; it may still be recovering after.

        Raises:
            PostgresFailed: with the reason.
        """
        with _held(self.home.run / "postgres.lock", fcntl.LOCK_EX):
            if self.lives():
                return
            if not (self.data / "PG_VERSION").exists():
                # Their disk may come back: nothing must be put in their place.
                raise PostgresFailed(f"There are no data in {self.data} any more.")
            self._start()

    def lives(self) -> bool:
        """Whether its process exists, be it that it serves, still recovers, or hangs."""
        postmaster = Postmaster.of(self.data)
        return postmaster is not None and postmaster.lives()

    def found(self) -> Server | None:
        """The server, if it answers; other processes are told where it is."""
        with suppress(StillRecovering):
            if server := self._answering():
                self._note(server)
                return server
        return None

    def stop(self) -> None:
        """Stop in order: refuse newcomers, roll back what is open, write a checkpoint. A server
        that cannot write one is ended at once; it recovers at its next start.
        """
        with _held(self.home.run / "postgres.lock", fcntl.LOCK_EX):
            for mode in ("fast", "immediate"):
                if self.lives():
                    with suppress(PostgresFailed):
                        self.programs.stop(mode, STOP_SECONDS)
            with suppress(OSError):
                self.home.drop_fact("postgres")

    def _started_with_patience(self) -> Server:
        """Start it, again and again if need be, and wait as long as it recovers from a crash."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if not self.lives():
                    self._start()
                if server := self._answering():
                    return server
            except StillRecovering:
                deadline = time.monotonic() + START_SECONDS
            except PostgresFailed:
                pass  # perhaps the old server's orphans still hold its memory
            if time.monotonic() > deadline:
                said = self.programs.last_complaint()
                raise PostgresFailed(
                    f"Postgres does not start. Its log {self.log} ends with: {said}"
                )
            time.sleep(0.3)

    def _start(self) -> None:
        with suppress(OSError):
            close(self.log)
        rotate([self.log])
        self._forget_stale_pid()
        port = free_port(preferred=self.home.read_fact("postgres-port").get("port"))
        try:
            self.programs.start(port, ATTEMPT_SECONDS)
        except PostgresFailed:
            if not self.lives():  # else it recovers, which may take longer than we wait here
                raise
        with suppress(OSError):
            self.home.write_fact("postgres-port", {"port": port})

    def _note(self, server: Server) -> None:
        """Tell other processes where it is; on a full disk they have to do without."""
        fact = {"port": server.port, "pid": server.pid, "url": server.url}
        if self.home.read_fact("postgres") != fact:
            with suppress(OSError):
                self.home.write_fact("postgres", fact)

    def _forget_stale_pid(self) -> None:
        """After a crash and a reboot the old id may be another program's, not ours."""
        postmaster = Postmaster.of(self.data)
        if postmaster is not None and not postmaster.lives():
            (self.data / "postmaster.pid").unlink()

    def _answering(self) -> Server | None:
        """Log in, make our database where it is missing; None when nobody answers.

        Raises:
            StillRecovering: it says that it will answer later.
        """
        postmaster = Postmaster.of(self.data)
        if postmaster is None or postmaster.port is None or not postmaster.lives():
            return None
        where = f"127.0.0.1:{postmaster.port}"
        base = f"postgresql://{USER}:{self.home.database_password()}@{where}"
        try:
            with psycopg.connect(f"{base}/postgres", autocommit=True, connect_timeout=5) as link:
                known = link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [USER])
                if known.fetchone() is None:
                    link.execute("CREATE DATABASE promptlab")
        except psycopg.OperationalError as error:
            if "the database system is" in str(error):
                raise StillRecovering from error
            return None
        return Server(f"{base}/{USER}", postmaster.port, postmaster.pid)


def _stop_if_last(cluster: Cluster, users: int) -> None:
    """Stop when nobody else holds the shared lock; a killed user's lock is gone with the user."""
    with suppress(BlockingIOError):
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        cluster.stop()


@contextmanager
def _held(path: Path, mode: int) -> Iterator[int]:
    """Hold a lock on a file, which on a read-only disk must exist."""
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, mode)
        yield lock
    finally:
        os.close(lock)

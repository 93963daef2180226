"""The embedded Postgres: found, initialised, started, shared between processes, and stopped.

The server listens on 127.0.0.1 with a password and on no Unix socket, so neither the length of the
data folder's path nor the other users of the machine matter.
"""

from __future__ import annotations

import fcntl
import os
import platform
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from promptlab.launch.account import server_account
from promptlab.launch.binaries import find_binaries, wheel_folders
from promptlab.launch.home import Home
from promptlab.launch.logs import close, last_words, rotate
from promptlab.launch.ports import free_port
from promptlab.launch.postmaster import Postmaster

USER = "promptlab"
START_SECONDS = 20.0  # after kill -9 the orphans of the old server need up to 10 s to let go
ATTEMPT_SECONDS = 5  # one attempt; recovery goes on in the background
STOP_SECONDS = 30
FAST_AND_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresFailed(Exception):
    """The embedded Postgres could not be initialised or started."""


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
        PostgresFailed, NoBinaries, FolderOutOfReach: with a sentence on what to do next.
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
        self.options = options
        self.data = home.postgres / "data"
        self.log = home.postgres / "server.log"
        self.account = server_account(home.path, *wheel_folders())

    def ensure_running(self) -> Server:
        """Adopt the server that runs, or start one. Processes that come at once take turns."""
        with _held(self.home.run / "postgres.lock", fcntl.LOCK_EX):
            if not self.lives():
                self._make_data()
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
                        self._pg_ctl("stop", "-m", mode, "-w", "-t", str(STOP_SECONDS))
            with suppress(OSError):
                self.home.drop_fact("postgres")

    def why_not(self) -> str:
        """Its last complaint, for a sentence."""
        complaints = [
            line.partition(found[0])[2].strip()
            for line in last_words(self.log, lines=40).splitlines()
            if (found := re.search(r"(FATAL|PANIC|ERROR): ", line))
        ]
        return complaints[-1] if complaints else last_words(self.log, lines=1) or "(no word)"

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
                raise PostgresFailed(
                    f"Postgres does not start. Its log {self.log} ends with: {self.why_not()}"
                )
            time.sleep(0.3)

    def _start(self) -> None:
        with suppress(OSError):
            close(self.log)
        rotate([self.log])
        self._forget_stale_pid()
        port = free_port(preferred=self.home.read_fact("postgres-port").get("port"))
        options = self._server_options(port)
        wait = ("-w", "-t", str(ATTEMPT_SECONDS))
        try:
            self._pg_ctl("start", *wait, "-l", str(self.log), "-o", options)
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

    def _make_data(self) -> None:
        self._make_folder()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()

    def _make_folder(self) -> None:
        folder = self.home.postgres
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.account.uid is not None and folder.stat().st_uid != self.account.uid:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, self.account.uid, self.account.gid or -1)

    def _initialise(self) -> None:
        """Make the data beside their final place, so that an interrupted attempt is no data."""
        draft, password = self.data.with_name("data.new"), self.home.postgres / "password"
        shutil.rmtree(draft, ignore_errors=True)
        self._write_password(password)
        try:
            self._run(
                *("initdb", "-D", str(draft), "-U", USER, f"--pwfile={password}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", f"--locale={_utf8_locale()}"),
                "--no-instructions",
            )
        finally:
            password.unlink()
        draft.rename(self.data)

    def _write_password(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(self.home.database_password())
        if self.account.uid is not None:
            os.chown(path, self.account.uid, -1)

    def _server_options(self, port: int) -> str:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "''",
            "log_min_messages": "warning",
            # A statement that fails holds what people typed, and the keys of their sessions.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            **self.options,
        }
        return " ".join(f"-c {name}={value}" for name, value in settings.items())

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

    def _forget_stale_pid(self) -> None:
        """After a crash and a reboot the old id may be another program's, not ours."""
        postmaster = Postmaster.of(self.data)
        if postmaster is not None and not postmaster.lives():
            (self.data / "postmaster.pid").unlink()

    def _pg_ctl(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-s", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        bin_folder = find_binaries(self.account, wanted_major=_major(self.data))
        done = self.account.run(
            [str(bin_folder / program), *arguments],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            # pg_ctl's server would hold a pipe open, and we would wait for its end for ever.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
        )
        if done.returncode:
            said = (done.stderr or "").strip()
            raise PostgresFailed(f"{program} failed: {said or self.why_not()}")


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


def _major(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def _utf8_locale() -> str:
    return "C.UTF-8" if platform.system() == "Linux" else "C"

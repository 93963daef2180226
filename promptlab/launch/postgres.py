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
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg

from promptlab.launch.account import server_account
from promptlab.launch.binaries import find_binaries, wheel_folders
from promptlab.launch.home import Home
from promptlab.launch.ports import free_port

USER = "promptlab"
START_SECONDS = 20.0  # after kill -9 the orphans of the old server need up to 10 s to let go
STOP_SECONDS = 30
FAST_AND_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresFailed(Exception):
    """The embedded Postgres could not be initialised or started."""


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
            return self.found() or self._start()

    def found(self) -> Server | None:
        """The server as another process left it, if it answers."""
        pid = postmaster_pid(self.data)
        port = self.home.read_fact("postgres").get("port")
        if pid is None or not isinstance(port, int) or not _is_postgres(pid):
            return None
        return self._answering(port, pid)

    def stop(self) -> None:
        """Stop in order: refuse newcomers, roll back what is open, write a checkpoint."""
        with _held(self.home.run / "postgres.lock", fcntl.LOCK_EX):
            if postmaster_pid(self.data) is not None:
                self._pg_ctl("stop", "-m", "fast", "-w", "-t", str(STOP_SECONDS))
            self.home.drop_fact("postgres")

    def _start(self) -> Server:
        self._make_folder()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._forget_stale_pid()
        port = self._start_with_patience()
        pid = postmaster_pid(self.data)
        server = self._answering(port, pid) if pid else None
        if server is None:
            raise PostgresFailed(f"Postgres started but does not answer; see {self.log}.")
        self.home.write_fact("postgres", {"port": port, "pid": pid, "url": server.url})
        return server

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

    def _start_with_patience(self) -> int:
        deadline = time.monotonic() + START_SECONDS
        port = free_port(preferred=self.home.read_fact("postgres-port").get("port"))
        while True:
            try:
                self._pg_ctl("start", "-w", "-l", str(self.log), "-o", self._server_options(port))
            except PostgresFailed:
                if time.monotonic() > deadline:
                    raise PostgresFailed(self._why_not()) from None
                time.sleep(0.3)
                port = free_port(preferred=port)
            else:
                self.home.write_fact("postgres-port", {"port": port})
                return port

    def _server_options(self, port: int) -> str:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "''",
            "log_min_messages": "warning",
            **self.options,
        }
        return " ".join(f"-c {name}={value}" for name, value in settings.items())

    def _answering(self, port: int, pid: int) -> Server | None:
        """Log in, make our database where it is missing; None when nobody answers."""
        base = f"postgresql://{USER}:{self.home.database_password()}@127.0.0.1:{port}"
        try:
            with psycopg.connect(f"{base}/postgres", autocommit=True, connect_timeout=5) as link:
                known = link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [USER])
                if known.fetchone() is None:
                    link.execute("CREATE DATABASE promptlab")
        except psycopg.OperationalError:
            return None
        return Server(f"{base}/{USER}", port, pid)

    def _forget_stale_pid(self) -> None:
        """After a crash and a reboot the old id may be another program's, not ours."""
        pid = postmaster_pid(self.data)
        if pid is not None and not _is_postgres(pid):
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
            raise PostgresFailed(f"{program} failed: {said or self._why_not()}")

    def _why_not(self) -> str:
        last = _tail(self.log, lines=3)
        return f"Postgres does not start. Its log {self.log} ends with: {last or '(nothing)'}"


def postmaster_pid(data: Path) -> int | None:
    """The process id in the server's lock file, whether or not that process still lives."""
    try:
        return int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def _stop_if_last(cluster: Cluster, users: IO[str]) -> None:
    """Stop when nobody else holds the shared lock; a killed user's lock is gone with the user."""
    with suppress(BlockingIOError):
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        cluster.stop()


@contextmanager
def _held(path: Path, mode: int) -> Iterator[IO[str]]:
    with path.open("a") as file:
        fcntl.flock(file, mode)
        yield file


def _is_postgres(pid: int) -> bool:
    """Whether the process exists and is a Postgres."""
    name: Sequence[str] = ["ps", "-p", str(pid), "-o", "comm="]
    comm = Path(f"/proc/{pid}/comm")
    if comm.parent.parent.joinpath("self").exists():
        return comm.exists() and comm.read_text().strip() == "postgres"
    listed = subprocess.run(name, capture_output=True, text=True, check=False)
    return "postgres" in listed.stdout


def _major(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def _utf8_locale() -> str:
    return "C.UTF-8" if platform.system() == "Linux" else "C"


def _tail(path: Path, lines: int) -> str:
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return ""
    return re.sub(r"\s*\n\s*", " / ", "\n".join(text.strip().splitlines()[-lines:]))

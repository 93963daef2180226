"""The programs of Postgres upon one data folder: initdb and pg_ctl, run as the right user."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from promptlab.launch.account import server_account
from promptlab.launch.binaries import find_binaries, wheel_folders
from promptlab.launch.home import Home
from promptlab.launch.logs import last_words
from promptlab.launch.refusals import CannotLaunch

USER = "promptlab"


class PostgresFailed(CannotLaunch):
    """The embedded Postgres could not be initialised or started."""


class Programs:
    """What can be done to one data folder. `options` are settings for a server that is started."""

    def __init__(self, home: Home, options: Mapping[str, str]) -> None:
        self.home = home
        self.data = home.postgres / "data"
        self.log = home.postgres / "server.log"
        self._options = options
        self._account = server_account(home.path, *wheel_folders())

    def make_data(self) -> None:
        """Make what is missing of the folder and the data in it.

        Raises:
            PostgresFailed: with the reason.
        """
        self._make_folder()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()

    def _make_folder(self) -> None:
        folder = self.home.postgres
        folder.mkdir(mode=0o700, exist_ok=True)
        if self._account.uid is not None and folder.stat().st_uid != self._account.uid:
            for path in [folder, *folder.rglob("*")]:
                os.chown(path, self._account.uid, self._account.gid or -1)

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
        if self._account.uid is not None:
            os.chown(path, self._account.uid, -1)

    def start(self, port: int, seconds: int) -> None:
        """Start the server and wait so long for it to answer.

        Raises:
            PostgresFailed: it does not answer yet, or has ended.
        """
        wait = ("-w", "-t", str(seconds))
        self._pg_ctl("start", *wait, "-l", str(self.log), "-o", self._server_options(port))

    def stop(self, mode: str, seconds: int) -> None:
        """Stop it in the mode "fast" or "immediate", and wait so long.

        Raises:
            PostgresFailed: it still runs.
        """
        self._pg_ctl("stop", "-m", mode, "-w", "-t", str(seconds))

    def last_complaint(self) -> str:
        """Its last complaint, for a sentence."""
        complaints = [
            line.partition(found[0])[2].strip()
            for line in last_words(self.log, lines=40).splitlines()
            if (found := re.search(r"(FATAL|PANIC|ERROR): ", line))
        ]
        return complaints[-1] if complaints else last_words(self.log, lines=1) or "(no word)"

    def _server_options(self, port: int) -> str:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": "''",
            "log_min_messages": "warning",
            # A statement that fails holds what people typed, and the keys of their sessions.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            **self._options,
        }
        return " ".join(f"-c {name}={value}" for name, value in settings.items())

    def _pg_ctl(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-s", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        bin_folder = find_binaries(self._account, wanted_major=_major(self.data))
        done = self._account.run(
            [str(bin_folder / program), *arguments],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            # pg_ctl's server would hold a pipe open, and we would wait for its end for ever.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
        )
        if done.returncode:
            said = (done.stderr or "").strip()
            raise PostgresFailed(f"{program} failed: {said or self.last_complaint()}")


def _major(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text())
    except FileNotFoundError:
        return None


def _utf8_locale() -> str:
    return "C.UTF-8" if platform.system() == "Linux" else "C"

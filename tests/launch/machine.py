"""Running promptlab as people do: as a program, with an environment of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promptlab.launch.home import CHECKOUT

PATH = f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin"


@contextmanager
def open_folder() -> Iterator[Path]:
    """A temporary folder that every user may enter, as most folders for data are."""
    with tempfile.TemporaryDirectory(prefix="promptlab-launch-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def empty_environment(**more: str) -> dict[str, str]:
    """What `env -i` leaves, and what the test wants."""
    return {"HOME": os.environ.get("HOME", "/"), "PATH": PATH, **more}


def launch(**environ: str) -> subprocess.CompletedProcess[str]:
    """Start promptlab where it cannot start, and wait for what it says."""
    return subprocess.run(
        [sys.executable, "-m", "promptlab.launch"],
        cwd=CHECKOUT,
        env=empty_environment(**environ),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def wait_until(happens: Callable[[], Any], seconds: float, what: str) -> Any:
    """Look every 50 ms; the first true value is the answer."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := happens():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds:.0f} s")


def health(port: int) -> Mapping[str, Any]:
    """What /healthz says, or nothing while nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as reply:
            said: Mapping[str, Any] = json.load(reply)
            return said
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return {}


def processes_of(folder: Path) -> list[str]:
    """Command lines of living processes that name the folder."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in listed.stdout.splitlines() if str(folder) in line]


def press_ctrl_c(process: subprocess.Popen[str]) -> None:
    """The terminal sends the signal to the whole group."""
    os.killpg(process.pid, signal.SIGINT)

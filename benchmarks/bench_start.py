"""A warm `make run`: seconds to the first 200, and the memory of each process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import spread, tell
from promptlab.launch.home import CHECKOUT, Home
from promptlab.launch.ports import free_port
from tests.browser.ground import empty_home

WARM_STARTS = 5
BOOT_SECONDS = 180
NAMES = {"web": "web", "worker": "worker", "model": "embedded model"}


def main() -> None:
    with empty_home() as home:
        with running(home) as started:
            cold = started
        warm, stops = [], []
        memory: Mapping[str, int] = {}
        for _ in range(WARM_STARTS):
            begun = 0.0
            with running(home) as seconds:
                warm.append(seconds)
                settle(home)
                memory = memory_of(home)
                begun = time.monotonic()
            stops.append(time.monotonic() - begun)
    told = spread(warm)
    rows = [
        ("first start (tables, demo)", f"{cold:.1f} s"),
        (f"warm start, median of {WARM_STARTS}", f"{told['median']:.1f} s"),
        ("warm start, slowest", f"{max(warm):.1f} s"),
        ("Ctrl-C to the end", f"{spread(stops)['median']:.1f} s"),
        *((f"memory of {name}", f"{size / 2**20:.0f} MiB") for name, size in memory.items()),
    ]
    figures = {
        "first_start_seconds": round(cold, 2),
        "warm_start_seconds": told,
        "stop_seconds": spread(stops),
        "pss_mib": {name: round(size / 2**20) for name, size in memory.items()},
    }
    tell("Start: make run to the first 200 on /healthz", rows, figures)


@contextmanager
def running(home: Home) -> Iterator[float]:
    """`make run` on this home; the seconds until it answered. Ctrl-C at the end."""
    port = free_port()
    environ = {**os.environ, "PROMPTLAB_HOME": str(home.path), "PORT": str(port)}
    begun = time.monotonic()
    process = subprocess.Popen(
        ["make", "run"],
        cwd=CHECKOUT,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        while not answers(port):
            if process.poll() is not None or time.monotonic() - begun > BOOT_SECONDS:
                sys.exit(f"make run did not come up: {process.stderr and process.stderr.read()}")
            time.sleep(0.02)
        yield time.monotonic() - begun
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(60)


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


def settle(home: Home) -> None:
    """Until the worker has reported itself, the model answers, and a page was served."""
    url = home.read_fact("web")["url"]
    deadline = time.monotonic() + BOOT_SECONDS
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as reply:
            health = json.load(reply)
        if health["workers"] and health["model"] != "not ready":
            break
        time.sleep(0.2)
    with urllib.request.urlopen(f"{url}/login/", timeout=10) as reply:
        reply.read()


def memory_of(home: Home) -> Mapping[str, int]:
    """Proportional set size in bytes of each process; empty where the system does not tell."""
    if not Path("/proc/self/smaps_rollup").exists():
        return {}
    found = {}
    for fact, name in NAMES.items():
        pid = home.read_fact(fact).get("pid")
        if isinstance(pid, int):
            found[name] = pss(pid)
    postmaster = home.read_fact("postgres").get("pid")
    if isinstance(postmaster, int):
        found["Postgres, all its processes"] = sum(map(pss, [postmaster, *children(postmaster)]))
    web = home.read_fact("web").get("pid")
    if isinstance(web, int):
        found["supervisor"] = pss(parent(web))
    return found


def pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def parent(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("PPid:")))


if __name__ == "__main__":
    if shutil.which("make") is None:
        sys.exit("This measures `make run`, and there is no make here.")
    main()

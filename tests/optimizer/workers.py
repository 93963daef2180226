"""Real worker processes on a test's database, and waiting for what they do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from optimizer.models import Run

CHECKOUT = Path(__file__).parents[2]


@contextmanager
def worker(log: Path, lease: int = 10, port: int = 0) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process on this test's database, reached at `port` if that is given; it is gone at
    the end, whatever happens.
    """
    database = connection.settings_dict
    login = f"{quote(str(database['USER']))}:{quote(str(database['PASSWORD']))}"
    place = f"{database['HOST']}:{port or database['PORT']}"
    url = f"postgresql://{login}@{place}/{database['NAME']}"
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "promptlab.settings",
        "PROMPTLAB_TESTING": "1",
        "PROMPTLAB_LEASE": str(lease),
        "PROMPTLAB_HOME": os.environ.get("PROMPTLAB_TEST_HOME") or os.environ["PROMPTLAB_HOME"],
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=CHECKOUT, env=environment, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def until(happens: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)  # another process is waited for


def finished(row: Run) -> bool:
    row.refresh_from_db()
    return row.ended

"""A database of its own that may be killed, real workers on it, and a counting model server."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promptlab.launch.home import Home
from promptlab.launch.postgres import Cluster, Server
from tests.faults import table
from tests.faults.memory import Watch, bounded
from tests.optimizer.conftest import create, provider, spec, transactional_db

__all__ = ["create", "provider", "spec", "transactional_db"]

WHOLE = "PROMPTLAB_WHOLE_FAULTS"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and table.ROWS not in os.environ:
        handle, path = tempfile.mkstemp(prefix="promptlab-faults-")
        os.close(handle)
        os.environ[table.ROWS] = path


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    found = table.rows(Path(os.environ[table.ROWS]))
    if found:
        terminalreporter.section("faults")
        terminalreporter.write_line(table.as_markdown(found))


@pytest.fixture(scope="session")
def whole() -> bool:
    """Whether every fault is made as often as the docs say, or only a few times."""
    return bool(os.environ.get(WHOLE))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A Postgres that tests may kill; what it has committed must survive that."""
    folder = Path(tempfile.mkdtemp(prefix="promptlab-faults-"))
    folder.chmod(0o755)
    found = Cluster(Home(folder).prepare(), {"fsync": "off"})
    found.ensure_running()
    yield found
    found.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(cluster: Cluster) -> str:
    """What tests/conftest.py tells Django: our own server instead of the common one, which is why
    these tests have a session of their own (`make test-faults`).
    """
    return running(cluster).url


def running(cluster: Cluster) -> Server:
    server = cluster.found()
    assert server is not None, "Postgres does not run"
    return server


@pytest.fixture(autouse=True)
def lease(whole: bool, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole set waits as long as people do; the short one for leases of three seconds."""
    if not whole:
        settings.LEASE_SECONDS = 3
        monkeypatch.setenv("PROMPTLAB_LEASE", "3")


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Sees to it that no process of the test takes more than 600 MiB."""
    with bounded() as watching:
        watching.add(os.getpid())
        yield watching

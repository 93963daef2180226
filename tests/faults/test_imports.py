"""An import is all there or not at all, whenever its process is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from promptlab.accounts.models import Project, User
from promptlab.accounts.services import found_project
from promptlab.datasets.models import Dataset, DatasetExample, DatasetVersion
from promptlab.launch.home import CHECKOUT
from tests.faults import table
from tests.faults.workers import environment

MOMENTS = ("half", "stored")
"""When it is: some of the rows are on their way, others being made; all are, and not committed."""


@pytest.fixture
def project(transactional_db: None) -> Iterator[Project]:
    owner = User.objects.create_user("importer@example.org", None, name="Importer")
    made = found_project(owner, "Imports")
    yield made
    made.delete()
    owner.delete()


def test_no_row_is_there_after_an_import_was_killed(project: Project) -> None:
    with table.row("imports", "kill -9 of the process that stores rows") as row:
        for moment in MOMENTS:
            told = [sys.executable, "-m", "tests.faults.importing", project.slug, moment]
            done = subprocess.run(
                told, cwd=CHECKOUT, env=environment(), capture_output=True, text=True, check=False
            )
            assert done.returncode == -signal.SIGKILL, done.stderr
            assert not Dataset.objects.filter(project=project).exists()
            assert not DatasetExample.of_all_versions.exists()
            assert not DatasetVersion.objects.exists()
            row.tries += 1
        row.result = "no row, no dataset; the upload waits to be imported again"
        assert project.uploads.count() == row.tries

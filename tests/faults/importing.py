"""An import that is killed: `python -m tests.faults.importing PROJECT MOMENT` kills itself with
SIGKILL when some of the rows are on their way, or before all are committed.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable

import django

django.setup()

from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402 - set up first
from django.db import connection  # noqa: E402

from optimizer.datasets.mapping import guessed  # noqa: E402
from promptlab.accounts.models import Project  # noqa: E402
from promptlab.datasets import making, services, storing, uploads  # noqa: E402

ROWS = making.MANY + 1000


def killed(chunks: Iterable[bytes]) -> None:
    """What `store_lines` is here."""
    if MOMENT == "half":
        with connection.cursor() as cursor, cursor.copy(storing.COPY) as copy:
            copy.write(next(iter(chunks)))  # the others are being made at this moment
            os.kill(os.getpid(), signal.SIGKILL)
    STORE(chunks)
    os.kill(os.getpid(), signal.SIGKILL)


def main(slug: str) -> None:
    project = Project.objects.get(slug=slug)
    owner = project.memberships.get().user
    rows = "".join(f"message {n},{('ham', 'spam')[n % 2]}\n" for n in range(ROWS))
    file = SimpleUploadedFile("mail.csv", f"message,label\n{rows}".encode())
    upload = uploads.receive(project, owner, file, again=True)
    services.store_lines = killed
    uploads.make_dataset(upload, owner, "Mail", guessed(uploads.found_in(upload).columns))


if __name__ == "__main__":
    MOMENT, STORE = sys.argv[2], storing.store_lines
    main(sys.argv[1])

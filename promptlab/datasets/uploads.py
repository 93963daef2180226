"""Files between the steps: kept under random names, for their owner, for a day."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError
from django.http import Http404
from django.utils import timezone

from optimizer.codec import from_json
from optimizer.datasets.reading import too_large
from optimizer.datasets.table import MAX_BYTES, Options, Row, Unreadable
from promptlab.accounts.models import Project, User
from promptlab.datasets.models import Upload
from promptlab.datasets.sandboxed_reader import Found, read_apart, stored_rows
from promptlab.datasets.turns import PATIENCE, Busy, turn

LIVES = timedelta(hours=24)
MAX_WAITING = 20
"""Uploads that are kept unread; each may have MAX_BYTES."""


def receive(project: Project, owner: User, file: UploadedFile[Any]) -> Upload:
    """Keep the file and read it, apart. While others are being read it is kept unread: it `waits`.

    Raises:
        Unreadable: no table can be made of it; nothing is kept.
        Busy: too many files wait already; nothing is kept.
    """
    sweep()
    if Upload.objects.filter(found__isnull=True).count() >= MAX_WAITING:
        raise Busy(
            f"Files that wait to be read: {MAX_WAITING}, as many as may. Yours was not kept: "
            "choose it again in a few minutes."
        )
    size, name = file.size or 0, Path(file.name or "file").name[-255:]
    if size > MAX_BYTES:
        raise Unreadable(too_large(size))
    token = uuid.uuid4()
    try:
        with _raw(token).open("wb") as kept:
            for chunk in file.chunks():
                kept.write(chunk)
        upload = Upload.objects.create(
            token=token, project=project, owner=owner, name=name, size=size
        )
    except (OSError, DatabaseError):  # a disk is full, or the database away
        _forget(token)
        raise
    try:
        return read(upload, Options())
    except Busy:
        return upload
    except (Unreadable, OSError):
        discard(upload)
        raise


def read(upload: Upload, options: Options) -> Upload:
    """Read the file, for the first time or with other options.

    Raises:
        Unreadable: not with these; the upload stays as it was.
        Busy: others are being read; the upload stays as it was.
        Http404: it was discarded meanwhile.
    """
    fresh = _folder() / f"{uuid.uuid4()}.fresh"
    try:
        with turn(_folder(), PATIENCE) as lock:
            found = read_apart(_raw(upload.token), upload.name, options, fresh, keeps=[lock])
        fresh.replace(_rows(upload.token))
    finally:
        fresh.unlink(missing_ok=True)
    told = {
        "encoding": options.encoding, "has_header": options.has_header, "found": asdict(found),
    }  # fmt: skip
    if not Upload.objects.filter(pk=upload.pk).update(**told):
        _forget(upload.token)
        raise Http404("This upload was discarded a moment ago.")
    for name, value in told.items():
        setattr(upload, name, value)
    return upload


def found_in(upload: Upload) -> Found:
    return from_json(Found, upload.found)


def rows_of(upload: Upload) -> Iterator[Row]:
    return stored_rows(_rows(upload.token))


def discard(upload: Upload) -> None:
    _forget(upload.token)
    upload.delete()


def sweep() -> None:
    """Forget uploads that nobody came back to."""
    for upload in Upload.objects.filter(created_at__lt=timezone.now() - LIVES):
        discard(upload)


def _folder() -> Path:
    folder = settings.HOME.path / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(folder)


def _raw(token: uuid.UUID) -> Path:
    return _folder() / f"{token}.raw"


def _rows(token: uuid.UUID) -> Path:
    return _folder() / f"{token}.rows"


def _forget(token: uuid.UUID) -> None:
    _raw(token).unlink(missing_ok=True)
    _rows(token).unlink(missing_ok=True)

"""Files between the steps: kept under random names, for their owner, for a day."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError
from django.http import Http404
from django.utils import timezone

from optimizer.codec import from_json, to_json
from optimizer.core.problems import Conflict, Problem, Refused
from optimizer.datasets.blocks import StoredRows
from optimizer.datasets.mapping import Mapping
from optimizer.datasets.reading import too_large
from optimizer.datasets.surveying import Rows
from optimizer.datasets.table import FILE, MAX_BYTES, Options
from promptlab.accounts.models import Project, User
from promptlab.datasets import services
from promptlab.datasets.models import Dataset, Upload
from promptlab.datasets.sandboxed_reader import Found, read_apart
from promptlab.datasets.turns import PATIENCE, Busy, turn

AS_FOUND = Options()
LIVES = timedelta(hours=24)
MAX_WAITING = 20
"""Uploads that are kept unread; each may have MAX_BYTES."""
_NO_OTHER_WAY = {
    "table.arrow", "table.broken", "table.database", "table.document", "table.empty",
    "table.long_rows", "table.memory", "table.much", "table.nothing_inside", "table.other_packing",
    "table.packed_again", "table.pdf", "table.pickle", "table.protected", "table.slow",
    "table.unpacks_large",
}  # fmt: skip
"""What no other encoding, header or sheet mends."""


def receive(
    project: Project, owner: User, file: UploadedFile[Any] | Sequence[UploadedFile[Any]],
    options: Options = AS_FOUND, *, again: bool = False,
) -> Upload:  # fmt: skip
    """Keep the file and read it, apart. While others are being read it is kept unread: it `waits`.
    One that cannot be read so, but perhaps otherwise, is kept with what was `refused`. Several
    files are kept as one archive, and are one table.

    Args:
        again: whether it may be a file that a dataset was made of already.

    Raises:
        Conflict: a dataset was made of this very file; nothing is kept, and nothing was read.
        Refused: no table can be made of it; nothing is kept.
        Busy: too many files wait already; nothing is kept.
    """
    sweep()
    _discard_refused(project, owner)
    if Upload.objects.filter(found__isnull=True, refused__isnull=True).count() >= MAX_WAITING:
        raise Busy(
            f"Files that wait to be read: {MAX_WAITING}, as many as may. Yours was not kept: "
            "choose it again in a few minutes."
        )
    files = [file] if isinstance(file, UploadedFile) else list(file)
    size = sum(each.size or 0 for each in files)
    if size > MAX_BYTES:
        raise Refused(too_large(size))
    if len(files) > 1:
        options = replace(options, together=True)
    token = uuid.uuid4()
    try:
        digest = _keep(files, _raw(token))
        if not again:
            _check_new(project, digest)
        upload = Upload.objects.create(
            token=token, project=project, owner=owner, name=_name_of(files), size=size,
            digest=digest, **asdict(options),
        )  # fmt: skip
    except (OSError, DatabaseError, Conflict):  # a disk is full, or the database away
        _forget(token)
        raise
    try:
        return read(upload, options)
    except Busy:
        return upload
    except OSError:
        discard(upload)
        raise
    except Refused as refusal:
        if any(wrong.code in _NO_OTHER_WAY for wrong in refusal.problems):
            discard(upload)
            raise
        return upload


def _keep(files: Sequence[UploadedFile[Any]], path: Path) -> str:
    """Returns the SHA-256 (hex) of the file, or of what several are."""
    digest = hashlib.sha256()
    if len(files) == 1:
        with path.open("wb") as kept:
            for chunk in files[0].chunks():
                digest.update(chunk)
                kept.write(chunk)
        return digest.hexdigest()
    with zipfile.ZipFile(path, "w") as archive:
        for number, file in enumerate(files, start=1):
            name = Path(file.name or "file").name
            free = name if name not in archive.namelist() else f"{number}-{name}"
            digest.update(f"{free}\n".encode())
            with archive.open(free, "w") as kept:
                for chunk in file.chunks():
                    digest.update(chunk)
                    kept.write(chunk)
    return digest.hexdigest()


def _check_new(project: Project, digest: str) -> None:
    known = project.datasets.filter(source_digest=digest).first()
    if known is not None:
        raise Conflict.because("table.known_file", FILE, name=known.name)


def _name_of(files: Sequence[UploadedFile[Any]]) -> str:
    name = Path(files[0].name or "file").name
    more = f" + {len(files) - 1}" if len(files) > 1 else ""
    return name[-(255 - len(more)) :] + more


def read(upload: Upload, options: Options) -> Upload:
    """Read the file, for the first time or with other options.

    Raises:
        Refused: not with these; what was found with others stays as it was.
        Busy: others are being read; the upload stays as it was.
        Http404: it was discarded meanwhile.
    """
    fresh = folder() / f"{uuid.uuid4()}.fresh"
    try:
        with turn(folder(), PATIENCE) as lock:
            found = read_apart(_raw(upload.token), upload.name, options, fresh, keeps=[lock])
        fresh.replace(_rows(upload.token))
    except Refused as refusal:
        if upload.found is None:
            _note(upload, options, refused=to_json(refusal.problems, tuple[Problem, ...]))
        raise
    finally:
        fresh.unlink(missing_ok=True)
    _note(upload, options, found=asdict(found), refused=None)
    return upload


@contextmanager
def read_once(file: File[Any], options: Options) -> Iterator[tuple[Found, Rows]]:
    """Read a file apart that is not kept: what it holds, and its rows as long as this lasts.

    Raises:
        Refused: no table can be made of it.
        Busy: too many files are being read at this moment.
    """
    with tempfile.TemporaryDirectory(dir=folder()) as made:
        raw, told = Path(made, "file"), Path(made, "rows")
        with raw.open("wb") as kept:
            for chunk in file.chunks():
                kept.write(chunk)
        with turn(folder(), PATIENCE) as held:
            found = read_apart(raw, file.name or "file", options, told, keeps=(held,))
        yield found, lambda: StoredRows(told)


def found_in(upload: Upload) -> Found:
    return from_json(Found, upload.found)


def refusal_of(upload: Upload) -> Refused:
    """Why the file could not be read."""
    return Refused(*from_json(tuple[Problem, ...], upload.refused))


def source_of(upload: Upload) -> services.Source:
    """What was read of it, to make a dataset of."""
    found = found_in(upload)
    rows = _rows(upload.token)
    return services.Source(
        upload.name, found.columns, lambda: StoredRows(rows), found.problem_count, found.unit,
        rows, found.count, upload.digest,
    )  # fmt: skip


def make_dataset(
    upload: Upload, by: User, name: str, mapping: Mapping, *, skip_unusable: bool = True
) -> Dataset:
    """Make a dataset of an upload that was read, which is then forgotten.

    Raises:
        Refused: no dataset can be made so; the upload stays.
    """
    dataset = services.create(
        upload.project, by, name, source_of(upload), mapping, skip_unusable=skip_unusable
    )
    discard(upload)
    return dataset


def discard(upload: Upload) -> None:
    _forget(upload.token)
    upload.delete()


def sweep() -> None:
    """Forget uploads that nobody came back to."""
    for upload in Upload.objects.filter(created_at__lt=timezone.now() - LIVES):
        discard(upload)


def _discard_refused(project: Project, owner: User) -> None:
    """Another file takes the place of one that could not be read."""
    for upload in Upload.objects.filter(project=project, owner=owner, refused__isnull=False):
        discard(upload)


def _note(upload: Upload, options: Options, **told: Any) -> None:
    told |= asdict(options)
    if not Upload.objects.filter(pk=upload.pk).update(**told):
        _forget(upload.token)
        raise Http404("This upload was discarded a moment ago.")
    for name, value in told.items():
        setattr(upload, name, value)


def folder() -> Path:
    folder = settings.HOME.path / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(folder)


def _raw(token: uuid.UUID) -> Path:
    return folder() / f"{token}.raw"


def _rows(token: uuid.UUID) -> Path:
    return folder() / f"{token}.rows"


def _forget(token: uuid.UUID) -> None:
    _raw(token).unlink(missing_ok=True)
    _rows(token).unlink(missing_ok=True)

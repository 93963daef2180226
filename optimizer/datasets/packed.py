"""Files in files: what is compressed, and archives of one file or several."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, BinaryIO, cast

from optimizer.core.problems import Refused
from optimizer.datasets.table import FILE, MAX_BYTES, Options, chosen_sheet

_CHUNK = 1 << 16
_ENDINGS = (".gz", ".gzip", ".bz2", ".xz")
_PROTECTED = 0x1  # a flag of an archive's member
_BROKEN = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, ValueError)


@contextmanager
def unpacked(file: BinaryIO, name: str) -> Iterator[tuple[BinaryIO, str]]:
    """What a compressed file holds, on disk, and its name.

    Raises:
        Refused: it is damaged, or holds more than is taken.
    """
    start = file.read(2)
    file.seek(0)
    opener = {b"BZ": bz2.BZ2File, b"\xfd7": lzma.LZMAFile}.get(start, _gzip)
    with cast(IO[bytes], opener(file)) as opened, _copied(opened) as copy:
        yield copy, _without_ending(name)


def _gzip(file: BinaryIO) -> gzip.GzipFile:
    return gzip.GzipFile(fileobj=file)


def names_in(file: BinaryIO) -> tuple[str, ...]:
    """The files of a ZIP archive that may be tables."""
    with zipfile.ZipFile(file) as archive:
        return tuple(info.filename for info in archive.infolist() if _may_be_a_table(info))


@contextmanager
def member(file: BinaryIO, options: Options) -> Iterator[tuple[BinaryIO, str, tuple[str, ...]]]:
    """One file of a ZIP archive, on disk; its name, and those of all files that may be tables.

    Raises:
        Refused: there is none, or not the one that was asked for, or it cannot be unpacked.
    """
    with zipfile.ZipFile(file) as archive:
        infos = {info.filename: info for info in archive.infolist() if _may_be_a_table(info)}
        if not infos:
            raise Refused.because("table.nothing_inside", FILE)
        names = tuple(infos)
        # The only file may be a workbook, whose sheet is meant.
        name = names[0] if len(names) == 1 else chosen_sheet(names, options.sheet)
        if infos[name].flag_bits & _PROTECTED:
            raise Refused.because("table.protected", FILE)
        try:
            opened = archive.open(infos[name])
        except (NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
            raise Refused.because("table.broken", FILE) from error
        with opened, _copied(opened) as copy:
            yield copy, name, names


def _may_be_a_table(info: zipfile.ZipInfo) -> bool:
    """Systems put files of their own beside those of people; one without a byte is none."""
    path = PurePosixPath(info.filename)
    hidden = path.name.startswith(".") or path.parts[:1] == ("__MACOSX",)
    return info.file_size > 0 and not (
        info.is_dir() or hidden or path.name in ("Thumbs.db", "desktop.ini")
    )


@contextmanager
def _copied(packed: IO[bytes]) -> Iterator[BinaryIO]:
    """The bytes of a stream that may be far more than it seems, as a file of at most MAX_BYTES."""
    with tempfile.TemporaryFile() as copy:
        size = 0
        while chunk := _read(packed):
            size += len(chunk)
            if size > MAX_BYTES:
                raise Refused.because("table.unpacks_large", FILE, most=MAX_BYTES // 2**20)
            copy.write(chunk)
        copy.seek(0)
        yield cast(BinaryIO, copy)


def _read(packed: IO[bytes]) -> bytes:
    try:
        return packed.read(_CHUNK)
    except _BROKEN as error:
        raise Refused.because("table.broken", FILE) from error


def _without_ending(name: str) -> str:
    path = PurePosixPath(name)
    return path.stem if path.suffix.lower() in _ENDINGS else name

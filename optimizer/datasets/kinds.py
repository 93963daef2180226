"""What a file is, told by its first bytes: its ending may be wrong, or missing."""

from __future__ import annotations

import zipfile
from enum import Enum, auto
from typing import BinaryIO

from optimizer.core.problems import Refused
from optimizer.datasets.table import FILE

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_TAR_AT, _TAR = 257, b"ustar"


class Kind(Enum):
    """Which reader takes a file."""

    TEXT = auto()
    PACKED = auto()
    """One compressed file: gzip, bzip2 or xz."""
    ARCHIVE = auto()
    WORKBOOK = auto()
    PARQUET = auto()


_STARTS = (
    (b"\x1f\x8b", Kind.PACKED),
    (b"BZh", Kind.PACKED),
    (b"\xfd7zXZ\x00", Kind.PACKED),
    (b"PAR1", Kind.PARQUET),
    (_OLD_OFFICE, Kind.WORKBOOK),
)
_REFUSED = (
    (b"%PDF", "table.pdf"),
    (b"\x80\x04\x95", "table.pickle"),
    (b"\x28\xb5\x2f\xfd", "table.other_packing"),  # Zstandard
    (b"7z\xbc\xaf\x27\x1c", "table.other_packing"),
    (b"Rar!\x1a\x07", "table.other_packing"),
    (b"SQLite format 3\x00", "table.database"),
    (b"ARROW1\x00\x00", "table.arrow"),
)


def find_kind(file: BinaryIO) -> Kind:
    """The kind of a seekable file, which is rewound.

    Raises:
        Refused: it is of a kind that is not read.
    """
    start = file.read(_TAR_AT + len(_TAR))
    file.seek(0)
    for magic, code in _REFUSED:
        if start.startswith(magic):
            raise Refused.because(code, FILE)
    if start[_TAR_AT:] == _TAR:
        raise Refused.because("table.other_packing", FILE)
    if start.startswith(_ZIP):
        return _kind_of_zip(file)
    return next((kind for magic, kind in _STARTS if start.startswith(magic)), Kind.TEXT)


def _kind_of_zip(file: BinaryIO) -> Kind:
    """Workbooks are ZIP archives, too; so are documents, which have no table."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise Refused.because("table.broken", FILE) from error
    finally:
        file.seek(0)
    if "[Content_Types].xml" in names:
        if any(name.startswith("xl/") for name in names):
            return Kind.WORKBOOK
        raise Refused.because("table.document", FILE)
    if {"mimetype", "content.xml"} <= names:
        return Kind.WORKBOOK
    return Kind.ARCHIVE

"""Which character encoding a file is in. A person can always choose another one."""

from __future__ import annotations

import codecs
from typing import BinaryIO

from optimizer.datasets.table import Unreadable

CHUNK = 1 << 16
SAMPLE = 1 << 18

CHOICES = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Western European (Windows-1252)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
    "koi8_r": "Cyrillic (KOI8-R)",
    "cp1253": "Greek (Windows-1253)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "cp932": "Japanese (Shift_JIS, CP932)",
    "euc_jp": "Japanese (EUC-JP)",
    "gb18030": "Chinese (GB18030)",
    "big5": "Chinese (Big5)",
    "euc_kr": "Korean (EUC-KR)",
}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_TO_CSV = "In Excel, save the sheet as “CSV UTF-8” and choose that file."
_BINARY = (
    (b"\xd0\xcf\x11\xe0", "an old or a protected Excel workbook", _TO_CSV),
    (b"\x1f\x8b", "compressed (gzip)", "Unpack it first."),
    (b"PAR1", "a Parquet file", "Export it as CSV or JSONL."),
    (b"%PDF", "a PDF", "Export its table as CSV or JSONL."),
    (b"\x80\x04\x95", "a Python pickle, which is never opened here", "Export it as CSV or JSONL."),
)


def find_encoding(file: BinaryIO) -> str:
    """The encoding of the whole file; the file is rewound.

    Raises:
        Unreadable: it is empty, or not a text.
    """
    start = file.read(SAMPLE)
    file.seek(0)
    if len(start) < SAMPLE and not start.strip(b"\xef\xbb\xbf \t\r\n"):
        raise Unreadable("The file is empty. Choose one with column names and rows.")
    _refuse_binary(start)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    if _looks_like_utf_16(start):
        return "utf-16-le" if start[1:2] == b"\x00" else "utf-16-be"
    if _decodes(file, "utf-8"):
        return "utf-8"
    if _control_share(start) > 0.02:
        raise Unreadable("This is not a text file. Choose a CSV, TSV, JSONL or JSON file.")
    if _looks_japanese(start) and _decodes(file, "cp932"):
        return "cp932"
    return "cp1252" if _decodes(file, "cp1252") else "latin-1"


def check_encoding(file: BinaryIO, name: str) -> None:
    """Raises Unreadable when the file is not in the encoding that was asked for."""
    try:
        known = codecs.lookup(name).name in {codecs.lookup(choice).name for choice in CHOICES}
    except LookupError:
        known = False
    if not known:
        raise Unreadable(f"“{name}” is not an encoding that can be chosen here.")
    if not _decodes(file, name):
        raise Unreadable(f"The file is not {CHOICES.get(name, name)}. Choose another encoding.")


def _refuse_binary(start: bytes) -> None:
    if start.startswith(b"PK\x03\x04"):
        if b"[Content_Types].xml" in start or b"xl/" in start:
            raise Unreadable(f"This is an Excel workbook, not a text file. {_TO_CSV}")
        raise Unreadable("This is a ZIP archive, not a text file. Unpack it first.")
    for magic, what, advice in _BINARY:
        if start.startswith(magic):
            raise Unreadable(f"This is {what}, not a text file. {advice}")


def _decodes(file: BinaryIO, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except (UnicodeDecodeError, UnicodeError):
        return False
    finally:
        file.seek(0)
    return True


def _looks_like_utf_16(start: bytes) -> bool:
    """Without a mark: nearly every second byte of a mostly Latin text is zero."""
    even, odd = start[0:4096:2], start[1:4096:2]
    if len(odd) < 4:
        return False
    shares = sorted([even.count(0) / len(even), odd.count(0) / len(odd)])
    return shares[1] > 0.7 and shares[0] < 0.1


def _control_share(start: bytes) -> float:
    return sum(byte < 32 and byte not in b"\t\n\r\x0c\x1a\x1b" for byte in start) / len(start)


def _looks_japanese(start: bytes) -> bool:
    """Western bytes often decode as rare kanji, but hardly ever as kana."""
    text = start.decode("cp932", errors="ignore")
    foreign = [c for c in text if c > "\u00ff" and not "\uff61" <= c <= "\uff9f"]
    kana = sum("\u3041" <= c <= "\u30ff" for c in foreign)
    return kana >= 1 and kana / len(foreign) > 0.2

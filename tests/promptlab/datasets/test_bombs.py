"""Small files that unpack to more than a machine has: a sentence, and nothing else is harmed."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from optimizer.datasets.table import MAX_BYTES, Options
from promptlab.datasets.sandboxed_reader import Limits, read_apart
from tests.fakes.telling import refused
from tests.fakes.workbooks import xlsx_of, zipped

MB = 1 << 20
LESS = Limits(processor_seconds=10)


def parquet_of(table: pa.Table) -> bytes:
    out = io.BytesIO()
    parquet.write_table(table, out, compression="zstd", write_statistics=False)
    return out.getvalue()


def long_texts() -> bytes:
    """100,000 times one text of 2 MB, which the file has once: 200 GB."""
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000, pa.int32()), ["x" * (2 * MB)])
    return parquet_of(pa.table({"text": texts, "label": ["a"] * 100_000}))


def many_rows() -> bytes:
    return parquet_of(pa.table({"a": pa.nulls(20_000_000, pa.int32())}))


def far_cell() -> bytes:
    """A cell at either end of the largest sheet."""
    near, far = '<row r="1"><c r="A1"><v>1</v></c></row>', "1048576"
    return xlsx_of({"S": f'{near}<row r="{far}"><c r="XFD{far}"><v>1</v></c></row>'})


def large_sheet() -> bytes:
    """A sheet of 3 GB, as the directory says."""
    return _told_as(xlsx_of({"S": '<row r="1"><c r="A1"><v>1</v></c></row>'}), 3 << 30)


def sheet_that_lies() -> bytes:
    """The directory says that a sheet of 30 MB, which makes a table of a GB, has 1,000 bytes."""
    return _told_as(xlsx_of({"S": "<row><c><v>1</v></c></row>" * (MB * 5 // 4)}), 1000)


def _told_as(workbook: bytes, size: int) -> bytes:
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        true = archive.getinfo("xl/worksheets/1.xml").file_size
    return workbook.replace(struct.pack("<I", true), struct.pack("<I", size))


def shared_texts() -> bytes:
    """A text that is said again and again by its name, as entities."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    parts = {
        "xl/workbook.xml": f'<!DOCTYPE x [<!ENTITY e0 "x">{entities}]><workbook>&e9;</workbook>'
    }
    return zipped({"[Content_Types].xml": "<Types/>", **parts})


def packed_line() -> bytes:
    return gzip.compress(b"a,b\n" + b"x" * (60 * MB), 1)


def archive_of_zeros() -> bytes:
    return zipped({"x.csv": b"0" * (MAX_BYTES + 1)})


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "long-texts.parquet": (long_texts, "too much memory"),
    "many-rows.parquet": (many_rows, "more than 100,000 rows"),
    "far-cell.xlsx": (far_cell, "too much memory"),
    "large-sheet.xlsx": (large_sheet, "Unpacked, the file has more than 400 MB"),
    "lying.xlsx": (sheet_that_lies, ""),
    "entities.xlsx": (shared_texts, "damaged"),
    "line.csv.gz": (packed_line, "Unpacked, the file has more than 50 MB"),
    "zeros.zip": (archive_of_zeros, "Unpacked, the file has more than 50 MB"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    make, words = BOMBS[name]
    file = tmp_path / "upload.raw"
    file.write_bytes(make())
    assert file.stat().st_size < 3 * MB
    with refused(words):
        read_apart(file, name, Options(), tmp_path / "rows", LESS)
    assert [path.name for path in tmp_path.iterdir() if path.name != "rows"] == ["upload.raw"]


DEEP = "[" * 200_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deep.json", DEEP),
        ("deep.json", DEEP + "]" * 200_000),
        ("deep.json", '[{"a": ' + DEEP + "]" * 200_000 + "}]"),
        ("deep.jsonl", ('{"a":' * 100_000 + "1" + "}" * 100_000 + "\n") * 3),
        ("line.csv", "a,b\n" + "x" * (MAX_BYTES - 10)),
        ("line.jsonl", '{"a": "' + "x" * (MAX_BYTES - 20) + '"}'),
        ("quote.csv", 'a,b\n"' + "x\n" * (MAX_BYTES // 16)),
        ("commas.csv", "," * (MAX_BYTES // 8)),
    ],
    ids=["open", "closed", "in a row", "in lines", "line", "line of JSON", "quote", "commas"],
)
def test_a_text_that_is_made_to_be_heavy_is_refused_in_a_sentence(
    tmp_path: Path, name: str, content: str
) -> None:
    file = tmp_path / "upload.raw"
    file.write_text(content)
    with refused(""):
        read_apart(file, name, Options(), tmp_path / "rows")

"""Workbooks, Parquet, and what is packed: each is a table, or refused in words. No database."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import subprocess
import sys
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from optimizer.datasets.reading import read_table
from optimizer.datasets.table import Options, Table
from tests.fakes.telling import all_told, refused
from tests.fakes.workbooks import ods, xlsx, zipped

CSV = b"question,answer\none,1\ntwo,2\n"
ROWS = [["question", "answer"], ["one", "1"], ["two", "2"]]
AS_TEXT = [("one", "1"), ("two", "2")]
FOLDER = Path(__file__).parents[2] / "data" / "import_cases"


def read(content: bytes, name: str = "x", **options: Any) -> Table:
    return read_table(io.BytesIO(content), name, Options(**options))


def cells(table: Table) -> list[tuple[object, ...]]:
    return [row.cells for row in table.rows]


def parquet_of(columns: dict[str, Any], **how: Any) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pa.table(columns), out, **how)
    return out.getvalue()


@pytest.mark.parametrize("name", ["x.xlsx", "x.csv", "x.zip", "x"])
@pytest.mark.parametrize("content", [xlsx({"Data": ROWS}), ods("Data", ROWS)], ids=["xlsx", "ods"])
def test_a_workbook_is_known_by_what_it_is_whatever_its_ending(content: bytes, name: str) -> None:
    table = read(content, name)
    assert (table.columns, cells(table)) == (("question", "answer"), AS_TEXT)
    assert (table.sheet, table.sheets, table.unit) == ("Data", ("Data",), "row")
    assert (table.encoding, table.delimiter) == ("", "")


def test_the_first_sheet_is_read_and_the_others_are_told() -> None:
    content = xlsx({"Notes": [["a", "b"], [1, 2]], "Data": ROWS, "Secret": ROWS}, ("Secret",))
    table = read(content)
    assert (table.sheet, table.sheets) == ("Notes", ("Notes", "Data"))
    assert all_told(table.notes) == ["This is “Notes”. There are others to choose: Data."]
    assert cells(read(content, sheet="Data")) == AS_TEXT


def test_an_empty_sheet_is_passed_over_unless_it_is_asked_for() -> None:
    content = xlsx({"Cover": [], "Data": ROWS})
    assert read(content).sheet == "Data"
    with refused("The sheet “Cover” is empty. Choose another one."):
        read(content, sheet="Cover")


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are() -> None:
    with refused("There is no “data” in the file. It has: Notes, Data."):
        read(xlsx({"Notes": ROWS, "Data": ROWS}), sheet="data")


@pytest.mark.parametrize("content", [CSV, gzip.compress(CSV), parquet_of({"a": ["x"], "b": ["y"]})])
def test_a_file_without_sheets_says_so(content: bytes) -> None:
    with refused("it has no sheets to choose from"):
        read(content, sheet="Data")


def test_rows_have_the_numbers_of_the_sheet_and_titles_stand_above_names() -> None:
    above: list[list[object]] = [["Answers of May"], [], ["question", "answer", "note"]]
    table = read(xlsx({"S": [*above, ["one", 1, None], [], ["two", 2.5, "x"]]}))
    assert table.columns == ("question", "answer", "note")
    assert [(row.place, row.cells) for row in table.rows] == [
        (4, ("one", 1, "")), (6, ("two", 2.5, "x")),
    ]  # fmt: skip
    assert all_told(table.notes) == [
        "Left out title lines: the column names are in line 3.", "Left out empty rows: 1.",
    ]  # fmt: skip


def test_a_sheet_without_names_is_read_when_told() -> None:
    table = read(xlsx({"S": [["one", 1], ["two", 2]]}), has_header=False)
    assert (table.columns, cells(table)) == (("column 1", "column 2"), [("one", 1), ("two", 2)])


def test_dates_of_a_workbook_are_written_as_dates() -> None:
    table = read((FOLDER / "qsv__excel-1904-epoch.xlsx").read_bytes())
    assert cells(table) == [("alpha", "2024-01-15"), ("beta", "2020-07-04")]
    old = read((FOLDER / "csvkit__test.xls").read_bytes())
    assert old.rows[1].cells[5] == "1948-01-01T14:57:13"


def test_a_workbook_with_a_password_is_refused_as_such() -> None:
    with refused("protected by a password"):
        read((FOLDER / "qsv__password-protected-password123.xlsx").read_bytes())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped({"[Content_Types].xml": "<Types/>", "word/document.xml": "<w/>"}), "a document"),
        (xlsx({"S": ROWS})[:300], "damaged"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "damaged"),
        (b"PAR1" + b"\0" * 600 + b"PAR1", "damaged"),
        (gzip.compress(CSV)[:-12], "damaged"),
        (zipped({"a.csv": CSV.decode()})[:60], "damaged"),
        (zipped({}), "no file in it"),
        (zipped({"__MACOSX/a.csv": CSV, ".DS_Store": b"x"}), "no file in it"),
        (b"\x28\xb5\x2f\xfd" + b"\0" * 99, "Unpack it first"),
        (gzip.compress(b"\0" * 257 + b"ustar" + b"\0" * 600), "Unpack it first"),
        (gzip.compress(gzip.compress(gzip.compress(CSV))), "The archive holds archives"),
        (b"SQLite format 3\x00" + b"\0" * 99, "a database"),
    ],
)
def test_what_holds_no_table_is_refused_in_words(content: bytes, words: str) -> None:
    with refused(words):
        read(content)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize(
    ("content", "name"), [(CSV, "x.csv"), (b'{"question":"one","answer":"1"}\n' * 2, "x.jsonl")]
)
def test_a_compressed_file_is_read_as_what_it_holds(pack: Any, content: bytes, name: str) -> None:
    table = read(pack(content), f"{name}.gz")
    assert (table.columns, len(table.rows)) == (("question", "answer"), 2)
    assert table.encoding == "utf-8"


def test_an_archive_of_one_file_is_that_file() -> None:
    table = read(zipped({"data/": b"", "data/x.tsv": CSV.replace(b",", b"\t"), ".hidden": b"x"}))
    assert (cells(table), table.delimiter, table.notes) == (AS_TEXT, "\t", ())


def test_of_an_archive_of_several_one_is_read_and_the_others_are_told() -> None:
    content = zipped({"mail.csv": CSV, "more.xlsx": xlsx({"S": [["a", "b"], ["x", "y"]]})})
    table = read(content)
    assert (cells(table), table.sheet) == (AS_TEXT, "mail.csv")
    assert all_told(table.notes) == ["This is “mail.csv”. There are others to choose: more.xlsx."]
    chosen = read(content, sheet="more.xlsx")
    assert (cells(chosen), chosen.sheets) == ([("x", "y")], ("mail.csv", "more.xlsx"))


def test_files_of_an_archive_that_name_splits_are_one_table() -> None:
    more = b"question,answer\nthree,3\nfour\n"
    table = read(zipped({"d/mail_train.csv": CSV, "d/mail_test.csv.gz": gzip.compress(more)}))
    assert table.columns == ("question", "answer", "split")
    assert [(row.place, row.cells) for row in table.rows] == [
        (2, ("one", "1", "train")), (3, ("two", "2", "train")), (5, ("three", "3", "test")),
    ]  # fmt: skip
    assert [wrong.place for wrong in table.problems] == ["rows[6]"]
    assert "as column “split”: d/mail_train.csv, d/mail_test.csv.gz." in all_told(table.notes)[0]


def test_splits_of_other_columns_are_read_one_at_a_time() -> None:
    content = zipped({"train.csv": CSV, "test.csv": b"q,a\n1,2\n"})
    table = read(content)
    assert (table.columns, table.sheet) == (("question", "answer"), "train.csv")
    assert read(content, sheet="test.csv").columns == ("q", "a")


def test_a_sheet_of_the_only_workbook_of_an_archive_can_be_chosen() -> None:
    content = zipped({"x.xlsx": xlsx({"A": [["a", "b"], [1, 2]], "B": ROWS})})
    assert cells(read(content, sheet="B")) == AS_TEXT


def test_a_protected_archive_is_refused_as_such() -> None:
    content = bytearray(zipped({"a.csv": CSV}))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        directory = archive.start_dir
    content[6] |= 1  # in the member's own head, and in the directory's
    content[directory + 8] |= 1
    with refused("protected by a password"):
        read(bytes(content))


def test_values_of_a_parquet_file_keep_their_types() -> None:
    content = parquet_of({
        "t": ["é", None], "n": [1, 2], "f": [0.5, float("nan")], "b": [True, False],
        "d": [date(2026, 1, 2), None], "at": [datetime.fromisoformat("2026-01-02T03:04"), None],
        "m": [Decimal("1.50"), None], "l": [["x", "y"], []], "o": [{"k": [1]}, {"k": None}],
    })  # fmt: skip
    table = read(content)
    assert table.rows[0].cells == (
        "é", 1, 0.5, True, "2026-01-02", "2026-01-02T03:04:00", "1.50", ["x", "y"], '{"k": [1]}',
    )  # fmt: skip
    assert table.rows[1].cells == (None, 2, None, False, None, None, None, [], '{"k": null}')
    assert (table.unit, table.rows[0].place, table.encoding) == ("row", 1, "")


def test_a_time_finer_than_python_knows_is_written_out() -> None:
    table = read(
        parquet_of({"q": ["x"], "at": pa.array([1_700_000_000_000_000_001], pa.timestamp("ns"))})
    )
    assert str(table.rows[0].cells[1]).endswith(".000000001")


def test_bytes_of_a_parquet_file_are_told_and_not_read_as_text() -> None:
    table = read(parquet_of({"q": ["x"], "image": [b"\xff\xd8\xff"], "text": [b"plain"]}))
    assert table.rows[0].cells == ("x", None, "plain")
    assert all_told(table.notes) == ["Left empty what holds bytes and no text: image."]


def test_an_unusable_row_of_a_parquet_file_costs_only_itself() -> None:
    table = read(parquet_of({"q": ["x", "a\0b", "y"]}))
    assert (len(table.rows), [wrong.place for wrong in table.problems]) == (2, ["rows[2]"])


@pytest.mark.parametrize("delimiter", ["^", "~", "\x1f", "\x01", "¦"])
def test_a_rare_delimiter_is_found_where_it_makes_columns_of_every_line(delimiter: str) -> None:
    table = read(CSV.replace(b",", delimiter.encode()))
    assert (table.delimiter, cells(table)) == (delimiter, AS_TEXT)


def test_a_rare_character_in_some_texts_is_no_delimiter() -> None:
    assert read(b"text\na ~ b\nplain\n~\n").columns == ("text",)


@pytest.mark.parametrize(
    ("name", "delimiter"), [(":", ":"), (" ", " "), ("tab", "\t"), ("\\t", "\t")]
)
def test_a_delimiter_can_be_chosen(name: str, delimiter: str) -> None:
    table = read(CSV.replace(b",", delimiter.encode()), delimiter=name)
    assert (table.delimiter, cells(table)) == (delimiter, AS_TEXT)


@pytest.mark.parametrize("name", ["ab", '"', "x", "1", "\n"])
def test_what_cannot_be_a_delimiter_is_refused(name: str) -> None:
    with refused("cannot be a delimiter"):
        read(CSV, delimiter=name)


@pytest.mark.parametrize(
    "content",
    [b"What is 1+1?,2\nWhat is 2+2?,4\n", xlsx({"S": [["What is 1+1?", 2], ["What is 2+2?", 4]]})],
)
def test_names_that_look_like_a_row_are_told(content: bytes) -> None:
    assert all_told(read(content).notes) == [
        "Line 1 is read as the column names, but looks like a row. If it is one, say that the "
        "first row has no names."
    ]
    assert read(content, has_header=False).notes == ()


def test_quotation_marks_mean_nothing_when_told_so() -> None:
    table = read(b'q,a\n"one,1\n"two",2\n', quoting=False)
    assert cells(table) == [('"one', "1"), ('"two"', "2")]


def test_readers_of_typed_files_are_imported_when_one_is_read() -> None:
    code = (
        "import sys, io, optimizer.datasets.reading as r\n"
        f"r.read_table(io.BytesIO({CSV!r}))\n"
        "sys.exit(bool({'pyarrow', 'python_calamine'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""Any file that a person may drop is read, or refused in words. No database."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from optimizer.core.problems import Refused
from optimizer.datasets.reading import read_table
from optimizer.datasets.table import Options, Table, in_its_row
from optimizer.sentences import sentence
from tests.fakes.telling import all_told, places, refused, told

FOLDER = Path(__file__).parents[2] / "data" / "import_cases"
# Nested objects become columns when that is chosen; otherwise they stay JSON text in one.
FLATTENED = ("csvkit__testjson_nested.json", "abcd__abcd_sample.json")
CASES: list[dict[str, Any]] = json.loads((FOLDER / "cases.json").read_text())

# Where we differ from the file's own project on purpose, and what we do instead.
OTHERWISE = {
    # A dataset without rows is of no use here.
    "frictionless__without-rows.csv": "no rows",
    "polars__only_header.csv": "no rows",
    # Every row is ragged: nothing is left to import.
    "frictionless__invalid.csv": "has 2 cells instead of 4",
    # Thousands of columns are more than a person can say the use of.
    "frictionless__wide.csv": "has more columns than a dataset takes: up to 200",
}
# file: rows that are left out with their line, empty rows, width where it differs.
COUNTED_OTHERWISE = {
    "pandas__utf16_ex.txt": {"empty": 7},  # rows of tabs only
    "csvkit__bad.csv": {"ragged": 1},  # one cell short at its end is no loss
    "frictionless__structure-errors.csv": {"ragged": 1, "empty": 1},
    "csvkit__test_empty_columns.csv": {"empty": 1},
    # A column without a name has one that says so; its own project puts one of its own there.
    "csvkit__test.xlsx": {"names": 7},
    "frictionless__skip-rows.csv": {"ragged": 1, "not rows": 1},  # a comment among the rows
    "generated__bad_line_3.jsonl": {"ragged": 1, "not rows": 1},
    # A quote that is not closed as quotes are is a part of the text: each line is a row. PapaParse
    # reads to the end of the file.
    "papaparse-case__unterminated_quote.csv": {"columns": 3, "more rows": 1},
    "papaparse-case__bad_trailing_quote.csv": {"columns": 3, "more rows": 1},
}


def read(name: str, **options: Any) -> Table:
    with (FOLDER / name).open("rb") as file:
        return read_table(file, name, Options(**options))


def read_text(text: str | bytes, name: str = "x.csv", **options: Any) -> Table:
    content = text.encode() if isinstance(text, str) else text
    return read_table(io.BytesIO(content), name, Options(**options))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["file"])
def test_files_of_other_projects(case: dict[str, Any]) -> None:
    name = case["file"]
    if name in OTHERWISE:
        with refused(OTHERWISE[name]):
            read(name, has_header=bool(case["has_header"]))
        return
    if case["outcome"].startswith("error"):
        with pytest.raises(Refused):
            read(name)
        return
    table = read(name, has_header=bool(case["has_header"]), flatten=name in FLATTENED)
    differs = COUNTED_OTHERWISE.get(name, {})
    assert len(table.problems) == differs.get("ragged", 0)
    if case["rows"] is not None:
        seen = len(table.rows) + len(table.problems) + differs.get("empty", 0)
        assert seen - differs.get("not rows", 0) - differs.get("more rows", 0) == case["rows"]
    if case["cols"] is not None:
        assert len(table.columns) == differs.get("columns", case["cols"])
    names = [" ".join(column.split()) for column in case["header"] or []]
    if names and len(set(names)) == len(names) and all(names) and "columns" not in differs:
        known = differs.get("names", len(names))
        assert list(table.columns)[:known] == names[:known]
    assert all(len(row.cells) == len(table.columns) for row in table.rows)
    if "expected_objects" in case:
        objects = [dict(zip(table.columns, row.cells, strict=True)) for row in table.rows]
        assert objects == case["expected_objects"]
    if "expected_records" in case and "columns" not in differs:
        assert [list(row.cells) for row in table.rows] == case["expected_records"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["file"])
def test_the_files_are_those_of_the_other_projects(case: dict[str, Any]) -> None:
    assert hashlib.sha256((FOLDER / case["file"]).read_bytes()).hexdigest() == case["sha256"]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("frictionless__bom.csv", "中国人"),
        ("csvkit__test_utf8_bom.csv", "ʤ"),
        ("csvkit__test_latin1.csv", "©"),
        ("csvkit__test_utf16_little.csv", "ʤ"),
    ],
)
def test_characters_survive(name: str, cell: str) -> None:
    assert read(name).rows[-1].cells[-1] == cell


def test_leading_zeros_and_decimal_commas_are_kept() -> None:
    assert "0123" in read("frictionless__issue-1009-semicolon.csv").rows[0].cells
    assert "1,7" in read("csvkit__test_locale.csv").rows[0].cells


def test_texts_that_look_like_missing_values_stay_texts() -> None:
    assert read("csvkit__blanks.csv").rows[0].cells == ("", "NA", "N/A", "NONE", "NULL", ".")


def test_ragged_rows_are_told_with_their_lines() -> None:
    table = read("csvkit__bad.csv")
    assert places(table.problems) == [
        ("rows[2]", "has 4 cells instead of 3; a text with a comma needs quotes")
    ]
    assert [row.place for row in table.rows] == [3, 4]


def test_a_row_one_cell_short_at_its_end_has_an_empty_last_cell() -> None:
    table = read_text("message,label,note\nhello,ham\nbye,spam,urgent\n")
    assert [row.cells for row in table.rows] == [("hello", "ham", ""), ("bye", "spam", "urgent")]
    assert all_told(table.notes) == ["The last cell of a row is missing and read as empty: line 2."]


@pytest.mark.parametrize("row", ["hello", "hello,ham,note"])
def test_a_row_that_lacks_more_is_told(row: str) -> None:
    table = read_text(f"message,label,note,more,other\n{row}\na,b,c,d,e\n")
    assert [problem.place for problem in table.problems] == ["rows[2]"]


def test_lines_are_counted_through_quoted_newlines_and_blank_lines() -> None:
    table = read_text('a,b\n"1\n2",x\n\nshort\n3,y\n')
    assert [row.place for row in table.rows] == [2, 6]
    assert [problem.place for problem in table.problems] == ["rows[5]"]


def test_empty_cells_at_the_end_of_a_row_are_forgiven() -> None:
    assert read_text("a,b\n1,2,,\n").rows[0].cells == ("1", "2")


@pytest.mark.parametrize("odd", ["\u2028", "\x0b", "\x0c", "\x85"])
def test_a_separator_of_lines_within_a_cell_ends_no_row(odd: str) -> None:
    table = read_text(f"a;b\n1{odd}, 1,;2\n3,{odd},;4\n")
    assert [row.cells for row in table.rows] == [(f"1{odd}, 1,", "2"), (f"3,{odd},", "4")]


def test_a_backslash_stays_where_it_does_not_escape_a_quote() -> None:
    assert read_text('q,a\n"\\frac{1}{2}",x\n').rows[0].cells == ("\\frac{1}{2}", "x")
    assert read("frictionless__escaping.csv").rows[2].cells == ("3", 'Test " line 3')


def test_columns_with_one_name_are_told_apart() -> None:
    table = read("frictionless__duplicate-headers.csv")
    assert len(set(table.columns)) == 5
    assert "There is more than one column “id”; column 3 is “id (2)”." in all_told(table.notes)


def test_a_blank_column_name_gets_one() -> None:
    assert read_text("a,,c\n1,2,3\n").columns == ("a", "column 2", "c")


def test_without_a_header_columns_are_numbered() -> None:
    table = read_text("1,x\n2,y\n", has_header=False)
    assert table.columns == ("column 1", "column 2")
    assert len(table.rows) == 2


@pytest.mark.parametrize("content", [b"", b"\n\n", b"  \r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(content: bytes) -> None:
    with refused("The file is empty"):
        read_text(content)


def test_a_header_alone_is_refused() -> None:
    with refused("column names but no rows"):
        read_text("message,label\n")


def test_a_null_byte_is_told_with_its_line() -> None:
    table = read_text(b"a,b\n1,2\n3,4\x00\n")
    assert places(table.problems) == [("rows[3]", "has a null byte, which a text cannot have")]


def test_too_large_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("optimizer.datasets.reading.MAX_BYTES", 1 << 20)
    with refused("The file has 2 MB; up to 1 MB are taken"):
        read_text("a,b\n" + "1,2\n" * 600_000)


def test_too_many_columns_are_refused() -> None:
    with refused("up to 200"):
        read_text(",".join(f"c{n}" for n in range(300)) + "\n" + ",".join("1" * 300))


def test_a_large_cell_is_read_and_a_huge_one_is_told() -> None:
    assert len(str(read_text(f'a,b\n1,"{"x" * 200_000}"\n').rows[0].cells[1])) == 200_000
    table = read_text(f'a,b\n1,2\n1,"{"x" * 1_000_001}"\n')
    assert "has a cell of 1,000,001 characters" in told(table.problems[0])


def test_binary_files_are_refused() -> None:
    with refused("neither a text nor a workbook"):
        read_text(bytes(range(256)) * 20, "x.csv")
    with refused("never opened here"):
        read_text(b"\x80\x04\x95\x00\x00", "x.json")


def test_japanese_is_recognized() -> None:
    table = read_text("質問,答え\nこんにちは、元気ですか,はい\n".encode("cp932"))
    assert table.encoding == "cp932"
    assert table.rows[0].cells == ("こんにちは、元気ですか", "はい")


@pytest.mark.parametrize("text", ["é,à\nthéâtre français,être né\n", "ß,ü\nGröße,Übermaß\n"])
def test_western_texts_are_not_taken_for_japanese(text: str) -> None:
    assert read_text(text.encode("cp1252")).encoding == "cp1252"


def test_utf_16_without_a_mark_is_recognized() -> None:
    table = read_text("name,label\nalpha,one\n".encode("utf-16-le"))
    assert table.rows[0].cells == ("alpha", "one")


def test_another_encoding_can_be_chosen() -> None:
    content = "вопрос,ответ\nда,нет\n".encode("cp1251")
    assert read_text(content, encoding="cp1251").columns == ("вопрос", "ответ")


def test_a_chosen_encoding_that_does_not_fit_is_refused() -> None:
    with refused(r"not UTF-8. Choose another encoding"):
        read_text("é,b\n1,2\n".encode("cp1252"), encoding="utf-8")


def test_json_keeps_its_types_and_nested_values_stay_json_text() -> None:
    table = read_text(
        '[{"n": 1, "b": true, "t": ["x", "y"], "o": {"k": [1]}, "z": null}]', "x.json"
    )
    assert table.rows[0].cells == (1, True, ["x", "y"], '{"k": [1]}', None)


def test_objects_in_objects_become_columns_when_that_is_chosen() -> None:
    text = '{"a": {"b": {"c": 1}, "d": [{"e": 2}]}, "f": {}}\n{"a": {"b": 3}}\n'
    table = read_text(text, "x.jsonl", flatten=True)
    assert table.columns == ("a/b/c", "a/d", "f", "a/b")
    assert [row.cells for row in table.rows] == [
        (1, '[{"e": 2}]', "{}", None), (None, None, None, 3),
    ]  # fmt: skip
    assert len(read("abcd__abcd_sample.json", flatten=True).columns) == 23
    deep = '{"a": ' * 30 + "1" + "}" * 30
    table = read_text(f'{{"a": 1}}\n{deep}\n', "x.jsonl", flatten=True)
    assert [told(wrong) for wrong in table.problems] == ["is nested too deeply"]


def test_missing_json_keys_are_missing_values() -> None:
    table = read_text('{"a": 1}\n{"a": 2, "b": 3}\n', "x.jsonl")
    assert table.columns == ("a", "b")
    assert [row.cells for row in table.rows] == [(1, None), (2, 3)]


def test_a_broken_json_line_is_told_and_the_others_are_read() -> None:
    table = read_text('{"a": 1}\n{"a": \n[1]\n{"a": NaN}\n{"a": 2}\n', "x.jsonl")
    assert [row.cells for row in table.rows] == [(1,), (2,)]
    assert [problem.place for problem in table.problems] == ["rows[2]", "rows[3]", "rows[4]"]


ROWS = [{"q": "one", "n": 1}, {"q": "two", "n": 2}]
AS_LINES = "".join(json.dumps(row) + "\n" for row in ROWS)
AS_LIST = json.dumps(ROWS)


@pytest.mark.parametrize(
    "text",
    [
        AS_LINES,
        AS_LINES.rstrip(),
        AS_LINES.replace("\n", "\r\n"),
        AS_LIST,
        json.dumps(ROWS, indent=1),
        "\n \n" + AS_LIST + "\n\n",
        json.dumps({"data": ROWS}),
        json.dumps({"data": ROWS}, indent=1),
        json.dumps({"version": 1, "rows": ROWS, "tags": ["a"]}),
        "\ufeff" + AS_LIST,
        "\ufeff" + AS_LINES,
    ],
)
@pytest.mark.parametrize("ending", ["json", "jsonl", "ndjson", "txt", "csv", ""])
def test_json_is_read_by_what_it_is_whatever_its_ending(text: str, ending: str) -> None:
    table = read_text(text, f"x.{ending}")
    assert table.columns == ("q", "n")
    assert [row.cells for row in table.rows] == [("one", 1), ("two", 2)]
    assert not table.problems


@pytest.mark.parametrize(
    ("odd", "told"),
    [
        ("NaN", "has NaN, which is not a JSON number"),
        ("-Infinity", "has -Infinity, which is not a JSON number"),
        ("1e999", "has a number that is too large"),
        pytest.param("1" * 5000, "has a whole number of thousands of digits", id="digits"),
        ('{"deep": [NaN]}', "has NaN, which is not a JSON number"),
        ('{"deep": [1e999]}', "has a number that is too large"),
        ('"\\ud800"', "has half a character (a lone surrogate), which cannot be stored"),
    ],
)
@pytest.mark.parametrize("form", ["[%s]", "%s", '{"data": [%s]}'])
def test_one_value_that_cannot_be_taken_is_told_and_the_other_rows_are_read(
    odd: str, told: str, form: str
) -> None:
    rows = ['{"a": 1, "b": "x"}', f'{{"a": {odd}, "b": "y"}}', '{"a": 3, "b": "z"}']
    joined = ("\n" if form == "%s" else ", ").join(rows)
    table = read_text(form % joined, "x.json")
    assert [row.cells for row in table.rows] == [(1, "x"), (3, "z")]
    assert places(table.problems) == [("rows[2]", told)]


@pytest.mark.parametrize("text", ["[id],text\n1,a\n2,b\n", "{x},y\n1,a\n2,b\n"])
def test_a_table_whose_names_look_like_json_is_a_table(text: str) -> None:
    assert len(read_text(text, "x.csv").rows) == 2


def test_two_lists_of_objects_are_refused_in_words() -> None:
    text = json.dumps({"train": ROWS, "test": ROWS})
    with refused("has 2 lists of objects"):
        read_text(text, "x.json")


@pytest.mark.parametrize("text", ["[1, 2]", '{"a": 1', "[[[[" * 50_000, '{"a": {"b": 1}}'])
def test_json_without_rows_is_refused_in_words(text: str) -> None:
    if text == '{"a": {"b": 1}}':  # one object is one row
        assert len(read_text(text, "x.json").rows) == 1
        return
    with pytest.raises(Refused):
        read_text(text, "x.json")


def test_half_a_character_is_told() -> None:
    table = read_text('{"a": "\\ud800"}\n{"a": "ok"}\n', "x.jsonl")
    assert "half a character" in told(table.problems[0])


def test_a_number_beyond_all_bounds_is_told() -> None:
    table = read_text('{"a": 1e999}\n{"a": 1}\n', "x.jsonl")
    assert "too large" in told(table.problems[0])


@pytest.mark.parametrize("name", ["a\x00", "x" * 300])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with refused("The name of column 2"):
        read_text(f"q,{name}\n1,2\n")


def test_a_mark_that_nobody_sees_is_no_part_of_a_name() -> None:
    table = read_table(io.BytesIO(b"\xef\xbb\xbf\xef\xbb\xbfa,b\n1,2\n"))
    assert table.columns == ("a", "b")


@pytest.mark.parametrize(
    ("lines", "n"),
    [
        ('{"a": 1, "b": 2}\n{"a": 1, "a": 2}\n{"a": 3}\n', 2),
        ('{"a": 1, "b": 2}\n{"b": {"x": 1, "x": 2}}\n{"a": 3}\n', 2),
        ('[{"a": 1, "b": 2}, {"a": 1, "a": 2}, {"a": 3}]', 2),
    ],
)
def test_a_value_that_another_of_its_name_would_hide_is_told(lines: str, n: int) -> None:
    table = read_table(io.BytesIO(lines.encode()), "rows.json")
    assert len(table.rows) == n
    assert "twice" in sentence(in_its_row(table.problems[0], table.unit))


def test_files_without_a_byte_are_none_of_an_archive() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("empty.csv", "")
        packed.writestr("rows.csv", "a,b\n1,2\n")
    assert read_table(out, "a.zip").columns == ("a", "b")
    only = io.BytesIO()
    with zipfile.ZipFile(only, "w") as packed:
        packed.writestr("empty.csv", "")
    with refused("no file"):
        read_table(only, "a.zip")

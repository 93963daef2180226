"""Exports of other tools as tables, and archives whose files name each other."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from typing import Any

import pytest

from optimizer.datasets.reading import read_table
from optimizer.datasets.table import Options, Table
from tests.fakes.telling import all_told, refused


def rows(table: Table) -> list[dict[str, object]]:
    return [dict(zip(table.columns, row.cells, strict=True)) for row in table.rows]


def read_csv(*items: dict[str, Any]) -> Table:
    out = io.StringIO()
    written = csv.DictWriter(out, items[0])
    written.writeheader()
    written.writerows(items)
    return read_table(io.BytesIO(out.getvalue().encode()), "export.csv")


def archive(**files: str) -> io.BytesIO:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    out.seek(0)
    return out


@pytest.mark.parametrize("expected", ["expectedOutput", "expected_output"])
def test_items_of_langfuse_in_a_table(expected: str) -> None:
    item = {
        "id": "i1", "datasetName": "mail", "status": "ACTIVE", "sourceTraceId": "t1",
        "input": json.dumps({"question": "2+2?", "hints": ["a", "b"]}), expected: '"four"',
        "metadata": json.dumps({"origin": "mail"}), "createdAt": "2026-01-01",
    }  # fmt: skip
    table = read_csv(item, item | {"id": "i2", expected: "plain, text", "metadata": ""})
    assert rows(table) == [
        {"question": "2+2?", "hints": ["a", "b"], "expected_output": "four", "id": "i1",
         "status": "ACTIVE", "metadata_origin": "mail"},
        {"question": "2+2?", "hints": ["a", "b"], "expected_output": "plain, text", "id": "i2",
         "status": "ACTIVE", "metadata_origin": None},
    ]  # fmt: skip
    assert all_told(table.notes) == [
        "Read as an export of Langfuse.", "Not carried over: sourceTraceId.",
    ]  # fmt: skip
    assert [row.place for row in table.rows] == [2, 3]


def test_examples_of_langsmith_in_a_table() -> None:
    item = {"id": "e", "inputs": '{"question": "2+2?"}', "outputs": '{"answer": "4"}'}
    table = read_csv(item, item | {"outputs": ""})
    assert rows(table)[0] == {"question": "2+2?", "answer": "4", "id": "e"}
    assert rows(table)[1]["answer"] is None


def test_a_table_with_such_names_and_other_cells_is_what_it_is() -> None:
    table = read_csv({"inputs": "a", "outputs": "b"}, {"inputs": "c", "outputs": "d"})
    assert table.columns == ("inputs", "outputs")
    assert not table.notes


def test_tests_of_promptfoo_in_a_table() -> None:
    table = read_csv(
        {"question": "Capital?", "__expected": "contains: Paris", "__expected2": "latency: 5",
         "__description": "a", "__metadata:topic": "geo", "__threshold": "0.5"},
        {"question": "Time: now?", "__expected": "12: 30", "__expected2": "", "__description": "",
         "__metadata:topic": "", "__threshold": ""},
    )  # fmt: skip
    assert rows(table) == [
        {"question": "Capital?", "expected": "Paris", "metadata_topic": "geo"},
        {"question": "Time: now?", "expected": "12: 30", "metadata_topic": None},
    ]
    assert all_told(table.notes) == [
        "Read as an export of promptfoo.", "Not carried over: assert latency, threshold.",
    ]  # fmt: skip


CONFIG = "prompts: ['{{q}} {{page}}']\nproviders: [x]\ntests: "


@pytest.mark.parametrize(
    ("tests", "texts"),
    [
        ("file://tests.csv", ["a", "b"]),
        ("[file://tests.csv, {vars: {q: c}}]", ["a", "b", "c"]),
        ("[file://more/*.yaml]", ["d", "e"]),
        ("[{vars: {q: file://more/long.txt}}]", ["a long\ntext"]),
        ("[{vars: file://more/vars.json}]", ["f"]),
        ("{path: file://tests.csv}", ["a", "b"]),
    ],
)
def test_an_archive_has_the_files_that_a_configuration_names(tests: str, texts: list[str]) -> None:
    file = archive(
        **{
            "set/tests.csv": "q,__expected\na,x\nb,y\n",
            "set/promptfooconfig.yaml": CONFIG + tests,
            "set/more/d.yaml": "- vars: {q: d}",
            "set/more/e.yaml": "vars: {q: e}\nassert: [{type: equals, value: z}]",
            "set/more/vars.json": '{"q": "f"}',
            "set/more/long.txt": "a long\ntext",
        }
    )
    table = read_table(file, "set.zip")
    assert [row["q"] for row in rows(table)] == texts
    assert table.sheet == "set/promptfooconfig.yaml"
    assert "Read as an export of promptfoo." in all_told(table.notes)


def test_what_is_asked_for_is_read_though_there_is_a_configuration() -> None:
    file = archive(**{"promptfooconfig.yaml": CONFIG + "file://a.csv", "a.csv": "q,a\nx,y\n"})
    assert read_table(file, "a.zip", Options(sheet="a.csv")).columns == ("q", "a")
    assert rows(read_table(file, "a.zip"))[0]["q"] == "x"


def test_a_configuration_in_json_names_files_too() -> None:
    config = json.dumps({"prompts": ["{{q}}"], "tests": "file://./a.csv"})
    file = archive(**{"promptfooconfig.json": config, "a.csv": "q,__expected\nx,y\n"})
    assert rows(read_table(file, "a.zip")) == [{"q": "x", "expected": "y"}]


@pytest.mark.parametrize(
    ("tests", "told"),
    [
        ("file://../../etc/passwd", "not in the archive"),
        ("file:///etc/passwd", "not in the archive"),
        ("file://none.csv", "It names none.csv"),
        ("file://make.py", "no file of rows"),
        ("https://example.com/a.csv", "no file of rows"),
        ("[{vars: {q: file://none.txt}}]", "It names none.txt"),
        ("[{vars: file://a*.csv}]", "not in the archive"),
        ("[{vars: file://b.txt}]", "b.txt is to hold variables"),
    ],
)
def test_what_an_archive_has_not_is_said(tests: str, told: str) -> None:
    file = archive(**{"promptfooconfig.yaml": CONFIG + f"{tests}", "b.txt": "x"})
    with refused(told):
        read_table(file, "a.zip")

"""`manage.py import_preview` says what a file holds, in JSON or in lines, and never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from optimizer.datasets.table import MAX_BYTES
from tests.fakes.workbooks import xlsx

MESSAGES = "message;label\nhello;ham\nlost\nWin a prize; now;spam\nΩ;ham\n"


def preview(
    capsys: pytest.CaptureFixture[str], file: Path, *options: str
) -> tuple[dict[str, Any], int]:
    """What is said in the one line, and the exit code."""
    code = 0
    try:
        call_command("import_preview", str(file), "--json", *options)
    except SystemExit as end:
        code = int(str(end.code))
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    return json.loads(said), code


def test_a_file_is_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "m.csv"
    file.write_bytes(MESSAGES.encode("cp1253"))
    said, code = preview(capsys, file, "--encoding", "cp1253")
    assert code == 0
    assert (said["rows"], said["columns"]) == (2, ["message", "label"])
    assert (said["encoding"], said["delimiter"]) == ("cp1253", ";")
    assert [wrong["line"] for wrong in said["problems"]] == [3, 4]
    assert said["problems"][0]["reason"] == "has one cell instead of 2"
    assert said["preview"][1] == {"line": 5, "cells": ["Ω", "ham"]}


def test_all_ways_of_reading_can_be_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "m.csv"
    file.write_text('"a:1\n"b":2\n')
    said, _ = preview(capsys, file, "--delimiter", ":", "--no-quotes", "--no-header")
    assert [row["cells"] for row in said["preview"]] == [['"a', "1"], ['"b"', "2"]]
    book = tmp_path / "m.xlsx"
    book.write_bytes(xlsx({"A": [["q", "a"], ["x", 1]], "B": [["p", "b"], ["y", 2]]}))
    said, _ = preview(capsys, book, "--sheet", "B")
    assert (said["columns"], said["sheet"], said["sheets"]) == (["p", "b"], "B", ["A", "B"])
    assert (said["encoding"], said["delimiter"]) == (None, None)


def test_what_cannot_be_read_is_said_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "m.json"
    file.write_text("{")
    said, code = preview(capsys, file)
    assert (list(said), code) == (["error"], 1)
    assert "is not JSON" in said["error"]
    said, code = preview(capsys, tmp_path / "none.csv")
    assert ("cannot be read" in said["error"], code) == (True, 1)
    said, code = preview(capsys, tmp_path)
    assert ("cannot be read" in said["error"], code) == (True, 1)
    with file.open("r+b") as large:
        large.truncate(MAX_BYTES + 1)
    said, code = preview(capsys, file)
    assert ("up to 50 MB" in said["error"], code) == (True, 1)


def test_people_read_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "m.csv"
    file.write_text(MESSAGES)
    call_command("import_preview", str(file))
    assert capsys.readouterr().out.splitlines() == [
        "2 rows · 2 columns · UTF-8 · delimiter ';'",
        "  message: input, text",
        "  label: ignored, text",
        "line 2: hello | ham",
        "line 5: Ω | ham",
        "Line 3 has one cell instead of 2.",
        "Line 4 has 3 cells instead of 2; a text with a comma needs quotes.",
        "Rows that were left out: 2",
    ]


def test_the_command_needs_no_database(tmp_path: Path) -> None:
    file = tmp_path / "m.csv"
    file.write_text(MESSAGES)
    done = subprocess.run(
        [sys.executable, "manage.py", "import_preview", str(file), "--json"],
        capture_output=True, text=True, check=True,
        env={"PROMPTLAB_HOME": str(tmp_path / "home"), "PATH": ""},
    )  # fmt: skip
    assert json.loads(done.stdout)["rows"] == 2
    assert not (tmp_path / "home" / "postgres").exists()

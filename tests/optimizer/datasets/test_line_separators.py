"""A character that some readers take for the end of a line stays in its value. No database."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from optimizer.datasets.reading import read_table

FOLDER = Path(__file__).parents[2] / "data" / "field_cases" / "line_separators"
ODD = ["\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize(
    "file", [f for f in sorted(FOLDER.iterdir()) if f.suffix != ".json"], ids=lambda file: file.name
)
def test_files_from_the_field_have_twelve_rows(file: Path) -> None:
    with file.open("rb") as binary:
        table = read_table(binary, file.name)
    assert len(table.rows) == 12
    odd = str(table.rows[3].cells[0])
    assert odd.removeprefix("note 3 first").removesuffix("second") in ODD


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "json"])
def test_every_format_keeps_them(odd: str, ending: str) -> None:
    rows = [{"message": f"{odd}one{odd}two{odd}", "label": f"x{odd}{n}"} for n in range(3)]
    texts = {
        "csv": "message,label\n" + "".join(f"{r['message']},{r['label']}\n" for r in rows),
        "tsv": "message\tlabel\r\n" + "".join(f"{r['message']}\t{r['label']}\r\n" for r in rows),
        "jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
        "json": json.dumps(rows, ensure_ascii=False),
    }
    table = read_table(io.BytesIO(texts[ending].encode()), f"x.{ending}")
    assert [row.cells for row in table.rows] == [tuple(row.values()) for row in rows]

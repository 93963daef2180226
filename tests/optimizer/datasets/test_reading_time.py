"""Whatever is in a file, reading it takes time in proportion to its size. No database."""

from __future__ import annotations

import gc
import io
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from optimizer.core.problems import Refused
from optimizer.datasets.guessing import describe
from optimizer.datasets.reading import read_table
from optimizer.datasets.table import MAX_CELLS, MAX_COLUMNS
from tests.fakes.telling import all_told, places, refused

SMALL = 1 << 15  # bytes
GROWN = 4
BOUND = 10  # times as long, on a busy machine
SECONDS = 5.0  # of the processor, for GROWN × SMALL; here the slowest takes 0.1
NOTICEABLE = 0.02  # seconds

HEADER = "a,b\n1,2\n"
OBJECT = '{"a": 1}\n'


def numbered(piece: str, count: int) -> str:
    return "".join(piece.format(n) for n in range(count))


HOSTILE: dict[str, tuple[str, Callable[[int], str]]] = {
    # Names of columns.
    "one name for all columns": ("csv", lambda n: "a," * (n // 2) + "a\n1,2\n"),
    "names without a letter": ("csv", lambda n: "," * n + "a\n1,2\n"),
    "names as we would number them": ("csv", lambda n: numbered("a,a ({}),", n // 10) + "\n1,2\n"),
    "quotes as names": ("csv", lambda n: ', "' * (n // 3) + "\n1,2\n"),
    "names that grow when they are normalized": ("csv", lambda n: "\ufdfa," * (n // 4) + "\n1\n"),
    "many keys": ("jsonl", lambda n: "{" + numbered('"k{}":1,', n // 10) + '"z":1}\n'),
    "a new key in each object": ("jsonl", lambda n: numbered('{{"k{}":1}}\n', n // 12)),
    "a new key in each object of an array": (
        "json",
        lambda n: "[" + numbered('{{"k{}":1}},', n // 12) + "{}]",
    ),
    "one key again and again": ("jsonl", lambda n: "{" + '"a":1,' * (n // 6) + '"a":1}\n' + OBJECT),
    # Quotes and delimiters.
    "quotes": ("csv", lambda n: HEADER + '"' * n),
    "a quote after each delimiter": ("csv", lambda n: HEADER + '",' * (n // 2)),
    "quotes after spaces": ("csv", lambda n: HEADER + ', "' * (n // 3)),
    "quotes after spaces that never end": ("csv", lambda n: HEADER + ', "' + 'x ""' * (n // 4)),
    "three quotes after spaces": ("csv", lambda n: HEADER + ', """x' * (n // 6)),
    "escaped quotes after spaces": ("csv", lambda n: HEADER + ', "\\"' * (n // 5)),
    "backslashes": ("csv", lambda n: HEADER + '"' + "\\" * n),
    "an open quote in each line": ("csv", lambda n: HEADER + '"\n' * (n // 2)),
    "one open quote": ("csv", lambda n: HEADER + '1,"' + "x\n" * (n // 2)),
    "an open quote and doubled ones": ("csv", lambda n: HEADER + '1,"x\n' + '1,""""\n' * (n // 7)),
    "open quotes by turns": ("csv", lambda n: HEADER + '1,"x\n2,""\n' * (n // 10)),
    "open quotes between tabs": ("tsv", lambda n: "a\tb\n" + '1\t"x\n' * (n // 5)),
    "quotes that close lines later": (
        "tsv",
        lambda n: "a\tb\n" + '"x\t1\ny\t2\nz"\t3\n' * (n // 14),
    ),
    "delimiters": ("csv", lambda n: HEADER + "," * n),
    "every delimiter": ("csv", lambda n: HEADER + ",;\t|" * (n // 4)),
    "spaces after a delimiter": ("csv", lambda n: HEADER + "," + " " * n),
    # Lines.
    "one line": ("csv", lambda n: HEADER + "x" * n),
    "one line of JSON": ("jsonl", lambda n: OBJECT + '{"a":"' + "x" * n + '"}\n'),
    "empty lines": ("csv", lambda n: HEADER + "\n" * n),
    "empty lines at the beginning": ("json", lambda n: "\n" * n + OBJECT),
    "carriage returns": ("csv", lambda n: HEADER + "\r" * n),
    "empty rows": ("csv", lambda n: HEADER + ",\n" * (n // 2)),
    "short rows": ("csv", lambda n: HEADER + "1\n" * (n // 2)),
    "titles": ("csv", lambda n: "x\n" * (n // 2) + "a,b,c,d\n1,2,3,4\n"),
    "lines that are no objects": ("jsonl", lambda n: OBJECT + "1\n" * (n // 2)),
    "lines that are no JSON": ("jsonl", lambda n: OBJECT + "{\n" * (n // 2)),
    "few wide rows and many short ones": (
        "jsonl",
        lambda n: "{" + numbered('"k{}":1,', 190) + '"z":1}\n' + '{"z":1}\n' * (n // 8),
    ),
    # JSON.
    "deep lists": ("json", lambda n: '[{"a":' + "[" * n),
    "deep objects": ("jsonl", lambda n: '{"a":' * (n // 5)),
    "lists in a list": ("json", lambda n: "[" + "[]," * (n // 3) + "[]]"),
    "empty objects": ("json", lambda n: "[" + "{}," * (n // 3) + "{}]"),
    "lists to choose from": (
        "json",
        lambda n: "{\n" + numbered('"k{}":[{{}}],', n // 14) + '"z":1}',
    ),
    "a long list in a cell": ("jsonl", lambda n: '{"a":[' + '"x",' * (n // 4) + '"x"]}\n'),
    "escapes": ("jsonl", lambda n: '{"a":"' + "\\u00e9" * (n // 6) + '"}\n'),
    "half characters": ("jsonl", lambda n: '{"a":"é' + "\\ud800" * (n // 6) + '"}\n' + OBJECT),
    # Numbers.
    "a number of digits": ("csv", lambda n: HEADER + "1," + "1" * n),
    "a JSON number of digits": ("jsonl", lambda n: OBJECT + '{"a":' + "1" * n + "}\n"),
    "many JSON numbers of digits": (
        "jsonl",
        lambda n: OBJECT + ('{"a":' + "1" * 4000 + "}\n") * (n // 4000),
    ),
    "a fraction of digits": ("jsonl", lambda n: OBJECT + '{"a":0.' + "1" * n + "}\n"),
    "groups of digits": ("csv", lambda n: "a;b\n1;1" + ",111" * (n // 4) + "x\n"),
    "exponents": ("csv", lambda n: HEADER + "1e5,1e-5\n" * (n // 9)),
    # Characters.
    "byte order marks": ("csv", lambda n: "\ufeff" * (n // 3) + HEADER),
    "characters outside the plane": ("csv", lambda n: HEADER + "😀,😀\n" * (n // 10)),
    "what looks Japanese": ("csv", lambda n: HEADER + "カ,ナ\n" * (n // 8)),
    "null bytes": ("csv", lambda n: HEADER + "\x00,\x00\n" * (n // 4)),
}


def cost(kind: str, content: bytes) -> float:
    """Seconds of the processor that a file takes, of three tries the best."""
    taken = []
    gc.disable()  # it goes through all that other tests left behind
    try:
        for _ in range(3):
            started = time.thread_time()
            with suppress(Refused):
                describe(read_table(io.BytesIO(content), f"x.{kind}"))
            taken.append(time.thread_time() - started)
    finally:
        gc.enable()
    return min(taken)


@pytest.mark.parametrize("case", HOSTILE)
def test_four_times_the_file_takes_about_four_times_as_long(case: str) -> None:
    kind, content = HOSTILE[case]
    small, grown = (content(SMALL * factor).encode() for factor in (1, GROWN))
    assert len(grown) > 3 * len(small)
    short, long = cost(kind, small), cost(kind, grown)
    assert long < SECONDS
    assert long < BOUND * max(short, NOTICEABLE), "its square would be 16 times"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "cp1252", "cp932", "gb18030"])
def test_every_encoding_takes_its_time_and_no_more(encoding: str) -> None:
    text = "question,answer\n" + "word word,word\n" * (SMALL // 15)
    small, grown = text.encode(encoding), (text + text * (GROWN - 1)).encode(encoding)
    short, long = cost("csv", small), cost("csv", grown)
    assert long < BOUND * max(short, NOTICEABLE)


def test_columns_are_counted_before_anything_is_done_with_their_names() -> None:
    content = (("x" * 300 + ",") * (MAX_COLUMNS + 1)).encode()
    with refused(f"more columns than a dataset takes: up to {MAX_COLUMNS}"):
        read_table(io.BytesIO(content), "x.csv")


def test_a_few_hundred_kilobytes_cannot_become_millions_of_cells() -> None:
    wide = "{" + ",".join(f'"k{n}": 1' for n in range(MAX_COLUMNS)) + "}\n"
    rows = MAX_CELLS // MAX_COLUMNS
    content = (wide + '{"k1":1}\n' * rows).encode()
    assert len(content) < 300_000
    with refused("more than 5,000,000 cells, 200 in a row"):
        read_table(io.BytesIO(content), "x.jsonl")


def test_rows_that_cannot_be_used_count_as_rows() -> None:
    with refused("more than 100,000 rows"):
        read_table(io.BytesIO(b"a,b\n1,2\n" + b"1\n" * 200_000), "x.csv")
    with refused("more than 100,000 rows"):
        read_table(io.BytesIO(b'{"a":1}\n' + b"1\n" * 200_000), "x.jsonl")


def test_a_number_of_thousands_of_digits_is_told_as_a_problem_of_its_row() -> None:
    content = OBJECT + '{"a": ' + "1" * 5000 + "}\n"
    table = read_table(io.BytesIO(content.encode()), "x.jsonl")
    assert places(table.problems) == [("rows[2]", "has a whole number of thousands of digits")]


def test_what_is_nested_too_deeply_is_told_at_every_depth() -> None:
    for depth in range(900, 1000):
        nested = "[" * depth + "]" * depth
        content = f'{{"a": {nested}}}\n{OBJECT}'
        table = read_table(io.BytesIO(content.encode()), "x.jsonl")
        assert all_told(table.problems) in ([], ["is nested too deeply"])


def test_a_file_may_begin_with_much_that_is_blank() -> None:
    table = read_table(io.BytesIO(b"\n" * 600_000 + b'{"a": 1}\n'), "x.json")
    assert [row.cells for row in table.rows] == [(1,)]
    with refused("The file is empty"):
        read_table(io.BytesIO(b"\n" * 600_000), "x.csv")

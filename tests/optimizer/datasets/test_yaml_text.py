"""YAML of other tools is read as JSON would be; nothing in it is code, and nothing grows."""

from __future__ import annotations

import io
import json

import pytest

from optimizer.datasets.reading import read_table
from optimizer.datasets.yaml_text import as_json
from optimizer.files import program_file
from optimizer.files.promptfoo import asserted_metric
from tests.fakes.telling import refused

CONFIG = """\
# a comment
description: Support
prompts:
  - |
    Answer {{question}} kindly,
    in {{language}}.
providers: [openai:gpt-4.1]
defaultTest:
  assert: &own
    - type: latency
      threshold: 2000
tests:
  - vars: {question: "Wie spät ist es?", language: de, since: 2024-02-29}
    assert:
      - {type: equals, value: halb drei}
  - vars: {question: "no", language: fr, since: 2024-03-01}
    assert: *own
"""


def test_a_promptfoo_configuration_is_a_program_a_metric_and_rows() -> None:
    (module,) = program_file.read(CONFIG).modules
    assert module.signature.instruction == "Answer {question} kindly,\nin {language}."
    asserted = asserted_metric(json.loads(as_json(CONFIG))).metric
    assert [single.kind for single in asserted.singles] == ["usage_limit", "exact_match"]
    table = read_table(io.BytesIO(CONFIG.encode()), "promptfooconfig.yaml")
    rows = [dict(zip(table.columns, row.cells, strict=True)) for row in table.rows]
    assert [row["question"] for row in rows] == ["Wie spät ist es?", "no"]
    assert rows[0]["since"] == "2024-02-29"
    assert rows[0]["expected"] == "halb drei"


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a: 1", {"a": 1}),
        ("- x\n- [1.5, null, yes]", ["x", [1.5, None, True]]),
        ("2: a\ntrue: b", {"2": "a", "true": "b"}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("'12'", "12"),
        ("a: 2001-12-14t21:59:43.10-05:00", {"a": "2001-12-14t21:59:43.10-05:00"}),
        ("\ufeffa: ü", {"a": "ü"}),
        ("", None),
    ],
)
def test_what_yaml_says_is_what_json_says(text: str, data: object) -> None:
    assert json.loads(as_json(text)) == data


LAUGHS = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n"
    for a, b in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (LAUGHS, "larger than is read here"),
        ("[" * 5000, "YAML"),
        (
            "a:\n" + "".join(" " * n + "a:\n" for n in range(1, 200)) + " " * 200 + "1",
            "nested deeper",
        ),
        ("a: &a\n  b: *a", "nested deeper"),
        ("!!python/object/apply:os.system ['true']", "YAML"),
        ("a: [1", "YAML"),
        ("a: .nan", "YAML"),
        ("a: !!binary aGVsbG8=", "YAML"),
        ("--- 1\n--- 2", "YAML"),
    ],
)
def test_what_would_grow_or_run_is_refused(text: str, told: str) -> None:
    with refused(told):
        as_json(text)


def test_a_fault_is_told_with_its_line() -> None:
    with refused("not YAML", "line 2, column 5"):
        as_json("a: 1\nb: [")


def test_tests_in_another_file_are_asked_for() -> None:
    config = "prompts: [a]\ntests: file://tests/some.csv\n"
    with refused("choose tests/some.csv itself"):
        read_table(io.BytesIO(config.encode()), "promptfooconfig.yml")

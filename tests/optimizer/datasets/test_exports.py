"""Exports of other tools, and JSON that is written as lists of cells, are read as rows."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from optimizer.datasets.guessing import describe
from optimizer.datasets.reading import read_table
from optimizer.datasets.table import Table
from tests.fakes.telling import all_told, places, refused


def read(content: Any, *, lines: bool = False) -> Table:
    text = "\n".join(map(json.dumps, content)) if lines else json.dumps(content)
    return read_table(io.BytesIO(text.encode()), "x.jsonl" if lines else "x.json")


def rows(table: Table) -> list[dict[str, object]]:
    return [dict(zip(table.columns, row.cells, strict=True)) for row in table.rows]


def turn(role: str, content: str, **more: object) -> dict[str, object]:
    return {"role": role, "content": content, **more}


@pytest.mark.parametrize("lines", [True, False])
def test_a_chat_is_an_input_and_the_answer_that_is_expected(lines: bool) -> None:
    short = {"messages": [turn("system", "Be kind."), turn("user", "Hi"), turn("assistant", "Ho")]}
    table = read([short, short], lines=lines)
    assert rows(table)[0] == {"system": "Be kind.", "input": "Hi", "output": "Ho"}
    assert all_told(table.notes) == ["Read as an export of OpenAI chat fine-tuning."]


def test_a_longer_chat_is_told_as_it_was_and_what_is_lost_is_said() -> None:
    long = [
        turn("user", "a"),
        turn("assistant", "b", weight=0),
        turn("user", "c"),
        turn("assistant", "d"),
    ]
    table = read([{"messages": long}], lines=True)
    assert rows(table) == [{"input": "user: a\nassistant: b\nuser: c", "output": "d"}]
    assert "Not carried over: weight." in all_told(table.notes)


def test_rows_of_hugging_face_are_rows() -> None:
    page = {
        "features": [{"feature_idx": 0, "name": "q"}],
        "rows": [
            {"row_idx": n, "row": {"q": f"q{n}", "a": n}, "truncated_cells": []} for n in (0, 1)
        ],
        "num_rows_total": 2,
    }
    assert rows(read(page)) == [{"q": "q0", "a": 0}, {"q": "q1", "a": 1}]


def test_labels_of_label_studio_are_columns_by_the_names_of_their_controls() -> None:
    choice = {"from_name": "mood", "type": "choices", "value": {"choices": ["good"]}}
    region = {
        "from_name": "ner",
        "type": "labels",
        "value": {"start": 0, "end": 2, "labels": ["X"]},
    }
    task = {
        "id": 1,
        "data": {"text": "Fine!"},
        "annotations": [{"was_cancelled": True}, {"result": [choice, region]}],
    }
    table = read([task])
    assert rows(table) == [{"text": "Fine!", "mood": "good"}]
    assert "Not carried over: further annotations, regions." in all_told(table.notes)


def test_tests_of_promptfoo_are_their_variables_and_what_is_expected() -> None:
    tests = [
        {"vars": {"q": "x"}, "assert": [{"type": "equals", "value": "y"}, {"type": "latency"}]},
        {"vars": {"q": "z"}},
    ]
    table = read(tests)
    assert rows(table) == [{"q": "x", "expected": "y"}, {"q": "z", "expected": None}]
    assert "Not carried over: assert latency." in all_told(table.notes)


EVALS = {"input": [turn("system", "Be short."), turn("user", "2+2?")], "ideal": ["4", "four"]}
HOSTED = {
    "datasource_item": {"question": "2+2?", "answer": "4"}, "status": "pass", "id": "x",
    "sample": {"output_text": "four", "model": "m"}, "results": [{"passed": True}],
}  # fmt: skip
LANGFUSE = {
    "id": "i1", "datasetId": "d", "input": {"question": "2+2?"}, "expectedOutput": {"value": "4"},
    "metadata": {"origin": "mail"}, "sourceTraceId": None, "createdAt": "2026-01-01", "status": "A",
}  # fmt: skip
LANGSMITH = {
    "id": "e1", "inputs": {"question": "2+2?"}, "outputs": {"answer": "4"}, "created_at": "x",
    "metadata": {"dataset_split": ["test"], "level": 1}, "attachments": {"a": "b"},
}  # fmt: skip
PHOENIX = {"id": "p", "input": {"question": "2+2?"}, "output": {"answer": "4"}, "metadata": {}}
RESULT = {
    "vars": {"question": "2+2?"}, "success": False, "score": 0.5, "provider": {"id": "openai:m"},
    "response": {"output": "five"}, "gradingResult": {"pass": False},
    "testCase": {"assert": [{"type": "icontains", "value": "4"}, {"type": "llm-rubric"}]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("item", "row", "told"),
    [
        (EVALS, {"system": "Be short.", "input": "2+2?", "ideal": ["4", "four"]}, ["OpenAI Evals"]),
        (
            HOSTED, {"question": "2+2?", "answer": "4", "metadata_output_text": "four"},
            ["OpenAI Evals (platform)", "results, sample.model"],
        ),
        (
            LANGFUSE,
            {"question": "2+2?", "expected_value": "4", "metadata_origin": "mail", "id": "i1",
             "status": "A"},
            ["Langfuse"],
        ),
        (
            LANGSMITH,
            {"question": "2+2?", "answer": "4", "split": "test", "id": "e1",
             "metadata_dataset_split": ["test"], "metadata_level": 1},
            ["LangSmith", "attachments"],
        ),
        (PHOENIX, {"question": "2+2?", "answer": "4", "id": "p"}, ["Phoenix"]),
        (
            RESULT,
            {"question": "2+2?", "expected": "4", "metadata_output": "five",
             "metadata_success": False, "metadata_score": 0.5, "metadata_provider": "openai:m"},
            ["promptfoo (results)", "assert llm-rubric"],
        ),
    ],
    ids=["evals", "hosted evals", "langfuse", "langsmith", "phoenix", "promptfoo results"],
)  # fmt: skip
@pytest.mark.parametrize("lines", [True, False])
def test_an_item_of_another_tool_is_the_row_that_it_stands_for(
    item: dict[str, Any], row: dict[str, Any], told: list[str], lines: bool
) -> None:
    table = read([item, item], lines=lines)
    assert rows(table)[0] == row
    sentences = [f"Read as an export of {told[0]}.", *(f"Not carried over: {t}." for t in told[1:])]
    assert all_told(table.notes) == sentences


@pytest.mark.parametrize(
    ("document", "n"),
    [
        ({"evalId": "e", "results": {"version": 3, "prompts": [{}], "results": [RESULT] * 2,
                                     "stats": {}}, "config": {"tests": [{}]}}, 2),
        ({"prompts": ["Say {{q}}"], "providers": [{"id": "x"}],
          "tests": [{"vars": {"q": "a"}}, {"vars": {"q": "b"}}]}, 2),
        ({"dataset_id": "d", "examples": [PHOENIX, PHOENIX], "filtered_splits": [{}]}, 2),
        ({"data": {"dataset_id": "d", "examples": [PHOENIX]}}, 1),
        ({"examples": ["x", "y"], "label": ["a", "b"]}, 2),
    ],
)  # fmt: skip
def test_a_document_of_another_tool_has_its_rows_beside_other_lists(
    document: dict[str, Any], n: int
) -> None:
    assert len(read(document).rows) == n


def test_what_stands_beside_a_row_is_metadata_and_its_answer_is_expected() -> None:
    answer = {c.name: c.role.value for c in describe(read(_numbered(LANGFUSE)))}
    assert (answer["question"], answer["expected_value"], answer["id"]) == (
        "input", "expected", "metadata",
    )  # fmt: skip


def _numbered(item: dict[str, Any]) -> list[dict[str, Any]]:
    """Different items of a kind."""
    return [json.loads(json.dumps(item).replace("2+2?", f"{n}+{n}?").replace('"i1"', f'"i{n}"')
                       .replace('"4"', f'"{n + n}"')) for n in range(5)]  # fmt: skip


@pytest.mark.parametrize(
    "item",
    [
        {"messages": "hello", "label": "x"},
        {"messages": ["a", "b"], "label": "x"},
        {"data": {"k": 1}, "label": "x"},
        {"row": {"k": 1}, "label": "x"},
        {"vars": {"k": 1}, "label": "x"},
    ],
)
def test_what_only_looks_alike_stays_as_it_is(item: dict[str, object]) -> None:
    table = read([item, item])
    assert (table.columns, table.notes) == (tuple(item), ())


LISTS = [["q", "a"], ["one", 1], ["two", None]]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (LISTS, False),
        (LISTS, True),
        ({"columns": LISTS[0], "data": LISTS[1:], "index": [0, 1]}, False),
        ({"result": {"page": 1, "items": [{"q": "one", "a": 1}, {"q": "two", "a": None}]}}, False),
    ],
)
def test_lists_of_cells_and_wrapped_lists_are_rows(content: Any, lines: bool) -> None:
    assert rows(read(content, lines=lines)) == [{"q": "one", "a": 1}, {"q": "two", "a": None}]


@pytest.mark.parametrize("lines", [True, False])
def test_a_list_of_another_length_costs_its_row(lines: bool) -> None:
    table = read([["q", "a"], ["one"], {"q": 1}, ["two", 2]], lines=lines)
    assert rows(table) == [{"q": "two", "a": 2}]
    assert places(table.problems) == [
        ("rows[2]", "has one cell instead of 2"),
        ("rows[3]", "is not a list of cells, as the first one is"),
    ]


@pytest.mark.parametrize("content", [["a", "b"], [[1, 2], [3, 4]], [["q", "q"], ["x", "y"]]])
def test_lists_that_name_no_columns_are_refused(content: Any) -> None:
    with refused("The JSON has no rows"):
        read(content)


PAIRS = [{"q": "one", "a": 1}, {"q": "two", "a": None}]


@pytest.mark.parametrize(
    "document",
    [
        {"q": ["one", "two"], "a": [1, None]},
        {"q": {"0": "one", "1": "two"}, "a": {"0": 1, "1": None}},
        {"0": PAIRS[0], "1": PAIRS[1]},
    ],
    ids=["columns", "numbered columns", "numbered rows"],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_a_document_that_is_no_list_is_read_by_its_shape(
    document: dict[str, Any], indent: int | None
) -> None:
    text = json.dumps(document, indent=indent)
    assert rows(read_table(io.BytesIO(text.encode()), "x.json")) == PAIRS


def test_rows_that_have_names_keep_them() -> None:
    assert rows(read({"x": PAIRS[0], "y": PAIRS[1]}))[1] == {"key": "y", "q": "two", "a": None}


@pytest.mark.parametrize(
    "document",
    [
        {"q": ["x", "y"], "label": "z"},
        {"q": ["x", "y"], "r": ["z"]},
        {"q": {"k": "x"}, "r": {"l": "y"}},
        {"q": [["x"], ["y"]], "r": [["x"], ["y"]]},
    ],
)
def test_an_object_of_uneven_parts_stays_one_row(document: dict[str, Any]) -> None:
    assert len(read(document).rows) == 1


@pytest.mark.parametrize("between", ["", "\n", "\n\n", "\n\x1e"])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_objects_one_after_another_are_rows(between: str, indent: int | None, ending: str) -> None:
    text = between.join(json.dumps(row, indent=indent) for row in PAIRS)
    assert rows(read_table(io.BytesIO(text.encode()), f"x.{ending}")) == PAIRS

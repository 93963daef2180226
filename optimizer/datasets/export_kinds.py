"""What exports of other tools look like, an item each, and the rows that they stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from optimizer.datasets import words

Item = dict[str, Any]
Read = tuple[Item, Iterable[str]]
"""A row, and the names of what it does not have of its item."""


@dataclass(frozen=True)
class ExportKind:
    """What a tool writes: how an item is known, and read. Without any of its `marks` as a name, an
    item is none.
    """

    name: str
    marks: frozenset[str]
    is_one: Callable[[Item], bool]
    read: Callable[[Item], Read]


def has(item: Item, *names: str, kind: type | tuple[type, ...] = dict) -> bool:
    """Whether all of these are there, and are of a type."""
    return all(isinstance(item.get(name), kind) for name in names)


def spread(value: Any, name: str, prefix: str = "") -> Item:
    """An object's parts, each with a prefix before its name; what is no object, under one name;
    nothing of null.
    """
    if not isinstance(value, dict):
        return {} if value is None else {name: value}
    return {f"{prefix}{key}": part for key, part in value.items()}


def answers(value: Any, name: str) -> Item:
    """Expected values: parts of an object that are not called so get it into their names."""
    return {
        key if words.sounds_expected(key) else f"expected_{key}": part
        for key, part in spread(value, name).items()
    }


def metadata(item: Item, *names: str) -> Item:
    """What is kept beside a row: its `metadata`, and parts of the item itself."""
    own = item.get("metadata")
    found = spread(own, "metadata", "metadata_") if own else {}
    return found | {name: item[name] for name in names if item.get(name) is not None}


def left(item: Item, *read: str) -> list[str]:
    """Names of what is there and was not read."""
    return sorted(key for key, value in item.items() if key not in read and value not in (None, {}))


# Hugging Face and Label Studio


def _of_hugging_face(item: Item) -> Read:
    return item["row"], ["truncated_cells"] if item.get("truncated_cells") else []


def _of_label_studio(item: Item) -> Read:
    """The labels of the first annotation that was not cancelled, by the names of their controls."""
    done = [one for one in item["annotations"] if isinstance(one, dict)]
    kept = next((one for one in done if not one.get("was_cancelled")), {})
    row, lost = dict(item["data"]), ["further annotations"] if len(done) > 1 else []
    for result in kept.get("result") or []:
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict):
            continue
        if "start" in value or "x" in value:
            lost.append("regions")
            continue
        held = value.get(str(result.get("type")), value)
        one = held[0] if isinstance(held, list) and len(held) == 1 else held
        row[str(result.get("from_name", "label"))] = one
    return row, lost


# OpenAI: fine-tuning, evals of its repository and of its platform


def is_chat(turns: Any) -> bool:
    return bool(turns) and isinstance(turns, list) and all(map(_is_turn, turns))


def _is_turn(turn: Any) -> bool:
    return isinstance(turn, dict) and isinstance(turn.get("role"), str) and "content" in turn


def _asked(turns: list[Item]) -> tuple[Item, list[str]]:
    """What a model is told: its system message apart, one message as it is, several as lines."""
    system = [turn["content"] for turn in turns if turn["role"] in ("system", "developer")]
    said = [turn for turn in turns if turn["role"] not in ("system", "developer")]
    row = {"system": _joined(system)} if system else {}
    row["input"] = said[0]["content"] if len(said) == 1 else _transcript(said)
    lost = {part for turn in turns for part in turn if part not in ("role", "content")}
    return row, sorted(lost)


def _joined(texts: list[Any]) -> Any:
    return texts[0] if len(texts) == 1 else "\n\n".join(map(str, texts))


def _transcript(turns: list[Item]) -> str:
    return "\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)


def _of_chat(item: Item) -> Read:
    """The last answer is what is expected; what stands before it is the input."""
    turns = item["messages"]
    last = turns[-1]
    answered = last["role"] == "assistant"
    row, lost = _asked(turns[:-1] if answered else turns)
    row["output"] = last["content"] if answered else None
    own = [part for part in last if part not in ("role", "content")] if answered else []
    return row | {key: item[key] for key in item if key != "messages"}, sorted({*lost, *own})


def _of_evals(item: Item) -> Read:
    row, lost = _asked(item["input"])
    row["ideal"] = item["ideal"]
    return row, [*lost, *left(item, "input", "ideal")]


def _of_hosted_evals(item: Item) -> Read:
    """The data source's row; what a model said to it stands beside."""
    name = "item" if "item" in item else "datasource_item"
    row, lost = dict(item[name]), left(item, name, "sample", "id", "status", "object")
    sample = item.get("sample")
    said = sample.get("output_text") if isinstance(sample, dict) else None
    if said is not None:
        row["metadata_output_text"] = said
    if isinstance(sample, dict):
        lost += [f"sample.{key}" for key in left(sample, "output_text")]
    return row, lost


# Langfuse, LangSmith, Phoenix: datasets of traces


def _of_langfuse(item: Item) -> Read:
    name = "expectedOutput" if "expectedOutput" in item else "expected_output"
    row = spread(item.get("input"), "input") | answers(item.get(name), "expected_output")
    kept = metadata(item, "id", "status")
    beside = ("datasetId", "datasetName", "dataset_id", "dataset_name", "createdAt", "created_at")
    times = ("updatedAt", "updated_at", "projectId", "project_id")
    return row | kept, left(item, "input", name, "metadata", "id", "status", *beside, *times)


def _of_langsmith(item: Item) -> Read:
    row = spread(item["inputs"], "input") | answers(item.get("outputs"), "output")
    own = item.get("metadata")
    splits = own.get("dataset_split") if isinstance(own, dict) else item.get("split")
    if isinstance(splits, list) and len(splits) == 1:
        row["split"] = splits[0]
    elif isinstance(splits, str):
        row["split"] = splits
    beside = ("dataset_id", "created_at", "modified_at", "name", "split", "source_run_id")
    return row | metadata(item, "id"), left(item, "inputs", "outputs", "metadata", "id", *beside)


def _of_phoenix(item: Item) -> Read:
    row = spread(item["input"], "input") | answers(item["output"], "output")
    beside = ("updated_at", "created_at", "dataset_id", "version_id")
    lost = left(item, "input", "output", "metadata", "id", "example_id", *beside)
    return row | metadata(item, "id", "example_id"), lost


# promptfoo: tests, and results of an evaluation

_PROMPTFOO = {
    "vars", "assert", "description", "options", "metadata", "threshold", "provider", "providers",
}  # fmt: skip
_EXPECTING = re.compile("equals|is-equal|i?contains|similar|factuality")


def _expected(asserted: Any) -> tuple[Item, list[str]]:
    """What the first assertion that names an answer names, and the kinds of all others."""
    found = [one for one in asserted or [] if isinstance(one, dict)]
    naming = next(
        (one for one in found if _EXPECTING.fullmatch(str(one.get("type"))) and "value" in one),
        None,
    )
    row = {"expected": naming["value"]} if naming else {}
    return row, [f"assert {one.get('type')}" for one in found if one is not naming]


def _of_promptfoo(item: Item) -> Read:
    row, lost = _expected(item.get("assert"))
    kept = metadata(item)
    others = left(item, "vars", "assert", "description", "metadata")
    return {**item["vars"], **row, **kept}, [*lost, *others]


def _is_promptfoo_result(item: Item) -> bool:
    return (has(item, "vars") and has(item, "response", "testCase", "gradingResult")) or (
        has(item, "vars", "testCase") and "success" in item
    )


def _of_promptfoo_result(item: Item) -> Read:
    """A test with what a model said to it, and whether that passed."""
    row, lost = _expected(item["testCase"].get("assert"))
    response, provider = item.get("response"), item.get("provider")
    beside = {
        "metadata_output": response.get("output") if isinstance(response, dict) else None,
        "metadata_success": item.get("success"),
        "metadata_score": item.get("score"),
        "metadata_provider": provider.get("id") if isinstance(provider, dict) else provider,
    }
    return {**item["vars"], **row, **beside}, lost


LANGFUSE = ExportKind(
    "Langfuse", frozenset({"expectedOutput", "expected_output"}),
    lambda item: (
        "input" in item
        and ("expectedOutput" in item or "expected_output" in item)
        and not item.keys().isdisjoint(
            {"datasetId", "dataset_id", "sourceTraceId", "source_trace_id", "datasetName"}
        )
    ),
    _of_langfuse,
)  # fmt: skip
LANGSMITH = ExportKind(
    "LangSmith", frozenset({"inputs"}),
    lambda item: has(item, "inputs") and has(item, "outputs", kind=(dict, type(None))),
    _of_langsmith,
)  # fmt: skip
KINDS = (
    ExportKind(
        "Hugging Face", frozenset({"row"}),
        lambda item: has(item, "row") and item.keys() <= {"row_idx", "row", "truncated_cells"},
        _of_hugging_face,
    ),
    ExportKind(
        "OpenAI chat fine-tuning", frozenset({"messages"}),
        lambda item: is_chat(item.get("messages")), _of_chat
    ),
    ExportKind(
        "OpenAI Evals", frozenset({"ideal"}),
        lambda item: is_chat(item.get("input")) and "ideal" in item, _of_evals
    ),
    ExportKind(
        "OpenAI Evals (platform)", frozenset({"datasource_item", "item"}),
        lambda item: (
            has(item, "datasource_item")
            or (has(item, "item") and item.keys() <= {"item", "sample"})
        ),
        _of_hosted_evals,
    ),
    ExportKind(
        "Label Studio", frozenset({"annotations"}),
        lambda item: has(item, "data") and has(item, "annotations", kind=list),
        _of_label_studio,
    ),
    ExportKind(
        "promptfoo (results)", frozenset({"testCase"}),
        _is_promptfoo_result, _of_promptfoo_result,
    ),
    ExportKind(
        "promptfoo", frozenset({"vars"}),
        lambda item: has(item, "vars") and item.keys() <= _PROMPTFOO, _of_promptfoo
    ),
    LANGFUSE,
    LANGSMITH,
    ExportKind(
        "Phoenix", frozenset({"output"}), lambda item: has(item, "input", "output"), _of_phoenix
    ),
)  # fmt: skip

"""Rows as other tools export them, as the rows that they stand for.

What cannot be carried over is told; what is nobody's export stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from optimizer.core.problems import Problem, warning
from optimizer.datasets.table import FILE

Item = dict[str, Any]
_HUGGING_FACE = {"row_idx", "row", "truncated_cells"}
_PROMPTFOO = {
    "vars", "assert", "description", "options", "metadata", "threshold", "provider", "providers",
}  # fmt: skip
_EXPECTING = re.compile("equals|is-equal|i?contains|similar|factuality")


class Exports:
    """Turns items of one file into plain ones, and knows what it met."""

    def __init__(self) -> None:
        self._met: dict[str, None] = {}
        self._lost: dict[str, None] = {}

    def plain(self, item: Item) -> Item:
        """The row that an item of a known export stands for; any other item as it is."""
        for name, is_one, read in _KNOWN:
            if is_one(item):
                self._met[name] = None
                row, lost = read(item)
                self._lost |= dict.fromkeys(lost)
                return row
        return item

    def notes(self) -> list[Problem]:
        told = [warning("note.export", FILE, name=name) for name in self._met]
        if self._lost:
            told.append(warning("note.export_lost", FILE, parts=tuple(self._lost)))
        return told


def _of_hugging_face(item: Item) -> tuple[Item, Iterable[str]]:
    return item["row"], ["truncated_cells"] if item.get("truncated_cells") else []


def _is_chat(item: Item) -> bool:
    turns = item.get("messages")
    return bool(turns) and isinstance(turns, list) and all(map(_is_turn, turns))


def _is_turn(turn: Any) -> bool:
    return isinstance(turn, dict) and isinstance(turn.get("role"), str) and "content" in turn


def _of_chat(item: Item) -> tuple[Item, Iterable[str]]:
    """The last answer is what is expected; what stands before it is the input."""
    turns = item["messages"]
    answer = turns[-1]["content"] if turns[-1]["role"] == "assistant" else None
    before = turns[:-1] if turns[-1]["role"] == "assistant" else turns
    system = [turn["content"] for turn in before if turn["role"] in ("system", "developer")]
    said = [turn for turn in before if turn["role"] not in ("system", "developer")]
    row = {"system": _joined(system)} if system else {}
    row["input"] = said[0]["content"] if len(said) == 1 else _transcript(said)
    row["output"] = answer
    lost = {part for turn in turns for part in turn if part not in ("role", "content")}
    return row | {key: item[key] for key in item if key != "messages"}, sorted(lost)


def _joined(texts: list[Any]) -> Any:
    return texts[0] if len(texts) == 1 else "\n\n".join(map(str, texts))


def _transcript(turns: list[Item]) -> str:
    return "\n".join(f"{turn['role']}: {turn['content']}" for turn in turns)


def _of_label_studio(item: Item) -> tuple[Item, Iterable[str]]:
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


def _of_promptfoo(item: Item) -> tuple[Item, Iterable[str]]:
    asserted = [one for one in item.get("assert") or [] if isinstance(one, dict)]
    row = dict(item["vars"])
    expecting = [
        one for one in asserted if _EXPECTING.fullmatch(str(one.get("type"))) and "value" in one
    ]
    if expecting:
        row["expected"] = expecting[0]["value"]
    others = [one for one in asserted if not expecting or one is not expecting[0]]
    lost = [f"assert {one.get('type')}" for one in others]
    return row, [*lost, *(key for key in item if key not in ("vars", "assert", "description"))]


_Reader = Callable[[Item], tuple[Item, Iterable[str]]]
_KNOWN: tuple[tuple[str, Callable[[Item], bool], _Reader], ...] = (
    (
        "Hugging Face",
        lambda item: isinstance(item.get("row"), dict) and item.keys() <= _HUGGING_FACE,
        _of_hugging_face,
    ),
    ("OpenAI chat fine-tuning", _is_chat, _of_chat),
    (
        "Label Studio",
        lambda item: (
            isinstance(item.get("data"), dict) and isinstance(item.get("annotations"), list)
        ),
        _of_label_studio,
    ),
    (
        "promptfoo",
        lambda item: isinstance(item.get("vars"), dict) and item.keys() <= _PROMPTFOO,
        _of_promptfoo,
    ),
)

"""A dataset file as examples in splits: the program's inputs, and the rest as expected."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, Value
from optimizer.core.programs.storable import is_storable, storable
from optimizer.core.programs.values import UnreadableValue

SHARES = {"train": 40, "validation": 40, "test": 20}
_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("validation", "valid", "val", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "holdout"), "test"),
}


class UnreadableDataset(ValueError):
    """A dataset file that cannot be used; the message names the line."""


@dataclass(frozen=True)
class Splits:
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]

    @property
    def sizes(self) -> tuple[int, int, int]:
        return len(self.train), len(self.validation), len(self.test)


Row = tuple[int, dict[str, Any]]
"""Line number from 1, and the row."""


def read_splits(path: Path, program: Program, seed: int) -> Splits:
    """Read JSONL, a JSON list or CSV. A column `split` deals the rows out; without one, the seed
    does: 40 % train, 40 % validation, 20 % test, equal inputs always together.

    Raises:
        UnreadableDataset: the file, a row or a value cannot be used.
    """
    rows = list(_rows(path))
    if not rows:
        raise UnreadableDataset(f"{path.name} has no rows.")
    inputs = {field.name: field for field in program.inputs}
    examples = [_example(line, row, inputs) for line, row in rows]
    if "split" in rows[0][1] and "split" not in inputs:
        named = [_split_of(line, row) for line, row in rows]
    else:
        named = _dealt(examples, seed)
    by_split = {
        split: tuple(e for e, own in zip(examples, named, strict=True) if own == split)
        for split in SHARES
    }
    return Splits(**by_split)


def _rows(path: Path) -> Iterator[Row]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableDataset(f"{path} cannot be read: {_reason(error)}.") from error
    if path.suffix.lower() == ".csv":
        yield from _csv_rows(path, text)
    elif text.lstrip().startswith("["):
        yield from enumerate(_objects(json_of(path, 1, text)), 1)
    else:
        for line, content in enumerate(_lines(text), 1):
            if content.strip():
                yield from ((line, row) for row in _objects([json_of(path, line, content)]))


def _lines(text: str) -> Iterator[str]:
    """Lines end where files end them. `splitlines` would also end one in the middle of a text, at a
    form feed or a separator of Unicode's."""
    return iter(io.StringIO(text, newline=""))


def _csv_rows(path: Path, text: str) -> Iterator[Row]:
    reader = csv.DictReader(_lines(text))
    try:
        for row in reader:
            if None in row or None in row.values():
                raise UnreadableDataset(
                    f"{path.name}, line {reader.line_num}: the row is not as wide as the header."
                )
            yield reader.line_num, row
    except csv.Error as error:
        raise UnreadableDataset(f"{path.name}, line {reader.line_num}: {error}.") from error


def json_of(path: Path, line: int, text: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise UnreadableDataset(f"{path.name}, line {line}: this is no JSON: {error}.") from error
    except ValueError as error:
        raise UnreadableDataset(
            f"{path.name}, line {line}: a whole number has thousands of digits."
        ) from error


def _objects(found: Any) -> Iterator[dict[str, Any]]:
    for row in found:
        if not isinstance(row, dict):
            raise UnreadableDataset("Every row must be a JSON object of columns and values.")
        yield row


def _example(line: int, row: dict[str, Any], inputs: dict[str, Field]) -> Example:
    missing = [name for name in inputs if name not in row]
    if missing:
        raise UnreadableDataset(
            f"Line {line} has no “{missing[0]}”, which the program takes as input; its columns are "
            f"{', '.join(row) or 'none'}."
        )
    for name, value in row.items():
        _check_storable(line, name, value)
    values: dict[str, Value] = {}
    for name, field in inputs.items():
        try:
            values[name] = field.read(row[name])
        except UnreadableValue as error:
            raise UnreadableDataset(f"Line {line}: {error}.") from None
    expected = {
        name: _expected(line, name, value)
        for name, value in row.items()
        if name not in inputs and name not in ("split", "id")
    }
    return Example(str(line), values, expected)


def _check_storable(line: int, name: str, value: Any) -> None:
    texts = value if isinstance(value, list) else [value]
    if not all(is_storable(text) for text in (name, *texts) if isinstance(text, str)):
        raise UnreadableDataset(
            f"Line {line}: “{storable(name)}” holds a character that cannot be stored (\\u0000 or "
            "a half pair)."
        )
    if isinstance(value, float) and not isfinite(value):
        raise UnreadableDataset(f"Line {line}: “{name}” is not a finite number.")


def _expected(line: int, name: str, value: Any) -> Value:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return list(value)
    raise UnreadableDataset(
        f"Line {line}: “{name}” must be a text, a number, true, false or a list of texts."
    )


def _split_of(line: int, row: dict[str, Any]) -> str:
    split = _NAMES.get(str(row.get("split", "")).strip().lower())
    if split is None:
        raise UnreadableDataset(
            f"Line {line}: “{row.get('split')}” is no split; use train, validation or test."
        )
    return split


def _dealt(examples: list[Example], seed: int) -> list[str]:
    groups: dict[str, list[int]] = {}
    for number, example in enumerate(examples):
        groups.setdefault(json.dumps(example.inputs, sort_keys=True), []).append(number)
    order = list(groups.values())
    random.Random(f"{seed}:split").shuffle(order)
    dealt: dict[str, int] = dict.fromkeys(SHARES, 0)
    named = [""] * len(examples)
    for group in order:
        after = sum(dealt.values()) + len(group)
        split = max(SHARES, key=lambda s: SHARES[s] / 100 * after - dealt[s])
        dealt[split] += len(group)
        for number in group:
            named[number] = split
    return named


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return getattr(error, "strerror", None) or str(error)

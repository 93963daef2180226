"""Rows of a file made into those of a dataset, as lines for COPY.

Of many rows it is done in a process of its own, which takes none of the pages' time and memory. Run
as: python -m promptlab.datasets.making ROWS OUT PARENT < ORDER.
"""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TextIO

from optimizer.core.problems import Problem, Refused, refuse
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import Field, FieldType
from optimizer.datasets.columns import Role, Use
from optimizer.datasets.mapping import Mapping, RowFilter, RowReader
from optimizer.datasets.splitting import Repeats, Split, SplitPlan
from optimizer.datasets.surveying import Rows, Survey, survey
from optimizer.datasets.table import FILE, MAX_PROBLEMS, Row
from promptlab.datasets.copy_lines import Written, line_of, written_out
from promptlab.datasets.sandboxed_reader import CHECKOUT, Limits, bound, end_with, stored_rows

log = logging.getLogger(__name__)

MANY = 5000
"""Rows from which on another process makes them."""
SECONDS = 120
_HERE = "promptlab.datasets.making"
_REFUSED = "refused"


@dataclass(frozen=True)
class Made:
    """What was made of the rows; `digest`: SHA-256 (hex) of all of them in order."""

    survey: Survey
    digest: str


def make(rows: Rows, names: Sequence[str], mapping: Mapping, dataset: int, out: TextIO) -> Made:
    """Write the rows of a dataset's first version as lines for COPY.

    Raises:
        Refused: the mapping does not make examples of such columns.
    """
    refuse(mapping.problems(names))
    reader = RowReader(names, mapping)
    held: list[tuple[str, Written]] = []

    def keep(example: Example, row: Row) -> None:
        values = written_out(example.inputs, example.expected, reader.metadata_of(row))
        held.append((example.id, values))

    found = survey(rows, names, mapping, keep)
    digest, position = hashlib.sha256(), 0
    for (key, values), split in zip(held, found.splits, strict=True):
        if split is None:
            continue
        position += 1
        own = values.digest(split)
        digest.update(own)
        out.write(line_of(dataset, 1, position, key, split, values, own))
    return Made(found, digest.hexdigest())


def make_apart(rows: Path, names: Sequence[str], mapping: Mapping, dataset: int, out: Path) -> Made:
    """The same in a process of its own, of the rows in a file that a reader left; of the problems,
    MAX_PROBLEMS are told.

    Raises:
        Refused: the mapping does not make examples of such columns, or only with too much memory.
    """
    from optimizer.codec import from_json  # pydantic, which the child does not need

    order = json.dumps({"names": list(names), "mapping": asdict(mapping), "dataset": dataset})
    try:
        done = subprocess.run(
            [sys.executable, "-m", _HERE, str(rows), str(out), str(os.getpid())],
            cwd=CHECKOUT, input=order, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Refused.because("table.slow", FILE, seconds=SECONDS) from None
    if done.returncode != 0:
        log.error("Making rows of %s ended with %s: %s", rows, done.returncode, done.stderr[-2000:])
        raise Refused.because("table.much", FILE)
    answer = json.loads(done.stdout)
    if _REFUSED in answer:
        raise Refused(*from_json(tuple[Problem, ...], answer[_REFUSED]))
    made: Made = from_json(Made, answer)
    return made


def _child(rows: str, out: str, parent: str) -> None:
    bound(Limits(rows=2 * Limits().rows, processor_seconds=SECONDS))
    end_with(int(parent))
    gc.disable()  # it ends before there is any garbage that counts
    told = json.load(sys.stdin)
    answer: dict[str, Any]
    try:
        with Path(out).open("w", encoding="utf-8") as lines:
            made = make(
                lambda: stored_rows(Path(rows)), told["names"], _mapping(told["mapping"]),
                told["dataset"], lines,
            )  # fmt: skip
        answer = _told(made)
    except Refused as refusal:
        answer = {_REFUSED: [asdict(wrong) for wrong in refusal.problems]}
    json.dump(answer, sys.stdout)


def _told(made: Made) -> dict[str, Any]:
    """As JSON, without what is as long as the file."""
    found = made.survey
    short = replace(found, splits=(), problems=found.problems[:MAX_PROBLEMS], labels={})
    answer = asdict(replace(made, survey=short))
    answer["survey"]["labels"] = found.labels  # which asdict would count
    return answer


def _mapping(told: dict[str, Any]) -> Mapping:
    plan, only = told["plan"], told["only"]
    names = tuple((name, Split(split)) for name, split in plan["names"])
    made = SplitPlan(**{**plan, "names": names, "repeats": Repeats(plan["repeats"])})
    return Mapping(tuple(map(_use, told["uses"])), made, RowFilter(**only) if only else None)


def _use(told: dict[str, Any]) -> Use:
    return Use(**{**told, "role": Role(told["role"]), **_shape(told)})


def _field(told: dict[str, Any]) -> Field:
    return Field(**{**told, **_shape(told)})


def _shape(told: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": FieldType(told["type"]), "items": FieldType(told["items"]),
        "choices": tuple(told["choices"]), "fields": tuple(map(_field, told["fields"])),
    }  # fmt: skip


if __name__ == "__main__":
    _child(*sys.argv[1:])

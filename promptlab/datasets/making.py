"""Rows of a file made into those of a dataset, as lines for COPY: first what is to be known of all
of them, then the lines, while Postgres takes them already.

Of many rows it is done in a process of its own, which takes none of the pages' time and memory. Run
as: python -m promptlab.datasets.making ROWS PARENT < ORDER. It answers with a line of JSON, then
with chunks of lines, each after a line with its length; behind a chunk of none stands the digest.
"""

from __future__ import annotations

import gc
import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from threading import Timer
from typing import IO, Any, BinaryIO

from optimizer.core.problems import Problem, Refused
from optimizer.core.programs.signature import Field, FieldType
from optimizer.datasets.blocks import StoredRows
from optimizer.datasets.columns import Role, Use
from optimizer.datasets.json_texts import filled_texts, object_texts
from optimizer.datasets.mapping import Mapping, RowFilter, Usable
from optimizer.datasets.splitting import Repeats, Split, SplitPlan
from optimizer.datasets.surveying import Rows, Survey, survey
from optimizer.datasets.table import FILE, MAX_PROBLEMS
from promptlab.datasets.copy_lines import digest_of, escaped
from promptlab.datasets.sandboxed_reader import CHECKOUT, Limits, bound, end_with

log = logging.getLogger(__name__)

MANY = 5000
"""Rows from which on another process makes them."""
SECONDS = 120
_HERE = "promptlab.datasets.making"
_REFUSED = "refused"


@dataclass(frozen=True)
class _Held:
    """Rows of a block as JSON: their keys and the parts of each."""

    keys: Sequence[int]
    inputs: list[str]
    expected: list[str]
    metadata: list[str]


class Making:
    """The rows of a dataset's first version in the making.

    `digest`: SHA-256 (hex) of all of them in order, known when all lines were taken.

    Raises:
        Refused: the mapping does not make examples of such columns.
    """

    def __init__(self, rows: Rows, names: Sequence[str], mapping: Mapping, dataset: int) -> None:
        self._held: list[_Held] = []
        self._dataset = dataset
        self.survey = survey(rows, names, mapping, self._keep)
        self.digest = ""

    def _keep(self, rows: Usable, inputs: list[str]) -> None:
        expected = object_texts(rows.expected, len(rows))
        metadata = filled_texts(rows.metadata, len(rows))
        self._held.append(_Held(rows.rows.places, inputs, expected, metadata))

    def chunks(self) -> Iterator[bytes]:
        """Lines for COPY, many in a chunk."""
        digest, position, splits = hashlib.sha256(), 0, iter(self.survey.splits)
        for held in self._held:
            lines = []
            kept = islice(splits, len(held.keys))
            rows = zip(kept, held.keys, held.inputs, held.expected, held.metadata, strict=True)
            for split, key, inputs, expected, metadata in rows:
                if split is None:
                    continue
                position += 1
                own = digest_of(split, inputs, expected, metadata)
                digest.update(own)
                lines.append(
                    f"{self._dataset}\t1\t{position}\t{key}\t{split}\t{inputs}\t{expected}\t"
                    f"{metadata}\t\\x{own.hex()}\n"
                )
            yield escaped("".join(lines)).encode()
        self.digest = digest.hexdigest()


class MakingApart:
    """The same as a process of its own tells it; of the problems, MAX_PROBLEMS are told.

    Raises:
        Refused: the mapping does not make examples of such columns.
        _Stopped: the process has ended before it was done.
    """

    def __init__(self, told: IO[bytes]) -> None:
        from optimizer.codec import from_json  # pydantic, which the child does not need

        answer = json.loads(told.readline() or _stopped())
        if _REFUSED in answer:
            raise Refused(*from_json(tuple[Problem, ...], answer[_REFUSED]))
        self.survey: Survey = from_json(Survey, answer)
        self.digest = ""
        self._told = told

    def chunks(self) -> Iterator[bytes]:
        while size := int(self._told.readline() or _stopped()):
            chunk = self._told.read(size)
            if len(chunk) != size:
                _stopped()
            yield chunk
        self.digest = self._told.readline().decode()


class _Stopped(Exception):
    """A process that makes rows took more than it may."""


def _stopped() -> bytes:
    raise _Stopped


@contextmanager
def making_apart(
    rows: Path, names: Sequence[str], mapping: Mapping, dataset: int
) -> Iterator[MakingApart]:
    """Make the rows in a file that a reader left, as long as this lasts.

    Raises:
        Refused: the mapping does not make examples of such columns, or only with too much memory
            or time.
    """
    order = json.dumps({"names": list(names), "mapping": asdict(mapping), "dataset": dataset})
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as wrong:
        given.write(order.encode())
        given.seek(0)
        with subprocess.Popen(
            [sys.executable, "-m", _HERE, str(rows), str(os.getpid())],
            cwd=CHECKOUT, stdin=given, stdout=subprocess.PIPE, stderr=wrong,
        ) as child:  # fmt: skip
            assert child.stdout is not None
            limit = Timer(SECONDS, child.kill)
            limit.start()
            try:
                yield MakingApart(child.stdout)
            except _Stopped:
                slow = limit.finished.is_set()
                told = {"seconds": SECONDS} if slow else {}
                raise Refused.because(f"table.{'slow' if slow else 'much'}", FILE, **told) from None
            finally:
                limit.cancel()
                child.kill()  # it has ended by itself, or nobody waits for the rest
                _log(rows, wrong)


def _log(rows: Path, wrong: IO[bytes]) -> None:
    wrong.seek(0)
    said = wrong.read(2000).decode(errors="replace")
    if said:
        log.error("Making rows of %s said: %s", rows, said)


def _child(rows: str, parent: str) -> None:
    bound(replace(Limits(), processor_seconds=SECONDS))
    end_with(int(parent))
    gc.disable()  # it ends before there is any garbage that counts
    told = json.load(sys.stdin)
    out = sys.stdout.buffer
    try:
        made = Making(
            lambda: StoredRows(Path(rows)), told["names"], _mapping(told["mapping"]),
            told["dataset"],
        )  # fmt: skip
    except Refused as refusal:
        _say(out, {_REFUSED: [asdict(wrong) for wrong in refusal.problems]})
        return
    _say(out, _told(made.survey))
    for chunk in filter(None, made.chunks()):
        out.write(b"%d\n" % len(chunk))
        out.write(chunk)
        out.flush()
    out.write(b"0\n" + made.digest.encode())


def _say(out: BinaryIO, answer: dict[str, Any]) -> None:
    out.write(json.dumps(answer).encode() + b"\n")
    out.flush()


def _told(found: Survey) -> dict[str, Any]:
    """As JSON, without what is as long as the file."""
    short = replace(found, splits=(), problems=found.problems[:MAX_PROBLEMS], labels={})
    return {**asdict(short), "labels": found.labels}  # which asdict would count


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

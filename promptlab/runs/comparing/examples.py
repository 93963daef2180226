"""Frozen examples of a run, and what was said about them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db import connection

from optimizer.codec import from_json
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import written
from optimizer.models import Outcome as OutcomeRow
from promptlab.programs.tryouts import ShownCall, shown_call
from promptlab.ui.parameters import may_be_kept


def examples_in(digest: str, ids: Sequence[str]) -> dict[str, Example]:
    """The examples with these ids from a frozen set. Postgres picks them: a set may be large."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT found.example
            FROM optimizer_exampleset frozen,
                 jsonb_array_elements(frozen.examples) AS found (example)
            WHERE frozen.digest = %s AND found.example ->> 'id' = ANY(%s)
            """,
            [digest, [one for one in ids if may_be_kept(one)]],
        )
        rows = [json.loads(row[0]) for row in cursor.fetchall()]
    return {row["id"]: from_json(Example, row) for row in rows}


def first_examples(digest: str, most: int) -> list[Example]:
    """The first examples of a frozen set."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT found.example
            FROM optimizer_exampleset frozen,
                 jsonb_array_elements(frozen.examples) AS found (example)
            WHERE frozen.digest = %s LIMIT %s
            """,
            [digest, most],
        )
        return [from_json(Example, json.loads(row[0])) for row in cursor.fetchall()]


def outcome_on(exchanges: Sequence[int], example: str) -> Outcome | None:
    """The whole outcome with its trace, from the last of these exchanges that has it."""
    if not may_be_kept(example):
        return None
    row = (
        OutcomeRow.objects.filter(exchange__in=exchanges, example=example)
        .order_by("-exchange")
        .first()
    )
    return None if row is None else from_json(Outcome, row.data)


def transcript(
    program: Program, candidate: Candidate, example: Example, outcome: Outcome, namespace: str
) -> list[ShownCall]:
    """Every call of an outcome, its messages written again as they were said."""
    return [
        shown_call(program, candidate, trace, example.inputs, namespace) for trace in outcome.trace
    ]


def inputs_line(example: Example | None, most: int = 160) -> str:
    """An example's inputs in one line of a table."""
    if example is None:
        return "–"
    values = [written(v) for v in example.inputs.values()]
    names = list(example.inputs)
    text = values[0] if len(values) == 1 else "; ".join(
        f"{n}: {v}" for n, v in zip(names, values, strict=True)
    )  # fmt: skip
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"

"""Outcomes as rows: written the moment they are known, in bulk, and read back for a replay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from optimizer import codec, models
from optimizer.core.evaluation.outcome import Outcome


@dataclass(frozen=True)
class Scored:
    """An outcome at its position in an exchange."""

    exchange: int
    position: int
    outcome: Outcome


def insert(cursor: psycopg.Cursor[Any], scored: Sequence[Scored]) -> None:
    """Write outcomes; one that is there already stays as it is."""
    if not scored:
        return
    columns = zip(*(_columns(entry) for entry in scored), strict=True)
    cursor.execute(_INSERT, [list(column) for column in columns])


def of_exchange(exchange: int) -> dict[int, Outcome]:
    """What is known of an exchange, by position."""
    rows = models.Outcome.objects.filter(exchange=exchange).values_list("position", "data")
    return {position: codec.from_json(Outcome, data) for position, data in rows}


def _columns(entry: Scored) -> tuple[Any, ...]:
    outcome = entry.outcome
    value = outcome.score.value if outcome.score is not None else None
    data = codec.adapter(Outcome).dump_json(outcome).decode()
    return entry.exchange, entry.position, outcome.example_id, value, outcome.error, data


_INSERT = """
    INSERT INTO optimizer_outcome (exchange_id, position, example, score, error, data, at)
    SELECT v.exchange, v.position, v.example, v.score, v.error, v.data::jsonb, now()
    FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::float8[], %s::text[], %s::text[])
         AS v(exchange, position, example, score, error, data)
    ON CONFLICT (exchange_id, position) DO NOTHING"""

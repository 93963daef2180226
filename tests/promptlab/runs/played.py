"""Runs that were played before are written down again: their rows are the same but for their ids
and times, and a play takes a thousand statements.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models
from django.utils import timezone

from optimizer.core.conversation.spec import ModelRef, RunSpec
from optimizer.models import Candidate, Exchange, Outcome, Run, RunEvent, Trial
from optimizer.running import snapshots

Rows = type[models.Model]

OF_RUN = "run_id = %s"
ROWS: dict[Rows, str] = {
    Candidate: OF_RUN,
    Exchange: OF_RUN,
    Trial: OF_RUN,
    RunEvent: OF_RUN,
    Outcome: "exchange_id IN (SELECT id FROM optimizer_exchange WHERE run_id = %s)",
}
"""What a run has beside its own row, those first that others name."""


@dataclass(frozen=True)
class Played:
    """What a play wrote: the columns of the run that it changed, and rows as JSON."""

    run: int
    at: datetime
    columns: dict[str, Any]
    rows: dict[Rows, str]


PLAYED: dict[object, Played] = {}


def once(run: Run, key: object, play: Callable[[], None]) -> None:
    """Have the run played, or write it down as the one of that key was, as if just now."""
    if key in PLAYED:
        _write_again(PLAYED[key], run)
        return
    before = _columns(run)
    play()
    now = _columns(Run.objects.get(pk=run.pk))
    changed = {name: value for name, value in now.items() if value != before[name]}
    rows = {model: _read(model, run) for model in ROWS}
    PLAYED[key] = Played(run.pk, timezone.now(), changed, rows)


def alike(spec: RunSpec) -> str:
    """The same for specs whose runs differ in their project and their provider only."""

    def anywhere(ref: ModelRef) -> ModelRef:
        return replace(ref, provider=0)

    models = {role: anywhere(ref) for role, ref in spec.models.items()}
    further = tuple(map(anywhere, spec.further_optimizers))
    return snapshots.digest(replace(spec, namespace="", models=models, further_optimizers=further))


def _columns(run: Run) -> dict[str, Any]:
    return {field.attname: getattr(run, field.attname) for field in run._meta.concrete_fields}


def _read(model: Rows, run: Run) -> str:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT json_agg(t)::text FROM {table} t WHERE {ROWS[model]}", [run.pk])
        found: str | None = cursor.fetchone()[0]
    return found or "[]"


def _write_again(played: Played, run: Run) -> None:
    age = timezone.now() - played.at
    shifts: dict[Rows, int] = {Run: run.pk - played.run}
    for model, rows in played.rows.items():
        shifts[model] = _room_for(model, rows)
        _write(model, rows, shifts, age)
    columns = {}
    for name, value in played.columns.items():
        move = _move_of(Run._meta.get_field(name), shifts, age)
        columns[name] = value + move if value and move else value
    Run.objects.filter(pk=run.pk).update(**columns)


def _room_for(model: Rows, rows: str) -> int:
    """How far ids have to move to become new ones, which nobody will get."""
    ids = [row["id"] for row in json.loads(rows)] or [0]
    reserved = "SELECT setval(name, nextval(name) + %s) FROM pg_get_serial_sequence(%s, 'id') name"
    with connection.cursor() as cursor:
        cursor.execute(reserved, [max(ids) - min(ids), model._meta.db_table])
        last: int = cursor.fetchone()[0]
    return last - max(ids)


def _write(model: Rows, rows: str, shifts: dict[Rows, int], age: timedelta) -> None:
    table, fields = model._meta.db_table, model._meta.concrete_fields
    names = [connection.ops.quote_name(field.column) for field in fields]
    moves = [_move_of(field, shifts, age) for field in fields]
    read = [f"{n} + %s" if move else n for n, move in zip(names, moves, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(read)} "
            f"FROM json_populate_recordset(NULL::{table}, %s)",
            [*filter(None, moves), rows],
        )


def _move_of(field: Any, shifts: dict[Rows, int], age: timedelta) -> int | timedelta | None:
    """What is added to a column, None where it stays."""
    if isinstance(field, models.DateTimeField):
        return age
    return shifts.get(field.model if field.primary_key else field.related_model)

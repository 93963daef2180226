"""Who may act for a run: one owner at a time, known to be gone the moment its process dies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import psycopg
from django.db import connections

Kind = Literal["run", "tryout", "measurement"]
_LOCK_CLASS: dict[Kind, int] = {"run": 7201, "tryout": 7202, "measurement": 7203}


class TakenByAnother(Exception):
    """Another worker holds this run."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(f"{owner.kind} {owner.ref} is held by another worker")


class Superseded(Exception):
    """A newer epoch owns the run: this one may write nothing more."""


@dataclass(frozen=True)
class Owner:
    """Who reserves calls, in `namespace`: a run in one epoch, a tryout, a measurement."""

    kind: Kind
    ref: int
    epoch: int = 0
    namespace: str = ""

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.ref}:{self.epoch}"

    @property
    def run(self) -> int | None:
        """The run that its calls belong to."""
        return self.ref if self.kind == "run" else None

    @classmethod
    def named(cls, name: str) -> Owner:
        said, ref, epoch = name.split(":")
        return cls(next(kind for kind in _LOCK_CLASS if kind == said), int(ref), int(epoch))

    def lock(self, connection: psycopg.Connection[Any]) -> None:
        """Hold this owner's lock as long as the connection lives.

        Raises:
            TakenByAnother: some other connection holds it.
        """
        row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", self._lock).fetchone()
        if row is None or not row[0]:
            raise TakenByAnother(self)

    def alive(self, cursor: psycopg.Cursor[Any]) -> bool:
        """Whether somebody holds the lock; if nobody, it is ours until the transaction ends."""
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", self._lock)
        row = cursor.fetchone()
        return row is None or not row[0]

    @property
    def _lock(self) -> tuple[int, int]:
        return _LOCK_CLASS[self.kind], self.ref


def connect() -> psycopg.Connection[Any]:
    """A connection of our own, outside Django's: a lock must not be handed to the next request."""
    settings = connections["default"].settings_dict
    return psycopg.connect(
        dbname=settings["NAME"],
        user=settings["USER"] or None,
        password=settings["PASSWORD"] or None,
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
        connect_timeout=5,
        keepalives_idle=10,
        keepalives_interval=5,
        keepalives_count=3,
        application_name="promptlab run",
    )


def take(owner: Owner) -> psycopg.Connection[Any]:
    """A connection that holds the owner's lock as long as it lives.

    Raises:
        TakenByAnother: some other connection holds it.
    """
    connection = connect()
    try:
        owner.lock(connection)
        connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection

"""Who may act for a run: one owner at a time, as long as it is heard.

Ownership is a lease. Whoever takes a row begins its next epoch and says every second that it lives
(`heard_at`, by the database's clock). Silence is all that counts: a worker that was killed, is
frozen or cannot reach the database has lost the row `LEASE_SECONDS` later to whoever takes it next,
and only the newest epoch may write.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from django import db
from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

GONE = (
    db.OperationalError, db.InterfaceError, db.InternalError,
    psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError,
)  # fmt: skip
"""The database is away; its other errors are about what was to be stored, and would come again."""


class Superseded(Exception):
    """A newer epoch owns the run: this one may write nothing more."""


@dataclass(frozen=True)
class Owner:
    """Who reserves calls, in `namespace`: a run in one epoch."""

    run: int
    epoch: int = 0
    namespace: str = ""

    @property
    def name(self) -> str:
        return f"run:{self.run}:{self.epoch}"

    @classmethod
    def named(cls, name: str) -> Owner:
        _said, run, epoch = name.split(":")
        return cls(int(run), int(epoch))

    def alive(self, cursor: psycopg.Cursor[Any]) -> bool:
        """Whether it is the newest owner and was heard within the lease."""
        cursor.execute(
            "SELECT 1 FROM optimizer_run WHERE id = %(id)s AND epoch = %(epoch)s AND heard_at "
            "BETWEEN now() - make_interval(secs => %(lease)s) "
            "AND now() + make_interval(secs => %(lease)s)",
            {"id": self.run, "epoch": self.epoch, "lease": settings.LEASE_SECONDS},
        )
        return cursor.fetchone() is not None


def owned() -> Q:
    """Rows whose owner was heard within the lease; the others are anybody's to take.

    A time to come is as old as one that is over: a clock that was set back keeps no row.
    """
    lease = timedelta(seconds=settings.LEASE_SECONDS)
    return Q(heard_at__range=(Now() - lease, Now() + lease))


def take(rows: QuerySet[Any], **changes: object) -> bool:
    """Become the newest owner of the one row in `rows`, unless it has one; `changes` go with it."""
    return rows.filter(~owned()).update(epoch=F("epoch") + 1, heard_at=Now(), **changes) == 1


def connect() -> psycopg.Connection[Any]:
    """A connection of our own, outside Django's, that does not wait for a lost machine."""
    given = connections["default"].settings_dict
    connection: psycopg.Connection[Any] = psycopg.connect(
        dbname=given["NAME"],
        user=given["USER"] or None,
        password=given["PASSWORD"] or None,
        host=given["HOST"] or None,
        port=given["PORT"] or None,
        connect_timeout=5,
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        tcp_user_timeout=1000 * settings.LEASE_SECONDS,
        application_name="promptlab run",
    )
    connection.execute(_BOUNDS, _bounds(lock_timeout=settings.LEASE_SECONDS / 4))
    connection.commit()
    return connection


def bound(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Have the database end this session when it stands still within a transaction.

    For processes that own rows: one that is frozen there would keep a run locked, whoever wants to
    take it, and everybody waiting who counts in the same month. Receives Django's
    `connection_created`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BOUNDS, _bounds())


_BOUNDS = """
    SELECT set_config(name, value, false) FROM (VALUES
        ('idle_in_transaction_session_timeout', %(idle)s), ('lock_timeout', %(lock)s),
        ('tcp_keepalives_idle', '5'), ('tcp_keepalives_interval', '2'),
        ('tcp_keepalives_count', '3'), ('tcp_user_timeout', %(lost)s)) AS bounds(name, value)"""


def _bounds(lock_timeout: float = 0) -> dict[str, str]:
    """In milliseconds. Half a lease, so that whoever has waited for such a session is heard again
    in time; a quarter for a lock, so that a writer can beat between its tries.
    """
    seconds = {"idle": settings.LEASE_SECONDS / 2, "lost": settings.LEASE_SECONDS}
    seconds["lock"] = lock_timeout
    return {name: str(round(1000 * value)) for name, value in seconds.items()}


_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def clock() -> float:
    """Seconds by a clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(_CLOCK)

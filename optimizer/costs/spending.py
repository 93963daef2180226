"""What a namespace and the whole installation take in a calendar month (UTC), and their caps.

Calls are counted by the ledger (`optimizer/lm/months.py`); here they are read, and caps are set.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from django.db import OperationalError, connection, transaction
from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncMonth
from django.utils import timezone
from psycopg.errors import LockNotAvailable

from optimizer.core.problems import Conflict, Refused, problem
from optimizer.costs.money import dollars
from optimizer.models import Completion, Spending, SpendingCap

INSTALLATION = "*"
"""The scope of all namespaces together."""
LOCK = 7210
"""An advisory lock: every transaction that counts calls shares it, who sets a cap has it alone."""
PAID = (Completion.State.SETTLED, Completion.State.DOUBT)
"""States of calls that count."""
PATIENCE_MS = 3000
STILL_MS = 3000


@dataclass(frozen=True)
class Caps:
    """The most of a calendar month: calls, and micro-USD. None = no cap."""

    calls: int | None = None
    cost: int | None = None

    def __str__(self) -> str:
        calls = "" if self.calls is None else f"{self.calls:,} calls"
        cost = "" if self.cost is None else dollars(self.cost)
        return ", ".join(filter(None, (calls, cost))) or "no cap"

    @property
    def any(self) -> bool:
        return self.calls is not None or self.cost is not None


@dataclass(frozen=True)
class Standing:
    """One month of a scope: what is spent, what is held for calls in flight, and the caps. Money is
    micro-USD; the cost of `unpriced` calls was not known, and is missing in it.
    """

    month: date
    calls: int
    cost: int
    held_calls: int
    held_cost: int
    caps: Caps = Caps()
    unpriced: int = 0

    @property
    def calls_left(self) -> int | None:
        """What may still be reserved; None without a cap."""
        return _left(self.caps.calls, self.calls + self.held_calls)

    @property
    def cost_left(self) -> int | None:
        return _left(self.caps.cost, self.cost + self.held_cost)


def this_month() -> date:
    return timezone.now().date().replace(day=1)


def caps_of(scope: str) -> Caps:
    row = SpendingCap.objects.filter(scope=scope).values_list("max_calls", "max_cost").first()
    return Caps(*row) if row else Caps()


def standing(scope: str) -> Standing:
    """This month of a namespace, or of the INSTALLATION."""
    month = this_month()
    sums = _rows(scope).filter(month=month).aggregate(**_SUMS)
    missing = unpriced_by_month(scope).get(month, 0)
    return Standing(**sums, month=month, caps=caps_of(scope), unpriced=missing)


def months_of(scope: str, most: int = 12) -> list[Standing]:
    """The latest months in which something was spent, newest first; without their caps."""
    rows = _rows(scope).values("month").order_by("-month").annotate(**_SUMS)
    missing = unpriced_by_month(scope)
    return [
        replace(Standing(*row), unpriced=missing.get(row[0], 0))
        for row in rows.values_list("month", *_SUMS)[:most]
    ]


def unpriced_by_month(scope: str) -> dict[date, int]:
    """How many calls were made whose price was not known, by the month of their reservation."""
    calls = Completion.objects.filter(priced=False, state__in=PAID)
    if scope != INSTALLATION:
        calls = calls.filter(namespace=scope)
    by_month = calls.annotate(month=TruncMonth("reserved_at", tzinfo=UTC)).values("month")
    found = by_month.order_by().annotate(n=Count("pk")).values_list("month", "n")
    return {month.date(): n for month, n in found}


def namespaces_this_month() -> dict[str, Standing]:
    """What each namespace spent this month, the most first, with its caps."""
    month = this_month()
    rows = Spending.objects.filter(month=month).values("namespace").annotate(**_SUMS)
    caps = {row.scope: Caps(row.max_calls, row.max_cost) for row in SpendingCap.objects.all()}
    since = datetime(month.year, month.month, 1, tzinfo=UTC)
    calls = Completion.objects.filter(priced=False, state__in=PAID, reserved_at__gte=since)
    by_namespace = calls.order_by().values("namespace").annotate(n=Count("pk"))
    missing = dict(by_namespace.values_list("namespace", "n"))
    found = {
        namespace: replace(
            Standing(*sums), caps=caps.get(namespace, Caps()), unpriced=missing.get(namespace, 0)
        )
        for namespace, *sums in rows.values_list("namespace", "month", *_SUMS)
    }
    most_first = sorted(found.items(), key=lambda pair: (-pair[1].cost, -pair[1].calls))
    return dict(most_first)


def set_caps(scope: str, caps: Caps) -> None:
    """Set what a namespace or the INSTALLATION may take in each calendar month, this one included.

    A cap below what is spent already is kept, too: nothing more is sent then.

    Raises:
        Refused: a namespace's cap is above the installation's; nothing was changed.
        Conflict: calls were being counted for too long; nothing was changed.
    """
    with _alone():
        if scope != INSTALLATION:
            _must_fit(caps, caps_of(INSTALLATION))
        if not caps.any:
            SpendingCap.objects.filter(scope=scope).delete()
            return
        month = _month_by_the_database()
        rows = _rows(scope).filter(month=month)
        sums = rows.aggregate(**{name: Coalesce(Sum(name), 0) for name in _COLUMNS})
        SpendingCap.objects.update_or_create(
            scope=scope,
            defaults={
                "max_calls": caps.calls, "max_cost": caps.cost, "month": month, **sums,
                "passed_calls": sums["used_calls"] + sums["held_calls"],
                "passed_cost": sums["used_cost"] + sums["held_cost"],
            },
        )  # fmt: skip


def money_cap_above(namespace: str) -> str:
    """The scope whose monthly cap in dollars stands above the runs of a namespace, "" for none."""
    scopes = [INSTALLATION, namespace]
    capped = SpendingCap.objects.filter(scope__in=scopes, max_cost__isnull=False)
    found = set(capped.values_list("scope", flat=True))
    return next((scope for scope in (namespace, INSTALLATION) if scope in found), "")


def whose(scope: str) -> str:
    return "the installation's" if scope == INSTALLATION else "this project's"


_COLUMNS = ("used_calls", "used_cost", "over_cost", "held_calls", "held_cost")
_SUMS = {
    "calls": Coalesce(Sum("used_calls"), 0),
    "cost": Coalesce(Sum(F("used_cost") + F("over_cost")), 0),
    "held_calls": Coalesce(Sum("held_calls"), 0),
    "held_cost": Coalesce(Sum("held_cost"), 0),
}


def _rows(scope: str) -> QuerySet[Spending]:
    every = Spending.objects.all()
    return every if scope == INSTALLATION else every.filter(namespace=scope)


def _left(cap: int | None, taken: int) -> int | None:
    return None if cap is None else max(cap - taken, 0)


def _must_fit(caps: Caps, above: Caps) -> None:
    if caps.cost is not None and above.cost is not None and caps.cost > above.cost:
        raise Refused.because("month.above_installation", "dollars", cap=dollars(above.cost))
    if caps.calls is not None and above.calls is not None and caps.calls > above.calls:
        told = problem("limit.calls", n=above.calls)
        raise Refused.because("month.above_installation", "calls", cap=told)


@contextmanager
def _alone() -> Iterator[None]:
    """A transaction while nobody counts calls; not for longer than somebody waits for a page."""
    with transaction.atomic():
        try:
            with connection.cursor() as cursor:
                # Nobody counts calls while this process stands still.
                cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = {STILL_MS}")
                cursor.execute(f"SET LOCAL lock_timeout = {PATIENCE_MS}")
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise Conflict.because("month.busy") from error
            raise
        yield


def _month_by_the_database() -> date:
    """The month of now, whenever the transaction began: whoever counted before is not ahead."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date")
        month: date = cursor.fetchone()[0]
    return month

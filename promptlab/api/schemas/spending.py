"""What a project spends by months, and its cap."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from ninja import Schema
from pydantic import Field as Bounds

from optimizer.costs.spending import Caps, Standing
from promptlab.api.schemas.base import Body, dollars, example


class CapIn(Body):
    """The most of each calendar month. Left out: as it is. Null: no cap."""

    model_config = example({"dollars": 50, "calls": None})

    calls: int | None = None
    dollars: Annotated[float, Bounds(allow_inf_nan=False)] | None = None


class Amount(Schema):
    calls: int
    dollars: float


class SpentAmount(Amount):
    """`unpriced` of the calls were made before a price was known, and are missing in `dollars`."""

    unpriced: int


class MonthOut(SpentAmount):
    """`month` is its first day."""

    month: date

    @classmethod
    def of(cls, month: Standing) -> MonthOut:
        return cls(
            month=month.month, calls=month.calls, dollars=dollars(month.cost),
            unpriced=month.unpriced,
        )  # fmt: skip


class CapOut(Schema):
    """A monthly cap, and what may still be reserved this month; null where there is no cap."""

    calls: int | None
    dollars: float | None
    calls_left: int | None
    dollars_left: float | None

    @classmethod
    def of(cls, now: Standing) -> CapOut:
        return cls(
            calls=now.caps.calls, dollars=_dollars(now.caps.cost), calls_left=now.calls_left,
            dollars_left=_dollars(now.cost_left),
        )  # fmt: skip


class SpendingOut(Schema):
    """A project's calendar month (UTC) so far. `reserved` is for calls under way, at their upper
    bounds; `installation` is the cap above all projects together; `months` are those before.
    """

    month: date
    spent: SpentAmount
    reserved: Amount
    cap: CapOut
    installation: CapOut
    months: list[MonthOut]

    @classmethod
    def of(cls, now: Standing, above: Standing, months: list[Standing]) -> SpendingOut:
        return cls(
            month=now.month,
            spent=SpentAmount(calls=now.calls, dollars=dollars(now.cost), unpriced=now.unpriced),
            reserved=Amount(calls=now.held_calls, dollars=dollars(now.held_cost)),
            cap=CapOut.of(now),
            installation=CapOut.of(above),
            months=[MonthOut.of(month) for month in months if month.month < now.month],
        )


def merged(cap: CapIn, now: Caps) -> dict[str, float | int | None]:
    """The fields of the page's form: what was left out is as it is now."""
    said = cap.model_fields_set
    return {
        "max_calls": cap.calls if "calls" in said else now.calls,
        "max_cost": cap.dollars if "dollars" in said else _dollars(now.cost),
    }


def _dollars(micro: int | None) -> float | None:
    return None if micro is None else dollars(micro)

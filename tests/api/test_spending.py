"""What a project spends by months, and its cap, as JSON."""

from __future__ import annotations

from datetime import date

from optimizer.costs import spending
from optimizer.costs.spending import INSTALLATION, Caps
from optimizer.models import Spending
from promptlab.accounts.models import Project, User
from tests.api.conftest import HERE, JSON, ApiOf

SPENDING = f"{HERE}/spending"


def test_a_month_is_read_with_what_is_left_of_its_caps(
    project: Project, carol: User, api_of: ApiOf
) -> None:
    now = spending.this_month()
    for month, cost in ((now, 1_500_000), (date(2024, 2, 1), 250_000)):
        Spending.objects.create(
            month=month, namespace=project.namespace, run=3, used_calls=12, used_cost=cost,
            over_cost=500_000, held_calls=1, held_cost=20_000,
        )  # fmt: skip
    spending.set_caps(INSTALLATION, Caps(calls=100))
    spending.set_caps(project.namespace, Caps(cost=5_000_000))
    assert api_of(carol).get(SPENDING).json() == {
        "month": now.isoformat(),
        "spent": {"calls": 12, "dollars": 2.0, "unpriced": 0},
        "reserved": {"calls": 1, "dollars": 0.02},
        "cap": {"calls": None, "dollars": 5.0, "calls_left": None, "dollars_left": 2.98},
        "installation": {"calls": 100, "dollars": None, "calls_left": 87, "dollars_left": None},
        "months": [{"month": "2024-02-01", "calls": 12, "dollars": 0.75, "unpriced": 0}],
    }


def test_what_is_left_out_stays_and_null_is_no_cap(
    project: Project, alice: User, api_of: ApiOf
) -> None:
    client = api_of(alice)

    def caps(body: dict[str, float | None]) -> Caps:
        assert client.patch(SPENDING, body, JSON).status_code == 200
        return spending.caps_of(project.namespace)

    assert caps({"calls": 500, "dollars": 2.5}) == Caps(500, 2_500_000)
    assert caps({"dollars": 3}) == Caps(500, 3_000_000)
    assert caps({"calls": None}) == Caps(None, 3_000_000)
    assert caps({}) == Caps(None, 3_000_000)
    assert caps({"dollars": None}) == Caps()


def test_what_cannot_be_is_refused_with_its_place(
    project: Project, alice: User, api_of: ApiOf
) -> None:
    spending.set_caps(INSTALLATION, Caps(calls=100, cost=1_000_000))
    client = api_of(alice)
    for body, field in (
        ({"calls": 101}, "calls"), ({"dollars": 1.01}, "dollars"), ({"calls": -1}, "calls"),
        ({"dollars": 1e300}, "dollars"), ({"dollers": 1}, "dollers"), ({"calls": 1.5}, "calls"),
        ({"calls": 2**40}, "calls"),
    ):  # fmt: skip
        answer = client.patch(SPENDING, body, JSON)
        assert answer.status_code == 422, body
        assert answer.json()["problems"][0]["field"] == field
    assert spending.caps_of(project.namespace) == Caps()

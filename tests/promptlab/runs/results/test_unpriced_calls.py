"""What a cost is of, where the price of some calls was not known when they were made."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from optimizer.costs.spending import this_month
from optimizer.models import Completion, Run, Spending, Trial
from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun
from promptlab.ui.numbers import priced_share
from tests.api.conftest import HERE, api_of  # noqa: F401 - a fixture

ClientOf = Callable[[User], Client]
SAID = "for 4 of 10 calls; 6 were made before a price was known"
P = "/p/support-triage/"


def texts(html: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


@pytest.fixture
def half_priced(finished: ProjectRun) -> ProjectRun:
    """Ten calls, of which the last four cost something."""
    run = finished.run
    Run.objects.filter(pk=run.pk).update(used_calls=10, used_cost=4_000_000, max_cost=None)
    for number in range(10):
        Completion.objects.create(
            key=f"call {number}", namespace=run.namespace, run=run, role="task", provider=1,
            model="m", state="settled", owner="run:1:1", request={}, priced=number >= 6,
            cost=1_000_000 * (number >= 6),
        )  # fmt: skip
    Spending.objects.create(
        month=this_month(), namespace=run.namespace, run=run.pk, used_calls=10,
        used_cost=4_000_000,
    )  # fmt: skip
    return finished


def test_lists_pages_and_months_say_of_how_many_calls_a_cost_is(
    half_priced: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    for path in (P, f"{P}runs/", f"{P}runs/1/", f"{P}spending/"):
        shown = texts(client.get(path).content.decode())
        assert "$4.00" in shown, path
        assert SAID in shown, path
    Completion.objects.update(priced=True)
    for path in (P, f"{P}runs/", f"{P}runs/1/", f"{P}spending/"):
        assert "before a price was known" not in texts(client.get(path).content.decode())


def test_the_api_counts_them_apart(
    half_priced: ProjectRun,
    carol: User,
    api_of: Callable[[User], Client],  # noqa: F811
) -> None:
    api = api_of(carol)
    assert api.get(f"{HERE}/runs/1").json()["spent"]["unpriced"] == 6
    assert api.get(f"{HERE}/runs").json()["items"][0]["spent"]["unpriced"] == 6
    spent = api.get(f"{HERE}/spending").json()["spent"]
    assert (spent["calls"], spent["dollars"], spent["unpriced"]) == (10, 4.0, 6)


def test_a_candidate_with_calls_of_no_known_price_has_no_cost_of_a_thousand(
    half_priced: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    client, best = client_of(carol), half_priced.run.best_candidate
    assert best is not None
    path = f"{P}runs/1/compare/?c=0,{best.number}"
    Trial.objects.update(cost=40_000)
    assert texts(client.get(path).content.decode()).count("$1.00") == 2
    Trial.objects.filter(candidate=best).update(unpriced=3)
    assert texts(client.get(path).content.decode()).count("$1.00") == 1


@pytest.mark.parametrize(
    ("calls", "unpriced", "said"),
    [
        (1000, 600, "for 400 of 1,000 calls; 600 were made before a price was known"),
        (10, 0, ""),
        (10, None, ""),
        (10, 10, "the price of these calls was not known"),
    ],
)
def test_how_it_is_said(calls: int, unpriced: int | None, said: str) -> None:
    assert priced_share(calls, unpriced) == said

"""What all projects spend together, and the cap that administrators of the installation set."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from optimizer.costs import spending
from optimizer.costs.spending import INSTALLATION, Caps
from optimizer.models import Spending
from promptlab.accounts.models import Project, User
from tests.promptlab.runs.new_run_form import texts

ClientOf = Callable[[User], Client]
HOME, CAP = "/installation/", "/installation/cap/"


@pytest.fixture
def desk(olga: User, client_of: ClientOf) -> Client:
    return client_of(olga)


def test_an_administrator_sees_who_spends_and_caps_all_projects_together(
    desk: Client, project: Project, dave: User
) -> None:
    own = Project.objects.get(slug="daves-own")
    for namespace, cost in ((project.namespace, 2_000_000), (own.namespace, 5_500_000),
                            ("cli", 0)):  # fmt: skip
        Spending.objects.create(
            month=spending.this_month(), namespace=namespace, run=1, used_calls=1_000,
            used_cost=cost,
        )  # fmt: skip
    spending.set_caps(own.namespace, Caps(cost=10_000_000))
    answer = desk.post(CAP, {"max_cost": "100.5", "max_calls": "5000"}, follow=True)
    said = texts(answer.content.decode())
    assert "for all projects together" in said
    assert spending.caps_of(INSTALLATION) == Caps(5_000, 100_500_000)
    assert "$7.50 of $100.50" in said
    assert "3,000 of 5,000" in said
    order = [said.index(words) for words in
             ("Dave's own $5.50 $10.00 1,000 –", "Support triage $2.00 – 1,000 –",
              "cli – – 1,000 –")]  # fmt: skip
    assert order == sorted(order)


def test_what_is_no_cap_is_told_beside_its_field_and_the_page_stays(desk: Client) -> None:
    answer = desk.post(CAP, {"max_cost": "-1", "max_calls": "12"})
    assert answer.status_code == 422
    assert list(answer.context["cap_form"].errors) == ["max_cost"]
    assert answer.context["cap_form"]["max_calls"].value() == "12"
    assert "Allowed addresses" in texts(answer.content.decode())
    assert spending.caps_of(INSTALLATION) == Caps()


def test_an_installation_where_nothing_was_spent_says_so(desk: Client) -> None:
    said = texts(desk.get(HOME).content.decode())
    assert "Nothing was spent before this month." in said
    assert "This month by projects" not in said

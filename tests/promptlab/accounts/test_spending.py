"""What a project spends by months: every member sees it, an admin caps it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from optimizer.core.problems import Conflict
from optimizer.costs import spending
from optimizer.costs.spending import INSTALLATION, Caps
from optimizer.models import Spending
from promptlab.accounts.models import Project, User
from tests.promptlab.runs.new_run_form import texts

ClientOf = Callable[[User], Client]
PAGE = "/p/support-triage/spending/"


def spent(project: Project, month: date | None = None, **sums: int) -> None:
    Spending.objects.create(
        month=month or spending.this_month(), namespace=project.namespace, run=1, **sums
    )


def shown(client: Client) -> str:
    return texts(client.get(PAGE).content.decode())


def test_every_member_sees_what_is_spent_and_an_admin_sets_the_cap(
    project: Project, alice: User, carol: User, client_of: ClientOf
) -> None:
    spent(project, used_calls=1_204, used_cost=12_300_000, over_cost=700_000, held_calls=2,
          held_cost=500_000)  # fmt: skip
    spent(project, date(2024, 2, 1), used_calls=7, used_cost=250_000)
    admin = client_of(alice)
    answer = admin.post(PAGE, {"max_cost": "20", "max_calls": ""}, follow=True)
    assert "The cap holds from now on." in texts(answer.content.decode())
    assert spending.caps_of(project.namespace) == Caps(cost=20_000_000)
    for words in (
        "$13.00 of $20.00", "1,204", "2 calls, at most $0.50", "$6.50", "February 2024 $0.25 7",
    ):  # fmt: skip
        assert words in shown(client_of(carol)), words
    assert "An admin of the project sets its cap." in shown(client_of(carol))
    assert "Set the cap" not in shown(client_of(carol))
    admin.post(PAGE, {"max_cost": "", "max_calls": ""})
    assert spending.caps_of(project.namespace) == Caps()


def test_other_projects_spending_is_not_this_ones(
    project: Project, alice: User, dave: User, client_of: ClientOf
) -> None:
    spent(Project.objects.get(slug="daves-own"), used_calls=3, used_cost=9_990_000)
    assert "$9.99" not in shown(client_of(alice))
    assert client_of(dave).get(PAGE).status_code == 404


def test_a_cap_above_the_installations_is_refused_where_it_was_typed(
    project: Project, alice: User, client_of: ClientOf
) -> None:
    spending.set_caps(INSTALLATION, Caps(calls=100, cost=50_000_000))
    client = client_of(alice)
    answer = client.post(PAGE, {"max_cost": "50.01", "max_calls": "7"})
    assert answer.status_code == 422
    (told,) = answer.context["form"].errors["max_cost"]
    assert told.startswith("The installation's cap is $50.00 a month, and a project's cannot be")
    assert answer.context["form"]["max_calls"].value() == "7"
    assert client.post(PAGE, {"max_calls": "101"}).context["form"].errors["max_calls"]
    assert spending.caps_of(project.namespace) == Caps()
    assert "installation's own cap of $50.00 a month, for all projects together" in shown(client)
    assert "cap of 100 calls a month" in shown(client)


@pytest.mark.parametrize(
    ("field", "typed"),
    [("max_cost", "-1"), ("max_cost", "1e99"), ("max_cost", "NaN"), ("max_cost", "12.345"),
     ("max_calls", "-1"), ("max_calls", "2147483648"), ("max_calls", "many")],
)  # fmt: skip
def test_what_is_no_cap_is_told_beside_its_field(
    project: Project, alice: User, client_of: ClientOf, field: str, typed: str
) -> None:
    answer = client_of(alice).post(PAGE, {field: typed})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert spending.caps_of(project.namespace) == Caps()


def test_a_cap_that_cannot_be_set_just_now_says_so(
    project: Project, alice: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(scope: str, caps: Caps) -> None:
        raise Conflict.because("month.busy")

    monkeypatch.setattr(spending, "set_caps", busy)
    answer = client_of(alice).post(PAGE, {"max_calls": "7"})
    assert answer.status_code == 422
    assert "try it again" in texts(answer.content.decode())


def test_who_capped_what_is_in_the_audit_log(
    project: Project, alice: User, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "promptlab.audit"):
        client_of(alice).post(PAGE, {"max_cost": "3", "max_calls": "9"})
    assert "Alice capped the months of support-triage: 9 calls, $3.00" in caplog.text

"""A new run beside what monthly caps leave: whoever starts it is warned before it pauses there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from optimizer.costs import spending
from optimizer.costs.spending import INSTALLATION, Caps
from optimizer.models import Provider, Run, Spending
from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun
from tests.promptlab.runs.new_run_form import NEW, Post, errors_at, refused, texts
from tests.promptlab.runs.scene import Scene

ClientOf = Callable[[User], Client]


def estimate(client: Client, filled: Post) -> str:
    return texts(client.post(f"{NEW}estimate/", filled).content.decode())


def test_a_month_with_room_enough_is_not_spoken_of(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    spending.set_caps(scene.project.namespace, Caps(10**6, 10**9))
    assert "a month" not in estimate(client_of(erin), filled)


@pytest.mark.parametrize(
    ("scope", "words"), [("", "This project's cap"), (INSTALLATION, "The installation's cap")]
)
def test_less_than_the_run_may_take_is_a_warning_with_the_cap_it_is_of(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post, scope: str, words: str
) -> None:
    namespace = scene.project.namespace
    Spending.objects.create(month=spending.this_month(), namespace=namespace, run=1, used_calls=900)
    spending.set_caps(scope or namespace, Caps(calls=1_000))
    client = client_of(erin)
    said = estimate(client, filled)
    assert f"{words} of 1,000 calls a month leaves 100 calls, less than the run may take" in said
    assert client.post(NEW, filled).status_code == 302  # it may well find something until then


def test_a_run_with_a_cap_of_its_own_below_is_not_warned(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    spending.set_caps(scene.project.namespace, Caps(calls=200))
    assert "200 calls a month" in estimate(client_of(erin), filled)
    assert "200 calls a month" not in estimate(client_of(erin), filled | {"max_calls": "180"})


def test_of_two_caps_the_one_that_leaves_less_is_told(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    spending.set_caps(INSTALLATION, Caps(cost=10_000))
    spending.set_caps(scene.project.namespace, Caps(cost=10_000))
    Spending.objects.create(
        month=spending.this_month(), namespace="project-0", run=1, used_cost=4_000
    )
    said = estimate(client_of(erin), filled)
    assert "The installation's cap of $0.01 a month leaves $0.0060" in said
    assert "This project's cap" not in said


def test_a_cap_in_dollars_refuses_a_model_without_a_price_before_anything_is_stored(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    Provider.objects.filter(pk=scene.provider.pk).update(input_price=None, output_price=None)
    spending.set_caps(INSTALLATION, Caps(cost=10_000_000))
    html = refused(client_of(erin), filled | {"max_cost": ""})
    assert "so the installation's monthly cap in dollars cannot be kept" in errors_at(
        html, "max_cost"
    )


def test_a_run_that_waits_for_its_month_says_so_and_can_be_resumed(
    halfway: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    Run.objects.filter(pk=halfway.run_id).update(
        status="paused", stop_reason="monthly cap", message="This project's cap is reached: …"
    )
    page = texts(client_of(erin).get(f"/p/support-triage/runs/{halfway.number}/").content.decode())
    assert "Paused" in page
    assert "This project's cap is reached: …" in page
    assert "Resume" in page

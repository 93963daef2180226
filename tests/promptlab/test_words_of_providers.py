"""What a provider said is any page of any server: who may edit providers reads it, nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from optimizer.models import Outcome as OutcomeRow
from optimizer.models import Run
from promptlab.accounts.models import User
from promptlab.accounts.roles import Role
from promptlab.runs.watching.live import LiveRun
from promptlab.ui.parameters import Parameters
from promptlab.ui.words import told
from tests.evaluations import ended, with_check
from tests.promptlab.everything import PAGES, World, address_of
from tests.promptlab.runs.new_run_form import NEW, texts, values_in
from tests.promptlab.runs.starting.test_measuring import newest
from tests.promptlab.streams import whole
from tests.promptlab.test_permission_matrix import LEAST_ROLE, expected

BODY = "<h1>router 7731</h1> password hunter2"
SHOWN = "&lt;h1&gt;router 7731&lt;/h1&gt; password hunter2"
ClientOf = Callable[[User], Client]
WITH_WORDS = {
    "providers:list", "programs:try", "runs:run", "runs:live", "runs:try",
    "runs:example",
}  # fmt: skip


@pytest.fixture
def said(world: World) -> World:
    """Everything that can fail has failed, and the provider had something to say each time."""
    run = world.project_run.run
    Run.objects.filter(pk=run.pk).update(
        status=Run.Status.FAILED, message="The provider refuses the calls.", said=BODY
    )
    with_check(world.scene.provider, works=False, message="It answered 401.", said=BODY)
    ended(world.tryout, "failed", message="It answered 401.", said=BODY)
    for row in OutcomeRow.objects.filter(exchange__run=run, example=world.example):
        row.score, row.error = None, "It answered 400."
        row.data = {**row.data, "score": None, "error": row.error, "said": BODY}
        row.save()
    return world


def pages_with_words(world: World, who: str, client: Client) -> set[str]:
    found = set()
    for name, methods in LEAST_ROLE.items():
        if "get" not in methods or expected(methods["get"], who) != "allowed":
            continue
        if name in ("accounts:setup", "accounts:invitation"):
            continue  # one-time links sign somebody else in
        shown = whole(client.get(address_of(name, world, who)))
        assert BODY not in shown, name
        if "router 7731" in shown:
            found.add(name)
    return found


def test_only_admins_read_on_any_page_what_a_provider_said(
    said: World, client_of: ClientOf
) -> None:
    for who in ("viewer", "editor", "reviewer"):
        user = said.people[who]
        assert user is not None
        assert pages_with_words(said, who, client_of(user)) == set()
    admin = said.people["admin"]
    assert admin is not None
    assert pages_with_words(said, "admin", client_of(admin)) == WITH_WORDS
    assert set(PAGES) >= WITH_WORDS


def test_everybody_reads_what_it_means_and_who_can_read_more(
    said: World, carol: User, alice: User, client_of: ClientOf
) -> None:
    url = address_of("runs:run", said, "viewer")
    shown = texts(client_of(carol).get(url).content.decode())
    assert "refuses the calls. An admin of the project can read what it said." in shown
    assert f"refuses the calls. It said: “{SHOWN}”" in client_of(alice).get(url).content.decode()


def test_a_live_page_sends_words_to_admins_only(said: World) -> None:
    sent = {
        role: LiveRun(said.scene.project, said.project_run.number, Parameters()).changes(role)
        for role in Role
    }
    assert {role for role, frame in sent.items() if "router 7731" in frame} == {Role.ADMIN}


def test_a_measurement_that_failed_tells_its_words_to_admins_only(
    said: World, erin: User, alice: User, client_of: ClientOf
) -> None:
    filled = values_in(client_of(erin).get(NEW).content.decode())
    client_of(erin).post(f"{NEW}measure/", filled)
    ended(newest(), "failed", message="It answered 401.", said=BODY)
    told = [
        client_of(user).post(f"{NEW}estimate/", filled).content.decode() for user in (erin, alice)
    ]
    assert ["It answered 401." in shown for shown in told] == [True, True]
    assert ["router 7731" in shown for shown in told] == [False, True]


def test_a_sentence_without_words_of_others_stays_as_it_is() -> None:
    assert told("It failed.", "", True) == told("It failed.", "", False) == "It failed."

"""Local and private addresses: told at their field, allowed by who administers the installation."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from optimizer.models import AllowedAddress, Provider
from promptlab.accounts.models import Project, User
from tests.promptlab.providers.connections import Browser, form_data, list_url, new_url

OLLAMA = "http://127.0.0.1:11434/v1"


@pytest.fixture
def nothing_allowed(db: None) -> None:
    AllowedAddress.objects.all().delete()


@pytest.fixture
def both(project: Project, olga: User) -> User:
    """An admin of the project who administers the installation, too, as the first one does."""
    project.memberships.create(user=olga, role="admin")
    return olga


@pytest.mark.parametrize("preset", ["endpoint", "openai"])
@pytest.mark.parametrize(
    "address",
    [OLLAMA, "http://2130706433:11434/v1", "http://①②⑦.0.0.1:11434/v1", "http://10.0.0.5/v1"],
)
def test_a_local_address_is_told_at_its_field_with_the_way_in(
    nothing_allowed: None,
    project: Project,
    alice: User,
    client_of: Browser,
    preset: str,
    address: str,
) -> None:
    data = form_data(api_base=address, models="openai/m", allow_address="on")
    page = client_of(alice).post(new_url(project, preset), data)
    assert page.status_code == 422
    form = page.context["form"]
    (told,) = form.errors["api_base"]
    assert "is local or private. An administrator of this installation can allow it" in told
    assert (form["api_base"].value(), form["name"].value()) == (address, "House server")
    assert "allow_address" not in form.fields  # ticked by a forged form, it means nothing
    assert not AllowedAddress.objects.exists()
    assert not Provider.objects.exclude(kind="embedded").exists()


@pytest.mark.parametrize("allow", ["", "on"])
def test_what_is_never_a_model_is_refused_whoever_asks(
    nothing_allowed: None, project: Project, both: User, client_of: Browser, allow: str
) -> None:
    data = form_data(api_base="http://169。254。169。254/v1", allow_address=allow)
    page = client_of(both).post(new_url(project), data)
    assert "never models" in page.context["form"].errors["api_base"][0]
    assert not AllowedAddress.objects.exists()


def test_who_administers_the_installation_allows_it_in_the_same_step(
    nothing_allowed: None, project: Project, both: User, client_of: Browser
) -> None:
    browser = client_of(both)
    assert (
        "Allow this address, should it be local" in browser.get(new_url(project)).content.decode()
    )
    answer = browser.post(new_url(project), form_data(api_base=OLLAMA, allow_address="on"))
    assert answer.status_code == 302
    (row,) = AllowedAddress.objects.all()
    assert (str(row), row.note) == ("127.0.0.1:11434", "House server")
    assert row.added_by == "olga@example.org"
    assert Provider.objects.get(name="House server").api_base == OLLAMA


def test_a_forgotten_tick_names_the_address_and_keeps_what_was_typed(
    nothing_allowed: None, project: Project, both: User, client_of: Browser
) -> None:
    page = client_of(both).post(new_url(project), form_data(api_base=OLLAMA, api_key=""))
    form = page.context["form"]
    assert set(form.errors) == {"api_base"}
    assert "Allow it for this installation below" in form.errors["api_base"][0]
    assert "Allow 127.0.0.1:11434 for this installation" in page.content.decode()
    assert form["models"].value() == "small\nlarge\n"


def test_a_tick_beside_a_public_address_allows_nothing(
    nothing_allowed: None, project: Project, both: User, client_of: Browser
) -> None:
    data = form_data(api_base="https://8.8.8.8/v1", allow_address="on")
    assert client_of(both).post(new_url(project), data).status_code == 302
    assert not AllowedAddress.objects.exists()


def test_nothing_is_allowed_by_a_form_that_is_not_saved(
    nothing_allowed: None, project: Project, provider: Provider, both: User, client_of: Browser
) -> None:
    data = form_data(api_base=OLLAMA, allow_address="on")
    assert client_of(both).post(new_url(project), data).status_code == 422  # the name is taken
    assert not AllowedAddress.objects.exists()


def test_after_an_upgrade_the_card_says_what_to_do_and_nothing_opens_by_itself(
    nothing_allowed: None,
    project: Project,
    provider: Provider,
    carol: User,
    both: User,
    client_of: Browser,
) -> None:
    page = client_of(carol).get(list_url(project)).content.decode()
    assert "The address 127.0.0.1:9 is local or private" in page
    assert 'action="/installation/addresses/"' not in page
    browser = client_of(both)
    card = browser.get(list_url(project)).content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(host|note|next)" value="([^"]*)"', card))
    answer = browser.post("/installation/addresses/", fields)
    assert answer.url == list_url(project)  # type: ignore[attr-defined]
    assert [str(row) for row in AllowedAddress.objects.all()] == ["127.0.0.1:9"]
    assert "is local or private" not in browser.get(list_url(project)).content.decode()


def test_a_provider_whose_address_is_not_allowed_can_be_edited_otherwise(
    nothing_allowed: None, project: Project, provider: Provider, alice: User, client_of: Browser
) -> None:
    url = reverse("providers:edit", args=[project.slug, provider.pk])
    assert client_of(alice).post(url, form_data(api_key="", concurrency="2")).status_code == 302
    assert Provider.objects.get(pk=provider.pk).concurrency == 2


def test_nobody_is_sent_to_another_site_after_allowing(
    nothing_allowed: None, both: User, client_of: Browser
) -> None:
    for elsewhere in ("https://elsewhere.example/", "//elsewhere.example", "javascript:alert(1)"):
        data = {"host": "10.0.0.5", "next": elsewhere}
        answer = client_of(both).post("/installation/addresses/", data)
        assert answer.url == "/installation/"  # type: ignore[attr-defined]

"""A stored key goes nowhere but to the vendor and the address for which it was given."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from optimizer.core.problems import Refused
from optimizer.models import Provider
from promptlab.accounts.models import Project, User
from promptlab.providers import services
from promptlab.providers.services import Connection
from tests.promptlab.providers.connections import (
    CANARY,
    Browser,
    endpoint,
    form_data,
    list_url,
    new_url,
)


def test_a_stored_key_does_not_follow_a_changed_address(
    project: Project, provider: Provider, alice: User, client_of: Browser
) -> None:
    url = reverse("providers:edit", args=[project.slug, provider.pk])
    moved = form_data(api_base="https://elsewhere.example/v1", api_key="")
    page = client_of(alice).post(url, moved)
    assert "enter its key again" in page.context["form"].errors["api_key"][0]
    assert client_of(alice).post(url, {**moved, "api_key": "another-key-0000"}).status_code == 302
    assert Provider.objects.get(pk=provider.pk).secret_hint == "…0000"


@pytest.fixture
def vendor(project: Project, alice: User) -> Provider:
    """OpenAI by LiteLLM, with a key of OpenAI's."""
    connection = Connection("OpenAI", Provider.Kind.LITELLM, ("openai/a",), family="openai")
    return services.save_provider(project, alice, connection, api_key=CANARY)


def vendor_data(**changes: Any) -> dict[str, Any]:
    kept = {"name": "OpenAI", "api_base": "", "api_key": "", "family": "openai"}
    return form_data(**{**kept, "models": "openai/a\nb", **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"family": "", "models": "anthropic/b"},
        {"family": "anthropic", "models": "b"},
        {"family": "", "models": "openrouter/openai/a"},
        {"api_base": "https://proxy.example/v1"},
    ],
)
def test_a_stored_key_does_not_follow_a_change_of_vendor(
    project: Project,
    vendor: Provider,
    alice: User,
    client_of: Browser,
    changes: dict[str, str],
) -> None:
    url = reverse("providers:edit", args=[project.slug, vendor.pk])
    data = vendor_data(**changes)
    page = client_of(alice).post(url, data)
    assert page.status_code == 422
    assert "enter its key again" in page.context["form"].errors["api_key"][0]
    assert Provider.objects.get(pk=vendor.pk).models_offered == ["openai/a"]
    assert client_of(alice).post(url, {**data, "api_key": "another-key-0000"}).status_code == 302
    assert Provider.objects.get(pk=vendor.pk).secret_hint == "…0000"


def test_a_stored_key_stays_with_its_vendor(
    project: Project, vendor: Provider, alice: User, client_of: Browser
) -> None:
    url = reverse("providers:edit", args=[project.slug, vendor.pk])
    page = client_of(alice).get(url)
    assert page.context["form"]["family"].value() == "openai"
    assert client_of(alice).post(url, vendor_data()).status_code == 302
    row = Provider.objects.get(pk=vendor.pk)
    assert (row.models_offered, row.secret_hint) == (["openai/a", "openai/b"], "…7Q2z")


def test_no_other_door_lets_a_key_travel(project: Project, alice: User, vendor: Provider) -> None:
    moved = Connection("OpenAI", Provider.Kind.LITELLM, ("anthropic/b",), family="anthropic")
    with pytest.raises(Refused):
        services.save_provider(project, alice, moved, provider=vendor)
    endpoint_of_anybody = endpoint(name="OpenAI", api_base="https://elsewhere.example/v1")
    with pytest.raises(Refused):
        services.save_provider(project, alice, endpoint_of_anybody, provider=vendor)
    vendor.refresh_from_db()
    assert (vendor.family, vendor.secret_hint) == ("openai", "…7Q2z")


def test_other_vendors_models_are_served_by_those_who_do(
    project: Project, alice: User, client_of: Browser
) -> None:
    data = form_data(name="G", api_base="", family="groq", models="openai/gpt-oss-20b\ngroq/x")
    assert client_of(alice).post(new_url(project, "litellm"), data).status_code == 302
    row = Provider.objects.get(name="G")
    assert (row.family, row.models_offered) == ("groq", ["groq/openai/gpt-oss-20b", "groq/x"])


def test_a_provider_of_several_vendors_from_before_is_asked_whose_its_key_is(
    project: Project, vendor: Provider, alice: User, client_of: Browser
) -> None:
    both_models = ["openai/a", "anthropic/b"]
    Provider.objects.filter(pk=vendor.pk).update(family="", models_offered=both_models)
    page = client_of(alice).get(list_url(project)).content.decode()
    assert "The models of this provider are of several vendors" in page
    url = reverse("providers:edit", args=[project.slug, vendor.pk])
    page_of_form = client_of(alice).post(url, vendor_data(models="openai/a"))
    assert "enter its key again" in page_of_form.context["form"].errors["api_key"][0]


def test_a_stored_key_can_be_removed(
    project: Project, provider: Provider, alice: User, client_of: Browser
) -> None:
    url = reverse("providers:edit", args=[project.slug, provider.pk])
    client_of(alice).post(url, form_data(api_key="", forget_key="on"))
    row = Provider.objects.get(pk=provider.pk)
    assert (row.secret, row.secret_hint) == (None, "")

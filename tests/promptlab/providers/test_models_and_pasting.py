"""What is wanted of each model, and what is pasted."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from optimizer.lm import secrets
from optimizer.lm.pasted import base_of, key_in
from optimizer.models import Provider
from promptlab.accounts.models import Project, User
from promptlab.providers import forms, queries, services
from promptlab.providers.presets import preset_for
from tests.promptlab.providers.connections import CANARY, form_data, new_url


def test_an_admin_says_how_long_and_how_hot_a_models_replies_may_be(
    client: Client, project: Project, alice: User, provider: Provider
) -> None:
    client.force_login(alice)
    address = reverse("providers:edit", args=[project.slug, provider.pk])
    row = Provider.objects.get(pk=provider.pk)
    form = forms.ProviderForm(preset_for(row), None, row)
    assert [model for model, *_fields in form.model_rows] == row.models_offered
    assert "tokens-0" in client.get(address).content.decode()
    data = form_data(
        name=row.name, api_base=row.api_base, models="\n".join(row.models_offered), api_key="",
        **{"tokens-0": "4000", "temperature-0": "0.5"},
    )  # fmt: skip
    form = forms.ProviderForm(preset_for(row), data, row)
    assert form.is_valid(), form.errors
    services.save_provider(project, alice, form.connection(), provider=row)
    named = {choice.model: choice.ref() for choice in queries.model_choices(project)}
    chosen = named[row.models_offered[0]]
    assert (chosen.max_tokens, chosen.temperature, chosen.roomy) == (4000, 0.5, True)


def test_a_form_says_how_many_models_it_does_not_show_and_they_keep_their_settings(
    client: Client, project: Project, alice: User, provider: Provider
) -> None:
    row = Provider.objects.get(pk=provider.pk)
    row.models_offered = [f"model-{number}" for number in range(forms.MOST_SHOWN + 2)]
    last = row.models_offered[-1]
    row.model_settings = {last: {"max_tokens": 4000}}
    row.save()
    client.force_login(alice)
    page = client.get(reverse("providers:edit", args=[project.slug, row.pk])).content.decode()
    assert "The first 50 models are shown; 2 further keep their settings." in page
    data = form_data(name=row.name, api_base=row.api_base, models="\n".join(row.models_offered))
    form = forms.ProviderForm(preset_for(row), data, row)
    assert form.is_valid(), form.errors
    assert form.connection().settings[last].max_tokens == 4000


def test_a_limit_that_no_reply_could_keep_is_refused_at_its_field(provider: Provider) -> None:
    row = Provider.objects.get(pk=provider.pk)
    for said in ("0", "-5", "10000000", "many"):
        form = forms.ProviderForm(preset_for(row), form_data(**{"tokens-0": said}), row)
        assert not form.is_valid()
        assert "tokens-0" in form.errors


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("https://api.example.com/v1/chat/completions", "https://api.example.com/v1"),
        ("https://api.example.com/v1/chat/completions/", "https://api.example.com/v1"),
        ("https://api.example.com/v1/models", "https://api.example.com/v1"),
        ("https://api.example.com/v1?api-version=2024-10-21", "https://api.example.com/v1"),
        ("“https://api.example.com/v1/responses#top”", "https://api.example.com/v1"),
        ("https://api.example.com/v1/", "https://api.example.com/v1"),
        ("https://api.example.com/openai/deployments/x", None),
        ("not an address", None),
    ],
)
def test_an_address_of_a_call_is_cut_to_that_of_the_api(said: str, meant: str | None) -> None:
    assert base_of(said) == (meant or said)


@pytest.mark.parametrize(
    "said",
    [
        CANARY, f"Bearer {CANARY}", f"Authorization: Bearer {CANARY}", f'"{CANARY}"',
        f"export OPENAI_API_KEY={CANARY}", f"OPENAI_API_KEY='{CANARY}'", f"x-api-key: {CANARY}",
        f"  bearer   {CANARY}  ",
    ],
)  # fmt: skip
def test_a_key_is_taken_out_of_what_stands_around_it(said: str) -> None:
    assert key_in(said) == CANARY


def test_what_is_put_right_is_told(client: Client, project: Project, alice: User) -> None:
    client.force_login(alice)
    data = form_data(
        api_base="https://93.184.216.34/v1/chat/completions?api-version=1",
        api_key=f"Bearer {CANARY}",
    )
    page = client.post(new_url(project), data, follow=True).content.decode()
    assert "The address was put right: https://93.184.216.34/v1" in page
    assert "without what stood around it" in page
    row = Provider.objects.get(name="House server")
    assert row.api_base == "https://93.184.216.34/v1"
    assert row.secret is not None
    assert secrets.decrypt(row.secret) == CANARY

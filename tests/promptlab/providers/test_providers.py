"""Models of a project: which there are, and who connects them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from optimizer.core.problems import Conflict
from optimizer.core.programs.lm import Role
from optimizer.jobs import model_checks
from optimizer.jobs.embedded import offer_what_runs
from optimizer.lm import secrets
from optimizer.models import Provider
from promptlab.accounts.models import Project, User
from promptlab.providers import queries, services
from tests.evaluations import with_check
from tests.promptlab.providers.connections import (
    CANARY,
    Browser,
    endpoint,
    form_data,
    list_url,
    new_url,
)

# --- What holds without pages ---------------------------------------------------------------------


def test_every_new_project_has_the_embedded_model(project: Project) -> None:
    (own,) = queries.providers_of(project)
    assert (own.kind, own.models_offered) == ("embedded", ["SmolLM2-135M-Instruct"])


def test_what_the_engine_runs_is_what_projects_are_offered(
    project: Project, settings: Settings
) -> None:
    settings.EMBEDDED_MODEL_NAME = "qwen2.5-coder-1.5b"
    offer_what_runs()
    (own,) = queries.providers_of(project)
    assert own.models_offered == ["qwen2.5-coder-1.5b"]


def test_a_key_is_stored_encrypted_and_only_its_end_is_shown(provider: Provider) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT row_to_json(p)::text FROM optimizer_provider p WHERE id = %s", [provider.pk]
        )
        stored = cursor.fetchone()[0]
    assert CANARY not in stored
    assert provider.secret_hint == "…7Q2z"
    assert provider.secret is not None
    assert secrets.decrypt(provider.secret) == CANARY


def test_saving_without_a_key_keeps_the_one_that_is_stored(
    project: Project, alice: User, provider: Provider
) -> None:
    services.save_provider(project, alice, endpoint(name="Renamed"), provider=provider)
    row = Provider.objects.get(pk=provider.pk)
    assert (row.name, row.secret_hint) == ("Renamed", "…7Q2z")


def test_what_a_test_said_of_a_provider_as_it_was_is_not_told_of_the_changed_one(
    project: Project, alice: User, provider: Provider
) -> None:
    stale = Provider.objects.get(pk=provider.pk)
    model_checks.start(provider)
    services.save_provider(project, alice, endpoint(name="Renamed"), provider=stale)
    assert model_checks.latest(Provider.objects.get(pk=provider.pk)).state == "never"


def test_the_embedded_model_cannot_be_changed_or_removed(project: Project, alice: User) -> None:
    own = queries.providers_of(project)[0]
    with pytest.raises(Conflict):
        services.save_provider(project, alice, endpoint(), provider=own)
    with pytest.raises(Conflict):
        services.remove_provider(own, alice)


def test_models_are_offered_with_the_embedded_one_last(
    project: Project, provider: Provider, settings: Settings
) -> None:
    settings.EMBEDDED_MODEL_URL = "http://127.0.0.1:9/v1"
    choices = queries.model_choices(project)
    assert [(c.label, c.embedded) for c in choices] == [
        ("House server: small", False),
        ("House server: large", False),
        ("Embedded model: SmolLM2-135M-Instruct", True),
    ]
    assert queries.choice_of(project, choices[1].value) == choices[1]
    assert queries.choice_of(project, "999:nothing") is None


def test_without_its_engine_the_embedded_model_is_not_offered(
    project: Project, settings: Settings
) -> None:
    settings.EMBEDDED_MODEL_URL = None
    assert queries.model_choices(project) == []
    assert queries.default_models(project) == {}


def test_forms_begin_with_a_connected_model(
    project: Project, provider: Provider, settings: Settings
) -> None:
    settings.EMBEDDED_MODEL_URL = "http://127.0.0.1:9/v1"
    assert queries.default_models(project)[Role.TASK].model == "small"
    with_check(provider, works=False)
    assert queries.default_models(project)[Role.TASK].model == "small"
    provider.delete()
    assert queries.default_models(project)[Role.TASK].embedded


def test_providers_of_another_project_are_not_offered(
    project: Project, provider: Provider, dave: User
) -> None:
    other = Project.objects.get(slug="daves-own")
    assert all(own.kind == "embedded" for own in queries.providers_of(other))


def test_prices_come_from_the_form_or_from_the_price_list(project: Project, alice: User) -> None:
    own = services.save_provider(
        project, alice, endpoint(input_price=150_000, output_price=600_000)
    )
    assert [m.price and m.price.input for m in queries.offered_models(own)] == [150_000, 150_000]
    unknown = services.save_provider(project, alice, endpoint(name="Other"))
    assert [m.price for m in queries.offered_models(unknown)] == [None, None]


# --- Pages ---------------------------------------------------------------------------------------


def test_everybody_in_the_project_sees_the_providers_and_nobody_a_key(
    project: Project, provider: Provider, carol: User, client_of: Browser
) -> None:
    page = client_of(carol).get(list_url(project))
    content = page.content.decode()
    assert page.status_code == 200
    assert "House server" in content
    assert "…7Q2z" in content
    assert CANARY not in content
    assert reverse("providers:edit", args=[project.slug, provider.pk]) not in content


def test_the_number_of_queries_does_not_grow_with_the_providers(
    project: Project,
    alice: User,
    client_of: Browser,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(8):
        services.save_provider(project, alice, endpoint(name=f"Server {number}"))
    browser = client_of(alice)
    with django_assert_max_num_queries(7):
        browser.get(list_url(project))


def test_an_admin_connects_an_endpoint(project: Project, alice: User, client_of: Browser) -> None:
    answer = client_of(alice).post(
        new_url(project), form_data(input_price="0.15", output_price="0.6")
    )
    assert answer.url == list_url(project)  # type: ignore[attr-defined]
    row = Provider.objects.get(name="House server")
    assert row.namespace == project.namespace
    assert row.api_base == "http://127.0.0.1:9/v1"
    assert row.models_offered == ["small", "large"]
    assert (row.input_price, row.output_price, row.concurrency) == (150_000, 600_000, 4)


def test_an_admin_connects_a_known_provider_without_knowing_litellms_names(
    project: Project, alice: User, client_of: Browser
) -> None:
    client_of(alice).post(
        new_url(project, "anthropic"),
        form_data(name="Anthropic", api_base="", models="claude-x\nanthropic/claude-y"),
    )
    row = Provider.objects.get(name="Anthropic")
    assert row.kind == Provider.Kind.LITELLM
    assert row.models_offered == ["anthropic/claude-x", "anthropic/claude-y"]


@pytest.mark.parametrize(
    ("preset", "changes", "field", "message"),
    [
        ("endpoint", {"api_base": "127.0.0.1:9"}, "api_base", "begins with http"),
        ("endpoint", {"api_base": "file:///etc/passwd"}, "api_base", "begins with http"),
        ("endpoint", {"api_base": "http://me:pw@host/v1"}, "api_base", "password out of"),
        ("endpoint", {"api_base": ""}, "api_base", "required"),
        ("openai", {"models": " \n "}, "models", "required"),
        ("endpoint", {"models": "two words"}, "models", "no model’s name|no model&#x27;s name"),
        ("endpoint", {"input_price": "1"}, "output_price", "both prices"),
        ("endpoint", {"input_price": "-1", "output_price": "1"}, "input_price", "greater than"),
        ("endpoint", {"concurrency": "0"}, "concurrency", "greater than"),
        ("openai", {"api_key": ""}, "api_key", "required"),
        ("litellm", {"models": "gpt-x"}, "models", "does not name its provider"),
        ("litellm", {"models": "openai/x\nsagemaker/x"}, "models", "“sagemaker” cannot be called"),
        ("litellm", {"models": "openai/a\nanthropic/b"}, "models", "to its own vendor only"),
        ("litellm", {"family": "openai", "models": "anthropic/b"}, "models", "no model of openai"),
        ("openai", {"models": "anthropic/b"}, "models", "connect anthropic as a provider"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    preset: str,
    changes: dict[str, str],
    field: str,
    message: str,
    project: Project,
    alice: User,
    client_of: Browser,
) -> None:
    page = client_of(alice).post(new_url(project, preset), form_data(**changes))
    assert page.status_code == 422
    form = page.context["form"]
    assert set(form.errors) == ({field, "api_key"} if form.data["api_key"] else {field})
    assert any(
        part.replace("&#x27;", "'") in form.errors[field][0].replace("’", "'")
        for part in message.replace("’", "'").split("|")
    )
    assert form["name"].value() == "House server"
    assert CANARY not in page.content.decode()
    assert Provider.objects.exclude(kind="embedded").count() == 0


def test_a_name_is_taken_once(
    project: Project, provider: Provider, alice: User, client_of: Browser
) -> None:
    page = client_of(alice).post(new_url(project), form_data())
    assert page.status_code == 422
    assert "already" in page.context["form"].errors["name"][0]


def test_an_admin_removes_a_provider(
    project: Project, provider: Provider, alice: User, client_of: Browser
) -> None:
    client_of(alice).post(reverse("providers:remove", args=[project.slug, provider.pk]))
    assert not Provider.objects.filter(pk=provider.pk).exists()


@pytest.mark.parametrize("name", ["bob", "erin", "carol"])
def test_only_admins_connect_change_and_remove(
    name: str,
    project: Project,
    provider: Provider,
    client_of: Browser,
    request: pytest.FixtureRequest,
) -> None:
    browser = client_of(request.getfixturevalue(name))
    args = [project.slug, provider.pk]
    assert browser.get(new_url(project)).status_code == 403
    assert browser.post(new_url(project), form_data(name="x")).status_code == 403
    assert browser.get(reverse("providers:edit", args=args)).status_code == 403
    assert browser.post(reverse("providers:remove", args=args)).status_code == 403


def test_an_outsider_finds_nothing(
    project: Project, provider: Provider, dave: User, client_of: Browser
) -> None:
    browser = client_of(dave)
    args = [project.slug, provider.pk]
    assert browser.get(list_url(project)).status_code == 404
    assert browser.get(reverse("providers:edit", args=args)).status_code == 404
    assert (
        browser.post(reverse("providers:check", args=args), {"model": "small"}).status_code == 404
    )
    own = ["daves-own", provider.pk]
    assert browser.get(reverse("providers:edit", args=own)).status_code == 404
    assert browser.post(reverse("providers:check", args=own), {"model": "small"}).status_code == 404

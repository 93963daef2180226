"""Models and keys of a project."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from optimizer.core.problems import Conflict, Refused
from optimizer.core.programs.lm import Role
from optimizer.jobs import model_checks
from optimizer.jobs.embedded import offer_what_runs
from optimizer.lm import secrets
from optimizer.lm.pasted import base_of, key_in
from optimizer.models import AllowedAddress, Provider, Run
from promptlab.accounts.models import Project, User
from promptlab.accounts.roles import Role as MemberRole
from promptlab.providers import forms, queries, services
from promptlab.providers.checks import LiveCheck
from promptlab.providers.presets import preset_for
from promptlab.providers.services import Connection
from promptlab.ui.parameters import Parameters
from tests.evaluations import ended, with_check

CANARY = "sk-CANARY-0123456789abcdef-7Q2z"
Browser = Callable[[User], Client]


def endpoint(**changes: Any) -> Connection:
    data: dict[str, Any] = {
        "name": "House server",
        "kind": Provider.Kind.OPENAI_COMPATIBLE,
        "models": ("small", "large"),
        "api_base": "http://127.0.0.1:9/v1",
    }
    return Connection(**{**data, **changes})


@pytest.fixture
def provider(project: Project, alice: User) -> Provider:
    return services.save_provider(project, alice, endpoint(), api_key=CANARY)


def form_data(**changes: Any) -> dict[str, Any]:
    data = {
        "name": "House server",
        "api_base": "http://127.0.0.1:9/v1/",
        "api_key": CANARY,
        "models": "small\nlarge\n",
        "concurrency": "4",
        "constrains_replies": "on",
    }
    return {**data, **changes}


def list_url(project: Project) -> str:
    return reverse("providers:list", args=[project.slug])


def new_url(project: Project, preset: str = "endpoint") -> str:
    return reverse("providers:new", args=[project.slug, preset])


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


# --- Local and private addresses ------------------------------------------------------------------

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


# --- Testing -------------------------------------------------------------------------------------

HTMX = {"HX-Request": "true"}


def test_an_editor_starts_a_test_and_the_page_listens_until_it_is_done(
    project: Project, provider: Provider, erin: User, client_of: Browser
) -> None:
    browser = client_of(erin)
    url = reverse("providers:check", args=[project.slug, provider.pk])
    waiting = browser.post(url, {"model": "large"}, headers=HTMX).content.decode()
    assert "Testing" in waiting
    assert f'hx-ws:connect="/ws/p/{project.slug}/checks/{provider.pk}/"' in waiting
    live = LiveCheck(project, provider.pk, Parameters(QueryDict()))
    run = Run.objects.get()
    assert live.rings() == [("run", run.pk)]
    assert "Testing" in live.changes(MemberRole.EDITOR)
    ended(run, "failed", message="<b>401</b> wrong key")
    assert "&lt;b&gt;401&lt;/b&gt; wrong key" in live.changes(MemberRole.EDITOR)
    assert not live.goes_on
    done = browser.get(list_url(project)).content.decode()
    assert "&lt;b&gt;401&lt;/b&gt; wrong key" in done
    assert "hx-ws:connect" not in done


def test_a_viewer_cannot_start_a_test(
    project: Project, provider: Provider, carol: User, client_of: Browser
) -> None:
    url = reverse("providers:check", args=[project.slug, provider.pk])
    assert client_of(carol).post(url, {"model": "small"}, headers=HTMX).status_code == 403


def test_a_server_is_asked_for_its_models_and_the_page_then_shows_them(
    project: Project, alice: User, client_of: Browser
) -> None:
    browser = client_of(alice)
    browser.post(new_url(project), form_data(models=""))
    row = Provider.objects.get(name="House server")
    assert "List models and test" in browser.get(list_url(project)).content.decode()
    url = reverse("providers:check", args=[project.slug, row.pk])
    waiting = browser.post(url, {"model": ""}, headers=HTMX).content.decode()
    assert "Testing" in waiting
    assert f"/checks/{row.pk}/?bare" in waiting
    live = LiveCheck(project, row.pk, Parameters(QueryDict("bare")))
    Provider.objects.filter(pk=row.pk).update(models_offered=["found"])
    ended(Run.objects.get(), "finished")
    assert f'hx-select="#provider-{row.pk}"' in live.changes(MemberRole.ADMIN)


def test_only_models_that_are_offered_are_tested(
    project: Project, provider: Provider, erin: User, client_of: Browser
) -> None:
    url = reverse("providers:check", args=[project.slug, provider.pk])
    client_of(erin).post(url, {"model": "something else"}, headers=HTMX)
    assert not Run.objects.exists()


def test_without_its_engine_the_embedded_model_says_so(
    project: Project, carol: User, client_of: Browser, settings: Settings
) -> None:
    settings.EMBEDDED_MODEL_URL = None
    assert "The engine is not running" in client_of(carol).get(list_url(project)).content.decode()
    settings.EMBEDDED_MODEL_URL = "http://127.0.0.1:9/v1"
    assert "writes poor instructions" in client_of(carol).get(list_url(project)).content.decode()


# --- What is wanted of each model, and what is pasted ---------------------------------------------


def test_an_admin_says_how_long_and_how_hot_a_models_replies_may_be(
    client: Client, project: Project, alice: User, provider: Provider
) -> None:
    client.force_login(alice)
    address = reverse("providers:edit", args=[project.slug, provider.pk])
    row = Provider.objects.get(pk=provider.pk)
    form = forms.ProviderForm(preset_for(row), None, row)
    assert [model for model, _tokens, _heat in form.model_rows] == row.models_offered
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

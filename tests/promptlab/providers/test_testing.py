"""A provider is tested from its card, and the page tells what came."""

from __future__ import annotations

from django.http import QueryDict
from django.urls import reverse
from pytest_django import Settings

from optimizer.models import Provider, Run
from promptlab.accounts.models import Project, User
from promptlab.accounts.roles import Role as MemberRole
from promptlab.providers.checks import LiveCheck
from promptlab.ui.parameters import Parameters
from tests.evaluations import ended
from tests.promptlab.providers.connections import Browser, form_data, list_url, new_url

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

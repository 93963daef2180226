"""A version's page for people outside: who opens it, who reads it, what it does not say."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from optimizer.core.programs.demo import fixed_of
from promptlab.accounts.models import User
from promptlab.releases import public
from promptlab.releases.models import PublicPage
from promptlab.reviews.models import Version
from promptlab.runs.models import ProjectRun
from tests.promptlab.approving import approve

ClientOf = Callable[[User], Client]


@pytest.fixture
def version(finished: ProjectRun, bob: User) -> Version:
    assert finished.run.best_candidate is not None
    return approve(finished, finished.run.best_candidate, bob, "Kept for us alone.")


def url(version: Version, rest: str = "") -> str:
    return f"/p/support-triage/versions/{version.program_id}/{version.number}/{rest}"


def texts(html: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


def test_an_editor_opens_it_and_whoever_has_the_address_reads_it(
    version: Version, erin: User, client_of: ClientOf
) -> None:
    answer = client_of(erin).post(url(version, "public/open/"), {"prompts": "on"}, follow=True)
    page = public.page_of(version)
    assert page is not None
    assert f"http://testserver/released/{page.key}/" in answer.content.decode()
    read = Client().get(f"/released/{page.key}/")
    shown = texts(read.content.decode())
    assert "Support triage v1" in shown
    assert version.sha256 in shown
    assert "is better than the baseline" in shown
    for module in version.content.program.modules:
        assert texts(module.signature.instruction) in shown
    assert read["X-Robots-Tag"] == "noindex, nofollow"
    assert read["Referrer-Policy"] == "no-referrer"
    assert "no-store" in read["Cache-Control"]


def test_it_names_no_person_and_no_provider(version: Version, erin: User) -> None:
    page = public.open_page(version, erin, prompts=True, demos=True)
    shown = Client().get(f"/released/{page.key}/").content.decode()
    for secret in ("Bob", "bob@", "erin", "Erin", "Scripted", "127.0.0.1", "Kept for us alone."):
        assert secret not in shown, secret
    assert "/p/support-triage" not in shown


@pytest.mark.parametrize(("prompts", "demos"), [(False, False), (True, False), (True, True)])
def test_it_shows_what_was_chosen_and_no_more(
    prompts: bool, demos: bool, version: Version, erin: User
) -> None:
    page = public.open_page(version, erin, prompts=prompts, demos=demos)
    shown = texts(Client().get(f"/released/{page.key}/").content.decode())
    modules = version.content.program.modules
    assert all((texts(m.signature.instruction) in shown) is prompts for m in modules)
    held = [demo for module in modules for demo in fixed_of(module.demos)]
    assert held
    said = [" ".join(str(demo.values["message"]).split()) for demo in held]
    assert all((text in shown) is demos for text in said)
    assert ("not shown here" in shown) is (prompts and not demos)


def test_demos_are_not_shown_without_the_prompts_that_they_stand_in(
    version: Version, erin: User, client_of: ClientOf
) -> None:
    client_of(erin).post(url(version, "public/open/"), {"demos": "on"})
    page = public.page_of(version)
    assert page is not None
    assert (page.shows_prompts, page.shows_demos) == (False, False)


def test_a_closed_address_leads_nowhere_and_a_new_one_is_another(
    version: Version, erin: User, client_of: ClientOf
) -> None:
    first = public.open_page(version, erin, prompts=False, demos=False)
    client_of(erin).post(url(version, "public/close/"))
    assert Client().get(f"/released/{first.key}/").status_code == 404
    assert public.page_of(version) is None
    second = public.open_page(version, erin, prompts=False, demos=False)
    third = public.open_page(version, erin, prompts=True, demos=False)  # replaces the second
    assert len({first.key, second.key, third.key}) == 3
    assert min(len(page.key) for page in (first, second, third)) >= 43
    assert Client().get(f"/released/{second.key}/").status_code == 404
    assert Client().get(f"/released/{third.key}/").status_code == 200
    assert Client().get("/released/unknown/").status_code == 404


def test_the_database_keeps_one_open_page_a_version(version: Version, erin: User) -> None:
    public.open_page(version, erin, prompts=False, demos=False)
    with pytest.raises(IntegrityError), transaction.atomic():
        PublicPage.objects.create(version=version, key="other", opened_by=erin)


def test_a_viewer_opens_nothing(version: Version, carol: User, client_of: ClientOf) -> None:
    client = client_of(carol)
    assert client.post(url(version, "public/open/"), {"prompts": "on"}).status_code == 403
    assert "Open a page" not in texts(client.get(url(version)).content.decode())

"""Two people at the same thing in the same moment: one does it, the other is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.http import Http404
from django.test import Client

from optimizer.core.conversation.spec import RunSpec
from optimizer.models import Run
from promptlab.accounts import forms
from promptlab.accounts import services as accounts
from promptlab.accounts.models import Project, User
from promptlab.accounts.roles import Role
from promptlab.datasets import services as datasets
from promptlab.datasets import uploads
from promptlab.datasets.models import Dataset, Upload
from promptlab.metrics import services as metrics
from promptlab.programs import edits
from promptlab.programs import services as programs
from promptlab.programs.models import Program
from promptlab.runs.starting import services as runs
from promptlab.runs.starting.planning import look_at
from tests.fakes.telling import refused
from tests.promptlab.runs.scene import Scene

ClientOf = Callable[[User], Client]
FILE = b"message,intent\none,refund\ntwo,other\nthree,other\n"


def add(project: Project, by: User, name: str) -> Dataset:
    return datasets.import_dataset(project, by, name, BytesIO(FILE))


def at_once(monkeypatch: pytest.MonkeyPatch, room: Any, name: str, *posts: Any) -> list[int]:
    """Statuses of these posts, all of which reach the service `name` before any goes on."""
    barrier, service = Barrier(len(posts)), getattr(room, name)

    def together(*arguments: Any) -> Any:
        barrier.wait(10)
        return service(*arguments)

    def post(send: Any) -> int:
        try:
            return int(send().status_code)
        finally:
            connections.close_all()

    monkeypatch.setattr(room, name, together)
    with ThreadPoolExecutor(len(posts)) as pool:
        return sorted(pool.map(post, posts))


# --- Datasets -------------------------------------------------------------------------------------


def test_two_datasets_cannot_get_one_name_in_the_same_moment(
    transactional_db: None, project: Project, erin: User, client_of: ClientOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    rows = [add(project, erin, "one"), add(project, erin, "two")]
    browsers = [client_of(erin), client_of(erin)]
    posts = [
        lambda row=row, browser=browser: browser.post(
            f"/p/{project.slug}/datasets/{row.pk}/rename/", {"name": "wanted"}
        )
        for row, browser in zip(rows, browsers, strict=True)
    ]
    assert at_once(monkeypatch, datasets, "rename", *posts) == [302, 422]
    assert project.datasets.filter(name="wanted").count() == 1


def test_a_dataset_is_deleted_once(
    transactional_db: None, project: Project, erin: User, client_of: ClientOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    row = add(project, erin, "one")
    browsers = [client_of(erin), client_of(erin)]
    posts = [
        lambda browser=browser: browser.post(f"/p/{project.slug}/datasets/{row.pk}/remove/")
        for browser in browsers
    ]
    assert at_once(monkeypatch, datasets, "remove", *posts) == [302, 404]


def test_the_name_that_is_taken_is_said_beside_the_field(
    project: Project, erin: User, client_of: ClientOf
) -> None:
    add(project, erin, "one")
    row = add(project, erin, "two")
    page = client_of(erin).post(f"/p/{project.slug}/datasets/{row.pk}/rename/", {"name": "one"})
    assert page.status_code == 422
    assert "already" in page.context["form"].errors["name"][0]
    row.refresh_from_db()
    assert row.name == "two"


def test_a_dataset_that_is_gone_cannot_be_renamed(project: Project, erin: User) -> None:
    row = add(project, erin, "one")
    Dataset.objects.filter(pk=row.pk).delete()
    for late in (lambda: datasets.rename(row, "two", erin), lambda: datasets.remove(row, erin)):
        with pytest.raises(Http404, match="a moment ago"):
            late()


def test_an_upload_that_was_discarded_is_not_read_into(project: Project, erin: User) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    upload = uploads.receive(project, erin, SimpleUploadedFile("a.csv", FILE))
    Upload.objects.filter(pk=upload.pk).delete()
    with pytest.raises(Http404, match="discarded"):
        uploads.read(upload, uploads.Options())


# --- Programs and metrics -------------------------------------------------------------------------


def test_a_program_that_is_gone_cannot_be_changed(scene: Scene, erin: User) -> None:
    row = scene.program
    Program.objects.filter(pk=row.pk).delete()
    for late in (
        lambda: programs.save_definition(row, row.core, row.revision, erin),
        lambda: programs.describe(row, "other", "", row.revision, erin),
        lambda: programs.edit(row, lambda core: edits.remove_call(core, "x"), erin),
    ):
        with pytest.raises(Http404, match="a moment ago"):
            late()


def test_a_part_is_taken_from_the_program_as_it_was_saved_meanwhile(
    scene: Scene, erin: User
) -> None:
    mine, theirs = scene.program, Program.objects.get(pk=scene.program.pk)
    programs.describe(theirs, theirs.name, "said meanwhile", theirs.revision, erin)
    saved = programs.edit(mine, lambda core: edits.remove_module(core, "find_clues"), erin)
    assert saved.core.description == "said meanwhile"
    assert "find_clues" not in {module.name for module in saved.core.modules}


def test_a_copy_takes_the_next_name_when_its_own_was_taken_meanwhile(
    scene: Scene, erin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, seen = programs.free_name, []

    def quicker(project: Project, stem: str, suffix: str = "") -> str:
        name = free(project, stem, suffix)
        if not seen:
            programs.create_program(project, erin, name, scene.program.core)
        seen.append(name)
        return name

    monkeypatch.setattr(programs, "free_name", quicker)
    assert programs.duplicate(scene.program, erin).name == seen[1] != seen[0]


# --- Runs -----------------------------------------------------------------------------------------


def test_a_run_of_what_is_gone_is_refused_by_its_name(
    transactional_db: None, scene: Scene, erin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue = runs.enqueue_run

    def and_somebody_deletes_the_dataset(spec: RunSpec) -> Run:
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(delete).result()
        return enqueue(spec)

    def delete() -> None:
        Dataset.objects.filter(pk=scene.dataset.pk).delete()
        connections.close_all()

    monkeypatch.setattr(runs, "enqueue_run", and_somebody_deletes_the_dataset)
    look = look_at(scene.project, scene.run_request())
    with refused("The dataset was deleted a moment ago", "dataset"):
        runs.start_run(scene.project, erin, look)
    assert not scene.project.runs.exists()


def test_two_runs_store_the_metric_that_both_were_suggested_once(scene: Scene, erin: User) -> None:
    suggested = metrics.suggest_new(scene.program, scene.dataset)
    assert suggested is not None
    look = look_at(scene.project, replace(scene.run_request(), metric=suggested))
    first, second = (runs.start_run(scene.project, erin, look) for _ in range(2))
    assert first.metric == second.metric


# --- People ---------------------------------------------------------------------------------------


@pytest.fixture
def nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The form looks for the address a moment before somebody takes it."""
    monkeypatch.setattr(forms, "_free_email", lambda email, besides: email)


def test_an_address_that_was_taken_meanwhile_is_said_beside_the_field(
    carol: User, erin: User, client_of: ClientOf, nobody_looks: None
) -> None:
    sent = {"name": "Carola", "email": "erin@example.org", "theme": "dark"}
    page = client_of(carol).post("/account/", sent)
    assert page.status_code == 422
    assert "already" in page.context["form"].errors["email"][0]
    assert str(page.context["user"]) == "Carol"


def test_so_it_is_to_a_newcomer_whose_invitation_stays_open(
    project: Project, alice: User, nobody_looks: None
) -> None:
    from promptlab.accounts import entrance

    row, secret = entrance.invite(project, Role.VIEWER, alice)
    sent = {"name": "Al", "email": "alice@example.org", "password": "x9-long-enough"}
    page = Client().post(f"/invitations/{secret}/", sent)
    assert page.status_code == 422
    assert "already" in page.context["form"].errors["email"][0]
    row.refresh_from_db()
    assert row.is_open


def test_so_it_is_to_the_first_administrator_who_stays_signed_in(
    carol: User, nobody_looks: None
) -> None:
    from promptlab.accounts import entrance

    browser = Client()
    browser.get(f"/setup/{entrance.issue_setup_link()}/")
    sent = {"name": "Ada", "email": "carol@example.org", "password": "x9-long-enough"}
    page = browser.post("/welcome/", sent)
    assert page.status_code == 422
    assert "already" in page.context["form"].errors["email"][0]
    assert browser.get("/").status_code == 200


def test_the_role_of_a_member_who_is_gone_cannot_be_changed(
    project: Project, alice: User, carol: User
) -> None:
    member = project.memberships.get(user=carol)
    project.memberships.filter(user=carol).delete()
    with pytest.raises(Http404, match="removed"):
        accounts.change_role(member, Role.EDITOR, alice)
    accounts.remove_member(member, alice)  # twice is as good as once

"""A run whose optimizer is gone is read like any other, and goes on nowhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from optimizer.models import Run
from optimizer.running import runner
from promptlab.accounts.models import User
from promptlab.accounts.roles import Role
from promptlab.runs.models import ProjectRun
from promptlab.runs.watching.live import LiveRun
from promptlab.ui.parameters import Parameters
from tests.fakes.telling import told
from tests.promptlab.approving import approve

HERE = "/p/support-triage"


def retire(project_run: ProjectRun) -> None:
    row = Run.objects.get(pk=project_run.run_id)
    row.optimizer, row.spec = "annealing", {**row.spec, "optimizer": "annealing"}
    row.save()


@pytest.fixture
def read(finished: ProjectRun, bob: User, client_of: Callable[[User], Client]) -> Client:
    retire(finished)
    finished.run.refresh_from_db()
    assert finished.run.best_candidate is not None
    approve(finished, finished.run.best_candidate, bob, "Fine.")
    return client_of(bob)


@pytest.mark.parametrize(
    "page",
    [
        "runs/1/", "runs/1/?trials=candidates", "runs/1/live/", "runs/1/compare/", "runs/",
        "runs/1/candidates/0/", "runs/1/candidates/0/try/", "runs/1/review/{best}/", "",
        "versions/{program}/1/", "versions/", "runs/new/?from=1", "palette.json",
    ],
)  # fmt: skip
def test_its_pages_are_there(page: str, read: Client, finished: ProjectRun) -> None:
    assert finished.run.best_candidate is not None
    address = page.format(best=finished.run.best_candidate.number, program=finished.program_id)
    assert read.get(f"{HERE}/{address}").status_code == 200


def test_it_is_called_by_its_name(read: Client, finished: ProjectRun) -> None:
    assert "annealing (retired)" in read.get(f"{HERE}/runs/1/").content.decode()
    version = read.get(f"{HERE}/versions/{finished.program_id}/1/").content.decode()
    assert "annealing (retired)" in version


def test_running_it_again_offers_another_optimizer(read: Client) -> None:
    form = read.get(f"{HERE}/runs/new/?from=1").context["form"]
    assert form.is_valid(), form.errors
    assert form.cleaned_data["optimizer"] == "racing"


def test_the_api_tells_it_as_it_was(read: Client, bob: User) -> None:
    from promptlab.accounts.tokens import create_token

    headers = {"Authorization": f"Bearer {create_token(bob, 'mine')[1]}"}
    answer = Client(headers=headers).get("/api/v1/projects/support-triage/runs/1")
    assert (answer.status_code, answer.json()["optimizer"]) == (200, "annealing")


def test_one_that_goes_on_is_stopped_with_a_sentence(
    transactional_db: None, queued: ProjectRun
) -> None:
    retire(queued)
    runner.run(queued.run_id)
    row = Run.objects.get(pk=queued.run_id)
    assert (row.status, row.stop_reason) == ("failed", "optimizer retired")
    assert "“annealing” is not in this version" in told(row.message)
    page = LiveRun(queued.project, queued.number, Parameters())
    assert "go back to the version" in page.changes(Role.VIEWER)

"""Examples that must not get worse are marked, and told first where they did."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from promptlab.accounts.models import User
from promptlab.runs.comparing.comparison import view_of
from promptlab.runs.models import ProjectRun
from promptlab.runs.queries import spec_of
from promptlab.ui.parameters import Parameters
from tests.promptlab.runs.new_run_form import texts
from tests.promptlab.runs.scene import Scene

ClientOf = Callable[[User], Client]


def lost_in(finished: ProjectRun) -> tuple[int, str]:
    """A candidate, and a row that it lost against the baseline."""
    for candidate in finished.run.candidates.filter(number__gt=0):
        numbers = [0, candidate.number]
        view = view_of(finished, spec_of(finished.run), numbers, Parameters({"show": "all"}))
        for row in view.rows:
            if row.regressed:
                return candidate.number, row.example
    raise AssertionError("nobody lost anything")


def test_what_must_not_get_worse_and_did_is_told_first(
    scene: Scene, finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    best, key = lost_in(finished)
    page = f"/p/support-triage/runs/{finished.number}/compare/?c=0,{best}"
    assert "Got worse, and must not" not in client.get(page).content.decode()
    row = f"/p/support-triage/datasets/{scene.dataset.pk}/rows/{key}/protect/"
    answer = client.post(row, {"next": page})
    assert answer["Location"] == page
    told = texts(client.get(page).content.decode())
    assert f"Got worse, and must not: {key}" in told
    rows = told[told.index("Outcome Example") :]
    assert 0 < rows.index(f" lost {key} ") < 60, "it is the first row"
    review = f"/p/support-triage/runs/{finished.number}/candidates/{best}/"
    assert "Got worse, and must not" in client.get(review).content.decode()
    example = f"/p/support-triage/runs/{finished.number}/examples/{key}/?c=0,{best}"
    assert "Protect no more" in client.get(example).content.decode()
    client.post(row, {"next": page})
    assert "Got worse, and must not" not in client.get(page).content.decode()


@pytest.mark.parametrize(
    "back", ["https://elsewhere.example/", "//elsewhere.example", "", "javascript:x"]
)
def test_one_is_led_nowhere_else(scene: Scene, erin: User, client_of: ClientOf, back: str) -> None:
    key = scene.dataset.examples.first().key
    row = f"/p/support-triage/datasets/{scene.dataset.pk}/rows/{key}/"
    assert client_of(erin).post(f"{row}protect/", {"next": back})["Location"] == row


def test_a_row_that_is_not_there_cannot_be_marked(
    scene: Scene, erin: User, client_of: ClientOf
) -> None:
    row = f"/p/support-triage/datasets/{scene.dataset.pk}/rows/nothing/protect/"
    assert client_of(erin).post(row).status_code == 404

"""Files are run on the rows that were scored: same messages, same answers, same score."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from promptlab.accounts.models import User
from promptlab.accounts.tokens import create_token
from promptlab.releases import parity
from promptlab.releases.parity import parity_of
from promptlab.reviews.models import Version
from promptlab.runs.models import ProjectRun
from tests.promptlab.approving import approve

ClientOf = Callable[[User], Client]


@pytest.fixture
def version(finished: ProjectRun, bob: User) -> Version:
    assert finished.run.best_candidate is not None
    return approve(finished, finished.run.best_candidate, bob, "Good enough.")


def test_the_files_say_and_find_what_was_scored(version: Version) -> None:
    found = parity_of(version, 8)
    scored = version.content.provenance.scores.candidate
    assert scored is not None
    assert found.n == 8
    assert {file.format for file in found.files} >= {"python", "prompts"}
    for file in found.files[:2]:
        assert (file.same_messages, file.same_answers, file.differences) == (8, 8, ())
        assert file.score == pytest.approx(found.scored)
    everything = parity_of(version, 200)
    assert everything.scored == pytest.approx(scored.mean)


def test_a_file_that_says_something_else_is_found_out(
    version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = parity._run

    def spoilt(files: dict[str, str], rows: list[dict[str, Any]]) -> Any:
        told = json.loads(files["prompts"])
        module = next(iter(told["modules"].values()))
        module["system"] += " "
        return real({**files, "prompts": json.dumps(told)}, rows)

    monkeypatch.setattr(parity, "_run", spoilt)
    python, prompts, *_more = parity_of(version, 5).files
    assert python.same_messages == 5
    assert (prompts.same_messages, prompts.same_answers, prompts.score) == (0, 0, 0.0)
    assert {each.what for each in prompts.differences} == {"messages"}


def test_it_is_shown_on_a_page_and_told_by_the_api(
    version: Version, carol: User, client_of: ClientOf
) -> None:
    where = f"{version.program_id}/{version.number}/parity"
    page = client_of(carol).get(f"/p/support-triage/versions/{where}/?rows=5").content.decode()
    assert "5 of 5" in page
    secret = create_token(carol, "test")[1]
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    told = client.get(f"/api/v1/projects/support-triage/versions/{where}?rows=5").json()
    assert told["rows"] == 5
    assert told["files"][0] == {
        "format": "python", "same_messages": 5, "same_answers": 5, "score": told["scored"],
        "differences": [],
    }  # fmt: skip

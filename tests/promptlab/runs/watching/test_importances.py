"""What mattered in a search: as bars on the run page, and in the API."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from optimizer import codec
from optimizer.core.conversation.events import ImportancesFound
from optimizer.models import Run, RunEvent
from promptlab.accounts.models import User
from promptlab.api.schemas.runs import RunDetail
from promptlab.runs.models import ProjectRun

ClientOf = Callable[[User], Client]


def tell(run: Run, importances: dict[str, float]) -> None:
    seq = run.last_seq + 1
    data = codec.to_json(ImportancesFound(importances))
    RunEvent.objects.create(run=run, seq=seq, kind="importances_found", data=data)
    Run.objects.filter(pk=run.pk).update(last_seq=seq)
    run.last_seq = seq


@pytest.fixture
def shown(finished: ProjectRun, carol: User, client_of: ClientOf) -> Callable[[], str]:
    def page() -> str:
        html = client_of(carol).get(f"/p/support-triage/runs/{finished.number}/").content.decode()
        part = html[html.index('id="run-importances"') :]
        return " ".join(re.sub(r"<[^>]+>", " ", part[: part.index('id="run-costs"')]).split())

    return page


def test_the_run_page_shows_the_latest_importances_the_most_first(
    finished: ProjectRun, shown: Callable[[], str]
) -> None:
    tell(finished.run, {"tip": 0.9, "classify_intent:demos": 0.1})
    tell(finished.run, {"tip": 0.25, "classify_intent:shown demos": 0.75})
    told = shown()
    assert "What mattered" in told
    assert told.index("classify_intent · demos shown 75") < told.index("tip 25")
    assert "90" not in told


def test_nothing_is_shown_before_anything_can_be_said(
    finished: ProjectRun, shown: Callable[[], str]
) -> None:
    RunEvent.objects.filter(run=finished.run, kind="importances_found").delete()
    assert "What mattered" not in shown()


def test_the_api_tells_them_too(finished: ProjectRun) -> None:
    tell(finished.run, {"history": 0.4, "tip": 0.6})
    assert RunDetail.of(finished).importances == {"tip": 0.6, "history": 0.4}

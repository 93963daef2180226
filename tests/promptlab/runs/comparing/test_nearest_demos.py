"""Demos that are chosen for each input are shown as what they are, on every page of a run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape

import pytest
from django.test import Client

from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.demo import Choosing, DemoPool, NearestDemos, PooledDemo
from optimizer.models import Candidate as CandidateRow
from optimizer.models import Outcome, RunEvent
from optimizer.running.prompts import prompts_of, to_row
from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun
from tests.promptlab.approving import approve
from tests.promptlab.runs.scene import Scene, play

ClientOf = Callable[[User], Client]
RUN = "/p/support-triage/runs/1/"


@pytest.fixture
def searched(scene: Scene) -> ProjectRun:
    """A run that had ways to choose demos for each input among its choices."""
    settings = replace(scene.run_request().settings, demo_sets=2, nearest_demos=4)
    return play(scene.start(optimizer="bayesian_bootstrap", settings=settings))


@pytest.fixture
def chosen(searched: ProjectRun) -> CandidateRow:
    """A candidate whose second module chooses its demos."""
    rows = CandidateRow.objects.filter(run=searched.run, number__gt=0).order_by("number")
    return next(row for row in rows if isinstance(nearest_of(row), NearestDemos))


def nearest_of(row: CandidateRow) -> NearestDemos:
    return prompts_of(row).modules["classify_intent"].demos  # type: ignore[return-value]


def told(demos: NearestDemos) -> str:
    return f"For each input: the {demos.k} most alike of {len(demos.pool.demos)} "


def texts(html: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


def opened(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_run_tells_ways_to_choose_demos_from_demo_sets(
    searched: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    page = opened(client_of(carol), RUN)
    events = RunEvent.objects.filter(run=searched.run, kind="demo_set_found")
    ways = [e.data for e in events if isinstance(e.data["demos"], dict)]
    assert ways
    for way in ways:
        assert f"{RUN}demo-sets/{way['module']}/{way['index']}/" in page
    assert re.search(r"4 nearest demos of \d+ \(\d+ written by the model\)", texts(page))
    assert "nearest demos that differ, of" in texts(page)


def test_a_candidate_says_how_its_demos_are_chosen_and_out_of_what(
    chosen: CandidateRow, carol: User, client_of: ClientOf
) -> None:
    demos = nearest_of(chosen)
    page = opened(client_of(carol), f"{RUN}candidates/{chosen.number}/")
    shown = texts(page)
    assert told(demos) in shown
    assert "Demos are chosen for each input; before, they were the same for all." in shown
    assert f"row {demos.pool.demos[0].example}, " in shown
    assert f"{RUN}candidates/{chosen.number}/demos/classify_intent/" in page


def test_the_pool_is_paged_and_can_be_searched(
    chosen: CandidateRow, carol: User, client_of: ClientOf
) -> None:
    large = _with_pool(chosen, 120)
    client, here = client_of(carol), f"{RUN}candidates/{chosen.number}/demos/classify_intent/"
    candidate = opened(client, f"{RUN}candidates/{chosen.number}/")
    first, last = opened(client, here), opened(client, f"{here}?page=3")
    found = opened(client, f"{here}?q=PARCEL 77 ")
    by_row = opened(client, f"{here}?q=t5")
    assert candidate.count('<article class="demo') < 2 * 20 + 10  # of 120
    assert first.count('<article class="demo') == 50
    assert last.count('<article class="demo') == 20
    assert f"row {large.demos[119].example}, from the data" in texts(last)
    assert found.count('<article class="demo') == 1
    assert "Parcel 77 is late" in found
    assert by_row.count('<article class="demo') == 1
    assert "No demo matches" in opened(client, f"{here}?q=xyzzy")


def _with_pool(row: CandidateRow, size: int, **changes: object) -> DemoPool:
    """Give a candidate's second module another pool."""
    values = {"clues": "late", "intent": "delivery"}
    made = (
        PooledDemo({"message": f"Parcel {n} is late", **values}, False, f"t{n}", f"k{n}")
        for n in range(size)
    )
    pool = DemoPool(("message", "clues"), tuple(made))
    prompts = prompts_of(row)
    prompt = prompts.modules["classify_intent"]
    demos = replace(nearest_of(row), pool=pool, **changes)  # type: ignore[arg-type]
    modules = prompts.modules | {"classify_intent": replace(prompt, demos=demos)}
    row.prompts = to_row(Candidate(modules))
    row.save()
    return pool


def test_a_comparison_says_what_changed_in_the_choice_and_which_rows_came(
    searched: ProjectRun, chosen: CandidateRow, carol: User, client_of: ClientOf
) -> None:
    other = CandidateRow.objects.filter(run=searched.run).exclude(pk=chosen.pk).last()
    assert other is not None
    other.prompts = chosen.prompts
    _with_pool(chosen, 30, k=4, choosing=Choosing.NEAREST)
    _with_pool(other, 33, k=8, choosing=Choosing.BALANCED, label="intent")
    page = opened(client_of(carol), f"{RUN}compare/?c={chosen.number},{other.number}")
    shown = texts(page)
    assert "Demos for each input: 4 → 8." in shown
    assert "Another pool: 30 → 33 demos to choose from, 3 added, 0 taken out." in shown
    assert "Of each “intent” the nearest by turns" in shown
    assert "Parcel 32 is late" in shown
    back = texts(opened(client_of(carol), f"{RUN}compare/?c={chosen.number},0"))
    assert "Demos are the same for every input; before, the 4 most alike of 30." in back


def test_an_example_says_which_rows_of_the_pool_its_prompt_shows(
    chosen: CandidateRow, carol: User, client_of: ClientOf
) -> None:
    trial = chosen.trials.exclude(exchange=None).first()
    assert trial is not None
    example = Outcome.objects.filter(exchange=trial.exchange_id, error="").values_list("example")[0]
    page = opened(client_of(carol), f"{RUN}examples/{example[0]}/?c={chosen.number}")
    rows = {demo.example for demo in nearest_of(chosen).pool.demos}
    shown = re.findall(r"demo \d+, row (\w+) of the pool", page)
    assert len(shown) >= nearest_of(chosen).k
    assert set(shown) <= rows
    assert "Demos chosen for this input, the best match last: rows" in page


def test_a_version_shows_and_carries_the_choice(
    searched: ProjectRun, chosen: CandidateRow, bob: User, carol: User, client_of: ClientOf
) -> None:
    version = approve(searched, chosen, bob, "Fine.")
    place = f"/p/support-triage/versions/{version.program_id}/{version.number}/"
    page = opened(client_of(carol), place)
    assert told(nearest_of(chosen)) in texts(page)
    assert f"{place}demos/classify_intent/" in page
    assert "Pool to choose from" in opened(client_of(carol), f"{place}demos/classify_intent/")


def test_nobody_outside_sees_a_pool(chosen: CandidateRow, dave: User, client_of: ClientOf) -> None:
    for rest in (f"candidates/{chosen.number}/demos/classify_intent/", "demo-sets/find_clues/1/"):
        assert client_of(dave).get(f"{RUN}{rest}").status_code == 404


@pytest.mark.parametrize(
    "rest", ["candidates/0/demos/nobody/", "candidates/99/demos/find_clues/",
             "demo-sets/find_clues/99/", "demo-sets/nobody/0/"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(
    searched: ProjectRun, rest: str, carol: User, client_of: ClientOf
) -> None:
    assert client_of(carol).get(f"{RUN}{rest}").status_code == 404

"""The page of a race: many blocks of few candidates, and a baseline that may be scored last."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape

import pytest
from django.test import Client

from optimizer.core.conversation.spec import Effort, Settings
from optimizer.models import Run, Trial
from promptlab.accounts.models import Project, User
from promptlab.runs.models import ProjectRun
from promptlab.runs.queries import project_run_of
from promptlab.runs.results import board as boards
from promptlab.runs.results.candidate_table import contenders, so_far
from promptlab.runs.results.state import read_state
from promptlab.runs.watching.page import RunPage
from promptlab.ui.parameters import Parameters
from tests.promptlab.runs.scene import Scene, play, set_scene

ClientOf = Callable[[User], Client]
ROOMY = Settings(
    effort=Effort.CUSTOM, instructions=3, demo_sets=3, max_bootstrapped_demos=2,
    max_labeled_demos=1, trials=40, minibatch_size=10, max_validation=40, rounds=1,
)  # fmt: skip
TIGHT = replace(ROOMY, trials=20, max_validation=100, rounds=0)


def race(scene: Scene, settings: Settings = ROOMY, **played: int) -> ProjectRun:
    return play(scene.start(optimizer="racing", settings=settings), **played)


def read(project_run: ProjectRun, **query: str) -> RunPage:
    return RunPage(
        read_state(project_run_of(project_run.project, project_run.number)), Parameters(query)
    )


def html_of(client: Client, project_run: ProjectRun, query: str = "") -> str:
    answer = client.get(f"/p/support-triage/runs/{project_run.number}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def texts(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def part(html: str, start: str, end: str) -> str:
    return html[html.index(f'id="{start}"') : html.index(f'id="{end}"')]


@pytest.fixture
def raced(scene: Scene) -> ProjectRun:
    return race(scene)


@pytest.fixture
def wide(project: Project, erin: User) -> Scene:
    """A hundred validation examples: more than a small race can score everywhere."""
    return set_scene(project, erin, examples=250)


def test_candidates_come_first_and_each_once(
    raced: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    html = html_of(client_of(carol), raced)
    table = part(html, "run-trials", "run-choices")
    assert texts(table[: table.index("</h2>")]).endswith("Candidates")
    numbers = re.findall(r'<tr id="c(\d+)"', table)
    tried = Trial.objects.filter(run=raced.run).values("candidate").distinct().count()
    assert len(numbers) == len(set(numbers)) == tried
    assert int(numbers[0]) == raced.run.best_candidate.number
    assert "All are scored on the same examples" in table
    full = sum(one.full for one in read(raced).table.all_contenders)
    kpis = texts(part(html, "run-kpis", "run-verdict"))
    assert f"{full} fully scored of {tried} candidates" in kpis


def test_a_candidate_is_what_all_its_examples_say(raced: ProjectRun) -> None:
    page = read(raced)
    for one in page.table.all_contenders:
        mine = [
            t
            for t in (page.state.board.first, *page.state.board.trials)
            if t and t.candidate == one.number
        ]
        assert one.blocks == sum(not t.full for t in mine)
        assert one.n <= one.of == 40
        assert one.low <= one.mean <= one.high
        if one.full:
            full = [t for t in mine if t.full][-1]
            assert one.mean == pytest.approx(full.score)
            assert one.n == 40 - full.errors
        if one.number == 0:
            assert one.change is None
    assert page.table.all_contenders[0].best


def test_blocks_are_marked_at_the_mean_so_far(raced: ProjectRun) -> None:
    page = read(raced)
    means = so_far(page.state.board)
    for mark in page.search.chart.mini:
        assert (mark.trial.score, mark.trial.examples) == means[mark.trial.number]
        assert mark.trial.faint == (mark.trial.examples <= 10)
    last = {t.candidate: t.number for t in page.state.board.minibatches}
    for one in page.table.all_contenders:
        if not one.full and one.number:
            mean, examples = means[last[one.number]]
            assert (examples, mean) == (one.n, pytest.approx(one.mean))


def test_all_trials_are_a_click_away(raced: ProjectRun, carol: User, client_of: ClientOf) -> None:
    html = html_of(client_of(carol), raced, "?trials=all")
    table = part(html, "run-trials", "run-choices")
    assert len(re.findall(r'<tr id="t\d+"', table)) == len(read(raced).state.board.trials)
    assert "made of its candidate's blocks" in texts(table)


def test_the_bar_counts_blocks_and_a_finished_race_promises_no_more(
    raced: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    blocks = Trial.objects.filter(run=raced.run, full=False).count()
    html = html_of(client_of(carol), raced)
    assert f"Block {blocks} / {blocks}" in texts(part(html, "run-state", "run-phases"))
    assert f"Search , done {blocks} blocks" in texts(part(html, "run-phases", "run-kpis"))


def test_what_is_found_during_the_race_joins_the_rest(
    raced: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    began = raced.run.events.get(kind="phase_started", data__phase="search").seq
    later = raced.run.events.filter(seq__gt=began)
    written = later.filter(kind="instruction_proposed")
    assert written.exists()
    html = html_of(client_of(carol), raced)
    found = part(html, "run-found", "run-log")
    for event in written:
        assert f'id="found-{event.data["module"]}-i{event.data["index"]}"' in found
    all_written = raced.run.events.filter(kind="instruction_proposed", data__index__gt=0).count()
    assert f"{all_written} written" in texts(part(html, "run-phases", "run-kpis"))
    assert "As the race sees it" in texts(part(html, "run-importances", "run-costs"))


def test_the_best_line_ends_at_the_best_of_the_run(raced: ProjectRun) -> None:
    page = read(raced)
    assert page.result.best is not None
    assert page.search.chart.best == pytest.approx(page.result.best.mean)


# --- A tight budget: the baseline is scored in part until the end -------------------------------


@pytest.fixture(params=[1, 3, 8, 14])
def under_way(request: pytest.FixtureRequest, wide: Scene) -> ProjectRun:
    return race(wide, TIGHT, until=request.param)


def test_a_baseline_scored_in_part_is_told_as_that(
    under_way: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    page = read(under_way)
    assert page.baseline_n
    assert page.result.baseline is not None
    n = page.result.baseline.n
    assert 0 < n < 100
    html = html_of(client_of(carol), under_way)
    shown = texts(part(html, "run-kpis", "run-verdict"))
    assert re.search(rf"baseline ±[\d.]+, on {n} of 100 examples", shown)
    assert f", n = {n}" in texts(part(html, "run-score", "run-trials"))  # beside the dashed line
    for view in ("?trials=all", "?trials=full", "?trials=best"):
        html_of(client_of(carol), under_way, view)
    for one in page.table.all_contenders:
        assert one.number == 0 or one.change is None or one.n <= 100


def test_changes_stand_on_shared_examples_only(under_way: ProjectRun) -> None:
    page = read(under_way)
    tables = {}
    for one in page.table.all_contenders:
        exchanges = Trial.objects.filter(run=under_way.run, candidate__number=one.number)
        tables[one.number] = {
            o.example: o.score
            for t in exchanges.filter(scored_at__isnull=False)
            for o in t.exchange.outcomes.all()
            if o.score is not None
        }
    for one in page.table.all_contenders:
        shared = tables[one.number].keys() & tables[0].keys()
        if one.number and shared:
            gains = [tables[one.number][e] - tables[0][e] for e in shared]
            assert one.change == pytest.approx(sum(gains) / len(gains))
        elif one.number:
            assert one.change is None
    for row in boards.with_changes(page.state.run, page.state.board, page.state.board.trials):
        if row.full and row.candidate:
            one = next(c for c in page.table.all_contenders if c.number == row.candidate)
            assert row.change == pytest.approx(one.change)


def test_a_tight_race_ends_with_a_baseline_on_all_examples(
    wide: Scene, carol: User, client_of: ClientOf
) -> None:
    project_run = race(wide, TIGHT)
    page = read(project_run)
    assert project_run.run.status == "finished"
    assert not page.baseline_n
    assert page.result.baseline is not None
    assert page.result.baseline.n >= 98  # a call may have failed
    assert page.result.best is not None
    assert page.result.best.n >= 98
    if page.result.best_number:
        assert page.result.comparison is not None
        assert page.result.comparison.n >= 96
    shown = texts(part(html_of(client_of(carol), project_run), "run-kpis", "run-verdict"))
    assert f"n = {page.result.baseline.n}" in shown
    assert not re.search(r"baseline ±[\d.]+, on", shown)


def test_a_budget_that_ends_early_keeps_what_is_known_of_the_baseline(
    wide: Scene, carol: User, client_of: ClientOf
) -> None:
    settings = replace(TIGHT, instructions=1)
    project_run = wide.start(optimizer="racing", settings=settings)
    project_run = play(project_run, calls=460)
    assert Run.objects.get(pk=project_run.run_id).stop_reason == "budget"
    page = read(project_run)
    assert page.result.baseline is not None
    assert page.result.baseline.n < 100
    client = client_of(carol)
    shown = texts(html_of(client, project_run))
    assert re.search(rf"baseline ±[\d.]+, on {page.result.baseline.n} of 100 examples", shown)
    if page.result.best_number:
        assert client.get(f"{page.path}compare/?c=0,{page.result.best_number}").status_code == 200
    if page.result.comparison is not None:
        assert page.result.comparison.n <= page.result.baseline.n
        assert f"on the same {page.result.comparison.n}" in shown


def test_a_run_of_another_optimizer_can_be_seen_by_candidate_too(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    html = html_of(client_of(carol), finished, "?trials=candidates")
    table = part(html, "run-trials", "run-choices")
    assert "Minibatches" in texts(table)
    page = read(finished)
    rows = contenders(
        page.state.run, page.state.board, page.result.best_number, page.state.scorable
    )
    assert len(re.findall(r'<tr id="c\d+"', table)) == len(rows)


def test_the_log_calls_a_block_a_block_and_says_of_how_many_examples(raced: ProjectRun) -> None:
    said = [line.text for line in read(raced).log]
    assert any(
        re.search(r"block of (candidate \d+|the baseline): [\d.]+ on \d+ examples", text)
        for text in said
    )
    assert not any("minibatch" in text for text in said)


def test_a_run_of_full_evaluations_speaks_of_no_minibatches(
    scene: Scene, carol: User, client_of: ClientOf
) -> None:
    settings = replace(ROOMY, trials=2, minibatch_size=10)
    project_run = play(scene.start(optimizer="module_opro", settings=settings))
    assert not read(project_run).state.has_minibatches
    shown = texts(html_of(client_of(carol), project_run))
    assert "minibatches of" not in shown
    assert "40 examples scored" in shown
    assert "labelled demos" not in shown

"""One candidate, several side by side, one example in full, and trying one."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from optimizer.codec import from_json
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.render import render
from optimizer.models import Candidate as CandidateRow
from optimizer.models import Outcome, Run, Trial
from promptlab.accounts.models import User
from promptlab.programs.models import Program
from promptlab.runs.models import ProjectRun
from promptlab.runs.queries import spec_of
from tests.promptlab.runs.scene import Scene

ClientOf = Callable[[User], Client]


@pytest.fixture
def best(finished: ProjectRun) -> CandidateRow:
    found = finished.run.best_candidate
    assert found is not None
    assert found.number > 0
    return found


def texts(html: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


def opened(client: Client, project_run: ProjectRun, rest: str) -> str:
    answer = client.get(f"/p/support-triage/runs/{project_run.number}/{rest}")
    assert answer.status_code == 200
    return answer.content.decode()


def scores(project_run: ProjectRun, number: int) -> dict[str, float]:
    trial = Trial.objects.filter(run=project_run.run, candidate__number=number, full=True).last()
    assert trial is not None
    found = Outcome.objects.filter(exchange=trial.exchange_id, score__isnull=False)
    return dict(found.values_list("example", "score"))


def test_a_candidate_shows_its_evidence_prompts_and_trials(
    finished: ProjectRun, best: CandidateRow, carol: User, client_of: ClientOf
) -> None:
    page = opened(client_of(carol), finished, f"candidates/{best.number}/")
    shown = texts(page)
    assert f"Candidate {best.number}" in shown
    assert "Its trials" in shown
    assert "<ins>" in page  # the instruction, word by word
    assert "+ added" in shown  # its demos, as a set
    acts = page.index('class="acts"')
    assert "Review" not in page[acts : page.index("</div>", acts)]


def test_an_example_has_one_name_wherever_it_stands(
    finished: ProjectRun, best: CandidateRow, carol: User, client_of: ClientOf
) -> None:
    """That of the dataset's row: what a link says is the title of what it opens."""
    client = client_of(carol)
    assert finished.dataset is not None
    keys = set(finished.dataset.examples.values_list("key", flat=True))
    other = Trial.objects.filter(run=finished.run, full=True).exclude(candidate=best)
    third = other.exclude(candidate__number=0)[0].candidate.number
    for rest in (f"compare/?c=0,{best.number}&show=all", f"candidates/{best.number}/?show=all"):
        page = opened(client, finished, rest)
        links = re.findall(r'<a href="([^"]*/examples/[^"]*)">(\d+)</a>', page)
        assert links
        for url, name in links[:3]:
            assert name in keys
            assert f"<h1>Example {name}</h1>" in client.get(unescape(url)).content.decode()
    matrix = opened(client, finished, f"compare/?c=0,{best.number},{third}&show=all")
    row = r'<tr data-step>\s*<td class="r">(\d+)</td>.*?href="([^"]*/examples/[^"]*)"'
    rows = re.findall(row, matrix, re.S)
    assert rows
    for name, url in rows[:3]:
        assert f"<h1>Example {name}</h1>" in client.get(unescape(url)).content.decode()


def test_a_candidate_has_one_name_wherever_it_stands(
    finished: ProjectRun, best: CandidateRow, carol: User, client_of: ClientOf
) -> None:
    client, run = client_of(carol), f"/p/support-triage/runs/{finished.number}/"
    pages = ("", "?trials=candidates", "?trials=best", f"compare/?c=0,{best.number}")
    for rest in pages:
        page = opened(client, finished, rest)
        found = re.findall(rf'<a [^>]*href="{run}candidates/(\d+)/"[^>]*>([^<]*)</a>', page)
        assert found
        for number, name in found:
            called = unescape(name).strip().removeprefix("Candidate ")
            assert called == number or (number == "0" and called.lower() == "baseline")
    made = texts(opened(client, finished, f"candidates/{best.number}/"))
    assert re.search(r"\w+: (instruction \d+|demo set [a-z]+)", made)


def test_the_baseline_has_a_page_too(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    shown = texts(opened(client_of(carol), finished, "candidates/0/"))
    assert "Baseline" in shown
    assert "List what the {message} is about." in shown


def test_wins_losses_and_ties_are_those_of_the_rows(
    finished: ProjectRun, best: CandidateRow, carol: User, client_of: ClientOf
) -> None:
    before, after = scores(finished, 0), scores(finished, best.number)
    shared = [(before[e], after[e]) for e in before if e in after]
    won, lost = sum(b > a for a, b in shared), sum(b < a for a, b in shared)
    shown = texts(opened(client_of(carol), finished, f"compare/?c=0,{best.number}"))
    assert f"▲ {won} won" in shown
    assert f"▼ {lost} lost" in shown
    assert f"Disagreements {won + lost}" in shown
    assert f"Regressions {lost}" in shown


def test_examples_can_be_narrowed_in_the_address(
    finished: ProjectRun, best: CandidateRow, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)

    def outcomes(show: str) -> set[str]:
        page = opened(client, finished, f"compare/?c=0,{best.number}&show={show}")
        examples = page[page.index('id="examples"') :]
        return set(re.findall(r'class="outcome (\w+)"', examples))

    assert outcomes("disagreements") <= {"win", "loss"}
    assert outcomes("regressions") <= {"loss"}
    assert "tie" in outcomes("all")


def test_several_candidates_become_a_matrix(
    finished: ProjectRun, carol: User, client_of: ClientOf,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    client = client_of(carol)
    with django_assert_max_num_queries(15):
        page = opened(client, finished, "compare/?c=0,1,2,3,4,5&show=all")
    assert 'class="data mat"' in page
    shown = texts(page)
    assert "Compare 6 candidates" in shown
    assert re.search(r"(Better than|Not told apart from) the baseline: \d", shown)


def test_no_more_than_six_and_only_those_that_exist(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    many = texts(opened(client, finished, "compare/?c=0,1,2,3,4,5,6,7,8"))
    assert "Compare 6 candidates" in many
    some = texts(opened(client, finished, "compare/?c=0,999"))
    assert "Compare 1 candidate " in some
    url = f"/p/support-triage/runs/{finished.number}/"
    assert client.get(f"{url}compare/?c=998,999").status_code == 404
    assert client.get(f"{url}candidates/999/").status_code == 404


def test_candidates_are_added_and_left_out_by_the_address(
    finished: ProjectRun, best: CandidateRow, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    page = opened(client, finished, "compare/?c=0,1")
    offered = re.findall(r'<option value="(\d+)">', page)
    assert str(best.number) in offered or best.number == 1
    assert not {"0", "1"} & set(offered)
    three = opened(client, finished, f"compare/?c=0,1&add={offered[0]}&show=all")
    assert "Compare 3 candidates" in texts(three)
    left = re.findall(r'href="\?([^"]*)"\s+aria-label="Leave out Candidate 1"', three)
    assert [unescape(query) for query in left] == [f"c=0,{offered[0]}&show=all"]


def test_an_example_shows_every_message_as_it_was_said(
    finished: ProjectRun, best: CandidateRow, carol: User, client_of: ClientOf
) -> None:
    trial = Trial.objects.filter(candidate=best, full=True).last()
    assert trial is not None
    outcome = Outcome.objects.filter(exchange=trial.exchange_id, score__isnull=False).first()
    assert outcome is not None
    page = opened(client_of(carol), finished, f"examples/{outcome.example}/?c=0,{best.number}")
    program = spec_of(finished.run).program
    candidate = from_json(Candidate, best.prompts)
    for call in outcome.data["trace"]:
        module = program.module(call["module"])
        for message in render(module, candidate.modules[module.name], call["inputs"]).messages:
            assert texts(message.content.replace("<", "&lt;")) in texts(page)
        assert texts(call["reply"]) in texts(page)


def test_examples_are_walked_within_the_filter(
    finished: ProjectRun, best: CandidateRow, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    page = opened(client, finished, f"compare/?c=0,{best.number}")
    first = re.search(r'href="(/p/[^"]*/examples/[^"]*)"', page)
    assert first is not None
    example = client.get(unescape(first.group(1))).content.decode()
    assert 'rel="prev"' not in example
    following = re.search(r'rel="next" href="([^"]*)"', example)
    assert following is not None
    assert "show=disagreements" in following.group(1)
    assert client.get(unescape(following.group(1))).status_code == 200


def test_an_example_of_another_run_is_not_found(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    url = f"/p/support-triage/runs/{finished.number}/examples/nowhere/"
    assert client_of(carol).get(url).status_code == 404


def test_an_editor_tries_a_candidate_with_its_own_prompts(
    scene: Scene, finished: ProjectRun, best: CandidateRow, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    url = f"/p/support-triage/runs/{finished.number}/candidates/{best.number}/try/"
    assert "Run" in texts(client.get(url).content.decode())
    post = {"in-message": "Where is it?", "model": f"{scene.provider.pk}:scripted-1"}
    answer = client.post(url, post)
    assert answer.status_code == 302
    tryout = Run.objects.filter(task=Run.Task.EVALUATE).get()
    assert tryout.spec["candidates"] == [best.prompts]
    shown = client.get(answer["Location"]).content.decode()
    assert f"/tryouts/{tryout.pk}/" in shown  # asked for again while it waits


def test_the_form_of_a_try_keeps_the_model_and_what_was_typed(
    scene: Scene, finished: ProjectRun, best: CandidateRow, erin: User, client_of: ClientOf
) -> None:
    client, other = client_of(erin), f"{scene.provider.pk}:scripted-2"
    url = f"/p/support-triage/runs/{finished.number}/candidates/{best.number}/try/"
    answer = client.post(f"{url}?dataset=", {"in-message": "Where is it?", "model": other})
    for address in (answer["Location"], f"{url}?row=2&model={other}"):  # the latter asks for a row
        assert f'value="{other}" selected' in client.get(address).content.decode()
    assert "Where is it?</textarea>" in client.get(answer["Location"]).content.decode()


def test_a_viewer_cannot_call_a_model(
    finished: ProjectRun, best: CandidateRow, carol: User, client_of: ClientOf
) -> None:
    url = f"/p/support-triage/runs/{finished.number}/candidates/{best.number}/try/"
    assert client_of(carol).post(url, {"in-message": "x"}).status_code == 403
    assert not Run.objects.filter(task=Run.Task.EVALUATE).exists()


def test_a_candidate_opens_as_a_program(
    finished: ProjectRun, best: CandidateRow, erin: User, client_of: ClientOf
) -> None:
    here = f"/p/support-triage/runs/{finished.number}/candidates/{best.number}/open/"
    answer = client_of(erin).post(here)
    assert answer.status_code == 302
    made = Program.objects.latest("pk")
    assert answer["Location"].endswith(f"/programs/{made.pk}/")
    assert made.name == f"Support triage, run {finished.number}, {best.number}"
    found = baseline_of(made.core)
    assert found.digest == best.digest
    client_of(erin).post(here)
    assert Program.objects.latest("pk").name == f"{made.name} 2"

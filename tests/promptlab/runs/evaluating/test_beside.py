"""Candidates scored beside those of an ended run: edited by hand, fully, on the sealed test."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import Demo, fixed_of
from optimizer.models import Run
from optimizer.running import snapshots
from optimizer.running.prompts import prompts_of
from promptlab.accounts.models import User
from promptlab.reviews import packets
from promptlab.runs.models import ProjectRun
from promptlab.runs.queries import ListFilter, filtered, project_runs
from tests.promptlab.runs.new_run_form import Post, attribute, texts, values_in
from tests.promptlab.runs.scene import Scene, play

ClientOf = Callable[[User], Client]


def path(run: ProjectRun, candidate: int, what: str = "") -> str:
    return f"/p/support-triage/runs/{run.number}/candidates/{candidate}/{what}"


def best_of(run: ProjectRun) -> int:
    found = Run.objects.select_related("best_candidate").get(pk=run.run_id).best_candidate
    assert found is not None
    return found.number


def posted(html: str) -> Post:
    """What a browser would send if one pressed the button at once."""
    form = html[html.index('id="edit-form"') :]
    found: Post = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, kind = attribute(tag, "name"), attribute(tag, "type")
        if name and (kind != "checkbox" or " checked" in tag):
            found[name] = attribute(tag, "value")
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name] = text.removeprefix("\n")
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen.group(1) if chosen else ""
    found.pop("csrfmiddlewaretoken", None)
    return {name: unescape(value) for name, value in found.items()}


def latest() -> ProjectRun:
    return ProjectRun.objects.select_related("run").latest("number")


def test_an_edit_becomes_a_candidate_of_the_same_run_scored_beside_the_others(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client, best = client_of(erin), best_of(finished)
    count = finished.run.candidates.count()
    form = posted(client.get(path(finished, best, "edit/")).content.decode())
    form["instruction:classify_intent"] = "Name the intent of the {message}, given the {clues}."
    answer = client.post(path(finished, best, "edit/"), form)
    evaluation = latest()
    assert answer["Location"] == f"/p/support-triage/runs/{evaluation.number}/"
    assert (evaluation.origin, evaluation.origin_candidate) == (finished, best)
    assert finished.edits.get().by == erin
    play(evaluation)
    made = finished.run.candidates.get(number=count)
    prompts = prompts_of(made)
    assert prompts.modules["classify_intent"].instruction == form["instruction:classify_intent"]
    assert made.trials.get().full
    page = texts(client.get(path(finished, count)).content.decode())
    assert f"Edited by hand by Erin from candidate {best}" in page
    compared = f"/p/support-triage/runs/{finished.number}/compare/?c={best},{count}"
    assert client.get(compared).status_code == 200


def with_demos(run: ProjectRun) -> tuple[int, str, tuple[Demo, ...]]:
    """The best candidate, and its module with the most demos."""
    best = best_of(run)
    before = prompts_of(run.run.candidates.get(number=best))
    module, prompt = max(before.modules.items(), key=lambda item: len(fixed_of(item[1].demos)))
    assert len(fixed_of(prompt.demos)) >= 2
    return best, module, fixed_of(prompt.demos)


def test_demos_are_left_out_reordered_and_rewritten(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    best, module, demos = with_demos(finished)
    here = path(finished, best, "edit/")
    form = posted(client.get(here).content.decode())
    form = posted(client.post(here, form | {"up": f"demos-{module}-1"}).content.decode())
    form = posted(client.post(here, form | {"remove": f"demos-{module}-0"}).content.decode())
    form[f"demos-{module}-0-message"] = "Where is it, says somebody?"
    client.post(here, form)
    (given,) = snapshots.thaw(latest().run).given
    rewritten = Demo({**demos[0].values, "message": "Where is it, says somebody?"})
    assert fixed_of(given.modules[module].demos) == (rewritten, *demos[2:])


def test_a_training_row_becomes_a_demo_and_one_that_is_none_is_refused(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client, here = client_of(erin), path(finished, 0, "edit/")
    (row, *_more) = snapshots.thaw(finished.run).train
    form = posted(client.get(here).content.decode())
    wish = {"row": "classify_intent", "row-classify_intent": row.id}
    form = posted(client.post(here, form | wish).content.decode())
    assert form["demos-classify_intent-0-message"] == row.inputs["message"]
    assert form["demos-classify_intent-0-intent"] == row.expected["intent"]
    client.post(here, form)
    (given,) = snapshots.thaw(latest().run).given
    assert given.modules["classify_intent"].demos == (Demo({**row.inputs, **row.expected}),)
    (sealed, *_more) = snapshots.thaw(finished.run).test
    wish["row-classify_intent"] = sealed.id
    assert "no such row in the training split" in texts(
        client.post(here, form | wish).content.decode()
    )


def test_what_is_typed_is_a_draft_until_it_is_scored_or_thrown_away(
    finished: ProjectRun, erin: User, alice: User, client_of: ClientOf
) -> None:
    client, here = client_of(erin), path(finished, 0, "edit/")
    form = posted(client.get(here).content.decode())
    form["instruction:classify_intent"] = "Name what they\u3000want."
    assert client.post(f"{here}?draft=1", form).status_code == 204
    html = client.get(here).content.decode()
    assert "Your draft of" in html
    assert posted(html) == form
    assert "Your draft" not in client_of(alice).get(here).content.decode()
    client.post(here, {"discard": "1"})
    assert "Your draft" not in client.get(here).content.decode()
    client.post(here, form)
    assert latest() != finished
    assert "Your draft" not in client.get(here).content.decode()


def test_what_changes_is_shown_before_it_is_scored(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    best, module, _demos = with_demos(finished)
    here = path(finished, best, "edit/")
    form = posted(client.get(here).content.decode())
    assert "Nothing yet." in client.post(here, form | {"look": "1"}).content.decode()
    form["instruction:classify_intent"] = "Name the intent quickly."
    html = client.post(here, form | {"remove": f"demos-{module}-0"}).content.decode()
    html = client.post(here, posted(html) | {"look": "1"}).content.decode()
    told = texts(html[html.index('id="changes"') :])
    assert "quickly" in told
    assert "removed" in told
    assert "tokens of prompt" in told
    assert latest() == finished


def test_what_was_not_changed_leads_to_the_candidate_that_it_is(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client, best = client_of(erin), best_of(finished)
    form = posted(client.get(path(finished, best, "edit/")).content.decode())
    answer = client.post(path(finished, best, "edit/"), form)
    assert answer["Location"] == path(finished, best)
    assert latest() == finished


def test_words_that_name_no_input_are_refused_and_kept(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    form = posted(client.get(path(finished, 0, "edit/")).content.decode())
    form["instruction:classify_intent"] = "x" * 20_001
    answer = client.post(path(finished, 0, "edit/"), form)
    assert answer.status_code == 422
    assert "x" * 20_001 in answer.content.decode()
    assert latest() == finished


def test_a_candidate_of_minibatches_is_evaluated_fully(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    full = finished.run.trials.filter(full=True).values("candidate")
    known = finished.run.candidates.exclude(pk__in=full).first()
    assert known is not None
    assert "Evaluate fully" in client.get(path(finished, known.number)).content.decode()
    page = client.get(path(finished, known.number, "score/"))
    assert "new calls" in texts(page.content.decode())
    client.post(path(finished, known.number, "score/"))
    play(latest())
    assert known.trials.filter(full=True).count() == 1
    assert "Evaluate fully" not in client.get(path(finished, known.number)).content.decode()


def test_a_look_of_any_candidate_at_the_sealed_test_counts(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    other = next(n for n in range(1, 9) if n != best_of(finished))
    client.post(path(finished, other, "score/") + "?test=1")
    play(latest())
    page = texts(client.get(path(finished, other)).content.decode())
    assert "Sealed test:" in page
    assert f"look 2, in run {latest().number}" in page
    scores = packets.send(
        finished, finished.run.candidates.get(number=other), erin
    ).evidence.provenance.scores
    assert scores.test is not None
    assert scores.look == 2


def test_a_search_goes_on_from_a_candidate(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client, best = client_of(erin), best_of(finished)
    new = f"/p/support-triage/runs/new/?from={finished.number}&start={finished.number}.{best}"
    html = client.get(new).content.decode()
    assert f"goes on from candidate {best} of run {finished.number}" in texts(html)
    client.post("/p/support-triage/runs/new/", values_in(html))
    made = latest()
    assert (made.origin, made.origin_candidate) == (finished, best)
    spec = snapshots.thaw(made.run)
    assert baseline_of(spec.program) == prompts_of(finished.run.candidates.get(number=best))


def test_a_candidate_that_is_not_there_starts_nothing(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    html = client.get(f"/p/support-triage/runs/new/?from={finished.number}").content.decode()
    answer = client.post("/p/support-triage/runs/new/", values_in(html) | {"start": "1.99"})
    assert answer.status_code == 422
    assert "is not there" in texts(answer.content.decode())


def test_a_run_that_goes_takes_nobody_in(
    halfway: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    page = client.post(path(halfway, 0, "score/"))
    assert page.status_code == 422
    assert "has not ended" in texts(page.content.decode())
    assert "Evaluate fully" not in client.get(path(halfway, 0)).content.decode()


def test_evaluations_have_a_list_of_their_own_and_wait_for_no_review(
    scene: Scene, finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client_of(erin).post(path(finished, 1, "score/"))
    play(latest())
    rows = project_runs(scene.project)
    assert [r.number for r in filtered(rows, ListFilter("evaluations"))] == [latest().number]
    assert [r.number for r in filtered(rows, ListFilter("waiting"))] == [finished.number]


@pytest.mark.parametrize("what", ["score/", "edit/"])
def test_viewers_change_nothing(
    finished: ProjectRun, carol: User, client_of: ClientOf, what: str
) -> None:
    assert client_of(carol).get(path(finished, 1, what)).status_code == 403


def test_who_led_when_a_cap_ended_the_run_is_offered_to_be_scored(
    scene: Scene, erin: User, client_of: ClientOf
) -> None:
    cut = play(scene.start(), calls=140)
    html = client_of(erin).get(f"/p/support-triage/runs/{cut.number}/").content.decode()
    told = re.search(r"Candidate (\d+) led when the search was cut short: \+", texts(html))
    assert told
    assert path(cut, int(told.group(1)), "score/") in html
    client_of(erin).post(path(cut, int(told.group(1)), "score/"))
    play(latest())
    html = client_of(erin).get(f"/p/support-triage/runs/{cut.number}/").content.decode()
    assert f"Candidate {told.group(1)} led" not in texts(html)


def test_a_candidate_that_is_being_scored_says_where_and_others_do_not(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    client.post(path(finished, 1, "score/"))
    pages = [texts(client.get(path(finished, n)).content.decode()) for n in (1, 2)]
    assert ["Being scored Run 2" in page for page in pages] == [True, False]
    form = posted(client.get(path(finished, 2, "edit/")).content.decode())
    form["instruction:classify_intent"] = "Name the intent, at once."
    client.post(path(finished, 2, "edit/"), form)
    assert "Being scored" not in texts(client.get(path(finished, 2)).content.decode())

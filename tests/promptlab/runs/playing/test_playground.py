"""The playground: columns of prompts on a few rows, side by side."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.core.programs.demo import fixed_of
from optimizer.core.programs.example import Example
from optimizer.models import Run
from optimizer.running import snapshots
from optimizer.running.prompts import prompts_of
from promptlab.accounts.models import User
from promptlab.accounts.roles import Role
from promptlab.runs.models import Play, ProjectRun
from promptlab.runs.playing.page import LivePlay
from promptlab.ui.parameters import Parameters
from tests import evaluations
from tests.fakes.odd_values import TEXTS
from tests.fakes.scripted_lm import ScriptedLM, always_right
from tests.promptlab.runs.new_run_form import Post, attribute, texts
from tests.promptlab.runs.scene import Scene

ClientOf = Callable[[User], Client]
HERE = "/p/support-triage/runs/playground/"


def posted(html: str) -> Post:
    """What a browser would send of the form as it is drawn."""
    form = html[html.index('id="edit-form"') : html.index('name="go"')]
    found: Post = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, kind = attribute(tag, "name"), attribute(tag, "type")
        if name and (kind != "checkbox" or " checked" in tag):
            found[name] = attribute(tag, "value")
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name] = text.removeprefix("\n")
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        first = re.search(r'<option value="([^"]*)"', options)
        found[name] = (chosen or first).group(1) if first else ""  # type: ignore[union-attr]
    found.pop("csrfmiddlewaretoken", None)
    return {name: unescape(value) for name, value in found.items()}


def form_of(client: Client, query: str = "") -> Post:
    return posted(client.get(f"{HERE}{query}").content.decode())


def best_of(run: ProjectRun) -> int:
    found = Run.objects.select_related("best_candidate").get(pk=run.run_id).best_candidate
    assert found is not None
    return found.number


def pressed(client: Client, form: Post, **button: str) -> Post:
    return posted(client.post(HERE, form | button).content.decode())


def start(client: Client, form: Post) -> Play:
    answer = client.post(HERE, form | {"go": "1"})
    assert answer.status_code == 302, texts(answer.content.decode())
    play = Play.objects.latest("pk")
    assert answer["Location"] == f"{HERE}?play={play.pk}#played"
    return play


def specs(play: Play) -> list[EvaluationSpec]:
    return [snapshots.thawed(part.run, EvaluationSpec) for part in play.parts.all()]


def answered(play: Play) -> None:
    """What workers leave behind that hold its try-outs."""
    for part in play.parts.all():
        spec = snapshots.thawed(part.run, EvaluationSpec)
        evaluations.answered(part.run, *(outcome_of(example) for example in spec.examples))


def outcome_of(example: Example) -> Outcome:
    said, intent = example.inputs["message"], example.expected.get("intent", "other")
    traces = (
        CallTrace("find_clues", "find_clues", {"message": said}, {"clues": "c"}, "c", cost=7),
        CallTrace(
            "classify_intent", "classify_intent", {"message": said, "clues": "c"},
            {"intent": intent}, "i", prompt_tokens=90, completion_tokens=9, cost=42, seconds=0.5,
        ),
    )  # fmt: skip
    return Outcome(example.id, Score(1.0, "as expected"), {"intent": intent}, traces)


def test_it_begins_with_a_program_the_first_rows_of_its_data_and_its_metric(
    scene: Scene, erin: User, client_of: ClientOf
) -> None:
    form = form_of(client_of(erin))
    assert (form["c0-what"], form["c0-model"]) == (
        f"p{scene.program.pk}", f"{scene.provider.pk}:scripted-1"
    )  # fmt: skip
    assert form["c0-instruction:find_clues"] == "List what the {message} is about."
    assert form["rows"] == "3"
    assert form["metric"] == str(scene.metric.pk)
    page = texts(client_of(erin).get(HERE).content.decode())
    assert "At most 6 new calls, $0." in page  # two steps, three rows
    assert "Never more than $0." in page


def test_a_candidate_is_tried_beside_the_program_with_a_model_of_its_own(
    scene: Scene, finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client, best = client_of(erin), best_of(finished)
    form = form_of(client, f"?add=1.{best}")
    assert (form["c0-what"], form["c1-what"]) == (f"p{scene.program.pk}", f"1.{best}")
    form |= {
        "c1-model": f"{scene.provider.pk}:scripted-2",
        "c1-instruction:classify_intent": "Name the intent of the {message} by {clues}.",
    }
    play = start(client, form)
    first, second = specs(play)
    assert [spec.task_models[0].model for spec in (first, second)] == ["scripted-1", "scripted-2"]
    (given,) = second.candidates
    assert given.modules["classify_intent"].instruction.startswith("Name the intent of the {m")
    assert first.examples == second.examples
    assert [told["edited"] for told in play.columns] == [False, True]
    answered(play)
    page = texts(client.get(f"{HERE}?play={play.pk}").content.decode())
    assert f"2 · run 1, candidate {best} edited" in page
    assert "mean of 3 rows" in page
    assert "Name the intent of the" in page  # as it was sent
    assert "scripted-2" in page


def test_columns_are_copied_varied_and_removed_and_four_are_the_most(
    scene: Scene, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    form = form_of(client) | {"c0-instruction:find_clues": "Of what is {message}?"}
    for n in (2, 3, 4):
        form = pressed(client, form, column="add")
        assert form["columns"] == str(n)
        assert form[f"c{n - 1}-instruction:find_clues"] == "Of what is {message}?"
    assert "Add a column" not in client.post(HERE, form).content.decode()
    form |= {"c3-instruction:find_clues": "The last of {message}."}
    form = pressed(client, form, column="remove-1")
    assert form["columns"] == "3"
    assert form["c2-instruction:find_clues"] == "The last of {message}."
    assert not any(name.startswith("c3-") for name in form)


def test_rows_are_typed_named_or_taken_from_what_failed(
    scene: Scene, finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    form = form_of(client)
    for _ in range(3):
        form = pressed(client, form, line="remove-0")
    assert form["rows"] == "0"
    refused = client.post(HERE, form | {"go": "1"})
    assert refused.status_code == 422
    assert "Add a row to try the prompts on" in refused.content.decode()
    form = pressed(client, form, line="typed")
    form |= {"r0-in-message": "My parcel is late", "r0-want-intent": "delivery"}
    form = pressed(client, form | {"from_row": "5"}, line="row")
    fifth = scene.dataset.examples.order_by("position")[4]
    assert form["r1-key"] == f"{scene.dataset.pk}:{fifth.key}"
    assert (
        "There is no such row"
        in client.post(
            HERE, form | {"from_row": "no such", "line": "row"}, follow=True
        ).content.decode()
    )
    form = pressed(client, form | {"from_run": "1"}, line="failures")
    assert int(form["rows"]) > 2
    spec = specs(start(client, form))[0]
    assert spec.examples[0].inputs == {"message": "My parcel is late"}
    assert spec.examples[0].expected == {"intent": "delivery"}
    assert spec.examples[1].id == fifth.key
    failed = client.get(f"{HERE}?failed=1").content.decode()
    assert posted(failed)["rows"] == form["rows"]


def test_what_is_not_known_to_be_right_is_answered_and_not_scored(
    scene: Scene, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    form = pressed(client, form_of(client), line="typed")
    play = start(client, form | {"r3-in-message": "Hm, order 7?"})
    scored, asked = specs(play)
    assert (len(scored.examples), len(asked.examples)) == (3, 1)
    assert (scored.metric is None, asked.metric is None) == (False, True)
    answered(play)
    page = texts(client.get(f"{HERE}?play={play.pk}").content.decode())
    assert "mean of 3 rows" in page
    assert "Row 4 · typed-4" in page


def test_what_was_typed_survives_a_refusal_and_leaving_the_page(
    scene: Scene, erin: User, bob: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    form = form_of(client) | {"c0-instruction:find_clues": "x" * 20_001}
    refused = client.post(HERE, form | {"go": "1"})
    assert refused.status_code == 422
    assert "Column 1: Instruction" in texts(refused.content.decode())
    assert not Play.objects.exists()
    assert posted(refused.content.decode()) == form
    price = client.post(f"{HERE}?draft=1", form | {"max_cost": "0.5"})
    assert "once every field is filled in" in price.content.decode()
    assert form_of(client) == form | {"max_cost": "0.5"}
    assert form_of(client_of(bob)) != form  # another's draft is another's
    client.post(HERE, form | {"discard": "1"})
    assert form_of(client)["c0-instruction:find_clues"] == "List what the {message} is about."


def test_other_prompts_are_drawn_where_a_column_begins_with_something_else(
    scene: Scene, finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client, best = client_of(erin), best_of(finished)
    form = form_of(client) | {"c0-what": f"1.{best}", "go": "1"}
    drawn = client.post(HERE, form)
    assert drawn.status_code == 200  # shown first: nothing unseen is paid for
    assert not Play.objects.exists()
    found = posted(drawn.content.decode())
    prompts = prompts_of(finished.run.candidates.get(number=best))
    assert found["c0-shown"] == f"1.{best}"
    words = prompts.modules["classify_intent"].instruction
    assert found["c0-instruction:classify_intent"] == words


def test_demos_are_changed_in_place(
    scene: Scene, finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client, best = client_of(erin), best_of(finished)
    form = form_of(client, f"?add=1.{best}")
    name = max(
        (name for name in form if re.fullmatch(r"c1-demos-\w+-count", name)),
        key=lambda name: int(form[name]),
    )
    before = int(form[name])
    assert before >= 1
    prefix = name.removesuffix("-count")
    form = pressed(client, form, remove=f"{prefix}-0")
    assert form[name] == str(before - 1)
    (given,) = specs(start(client, form))[1].candidates
    assert len(fixed_of(given.modules[prefix.removeprefix("c1-demos-")].demos)) == before - 1


def test_the_cap_is_shared_by_what_columns_take(
    scene: Scene, finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    form = form_of(client, f"?add=1.{best_of(finished)}") | {"max_cost": "0.02"}
    play = start(client, form)
    costs = [part.run.max_cost for part in play.parts.all()]
    assert all(cost and cost > 0 for cost in costs)
    assert 19_998 <= sum(cost or 0 for cost in costs) <= 20_000
    assert all(part.run.max_calls for part in play.parts.all())


@pytest.mark.django_db(transaction=True)
def test_a_cap_of_nothing_asks_nobody_and_says_so(
    scene: Scene, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    play = start(client, form_of(client) | {"max_cost": "0"})
    for part in play.parts.all():
        evaluations.held(part.run, ScriptedLM(always_right))
    page = texts(client.get(f"{HERE}?play={play.pk}").content.decode())
    assert "The cap was reached before this was asked" in page
    assert "No score was made of it" in page


def test_an_edited_column_becomes_a_candidate_by_the_page_that_edits_one(
    scene: Scene, finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client, best = client_of(erin), best_of(finished)
    form = form_of(client, f"?add=1.{best}")
    words = "Name the intent of the {message}, given the {clues}."
    play = start(client, form | {"c1-instruction:classify_intent": words})
    answered(play)
    on = f"{HERE}{play.pk}/edit/2/"
    answer = client.post(on)
    assert answer["Location"] == f"/p/support-triage/runs/1/candidates/{best}/edit/"
    assert words in unescape(client.get(answer["Location"]).content.decode())
    assert client.post(f"{HERE}{play.pk}/edit/9/").status_code == 404
    # A program's own goes beside the baseline of its run; another draft is not written over.
    assert client.post(f"{HERE}{play.pk}/edit/1/")["Location"].endswith("/candidates/0/edit/")
    other = start(client, form | {"c1-instruction:classify_intent": "Other: {message} {clues}."})
    refused = client.post(f"{HERE}{other.pk}/edit/2/", follow=True)
    assert "You have a draft of run 1" in refused.content.decode()


def test_without_a_run_that_ended_nothing_becomes_a_candidate(
    scene: Scene, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    play = start(client, form_of(client))
    refused = client.post(f"{HERE}{play.pk}/edit/1/", follow=True)
    assert "No run of this program has ended" in refused.content.decode()


def test_an_answer_is_kept_as_an_example(scene: Scene, erin: User, client_of: ClientOf) -> None:
    client = client_of(erin)
    form = pressed(client, form_of(client), line="typed")
    play = start(client, form | {"r3-in-message": "Where is order 7?"})
    answered(play)
    (_scored, asked) = play.parts.all()
    count = scene.dataset.examples.count()
    kept = client.post(f"/p/support-triage/programs/tryouts/{asked.run_id}/keep/?at=0", follow=True)
    assert "Kept as an example" in kept.content.decode()
    assert scene.dataset.examples.count() == count + 1
    assert scene.dataset.examples.filter(inputs={"message": "Where is order 7?"}).exists()


def test_a_play_is_stopped_and_typed_on(scene: Scene, erin: User, client_of: ClientOf) -> None:
    client = client_of(erin)
    play = start(client, form_of(client) | {"c0-instruction:find_clues": "What of {message}?"})
    client.post(HERE, {"discard": "1"})
    client.post(f"{HERE}{play.pk}/stop/")
    assert {part.run.status for part in play.parts.all()} == {Run.Status.CANCELLED}
    assert "It was stopped" in client.get(HERE).content.decode()
    client.post(f"{HERE}{play.pk}/again/")
    assert form_of(client)["c0-instruction:find_clues"] == "What of {message}?"


def test_readers_see_what_others_tried_and_no_form(
    scene: Scene, erin: User, carol: User, client_of: ClientOf
) -> None:
    viewer = client_of(carol)
    assert "Nothing was tried yet" in viewer.get(HERE).content.decode()
    editor = client_of(erin)
    play = start(editor, form_of(editor))
    page = viewer.get(HERE).content.decode()
    assert f'id="play-{play.pk}"' in page
    assert 'id="edit-form"' not in page
    assert "Keep as an example" not in page
    assert viewer.get(f"{HERE}?play=999999").status_code == 404


def test_it_is_live_until_every_answer_is_there(
    scene: Scene, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    play = start(client, form_of(client))
    live = LivePlay(project=scene.project, play=play.pk, asked=Parameters({}))
    assert live.rings() == [("run", part.run_id) for part in play.parts.all()]
    first = live.changes(Role.VIEWER)
    assert "waiting…" in first
    assert "0 of 3 answers are there." in texts(first)
    assert live.changes(Role.VIEWER) == ""
    assert (live.goes_on, live.over) == (True, False)
    answered(play)
    frame = live.changes(Role.VIEWER)
    assert f'id="play-{play.pk}"' in frame
    assert "waiting…" not in frame
    assert (live.goes_on, live.over) == (False, True)


def test_the_page_tells_what_it_lacks(scene: Scene, erin: User, client_of: ClientOf) -> None:
    scene.provider.delete()
    client = client_of(erin)
    assert "No model is connected" in client.get(HERE).content.decode()
    scene.program.delete()
    assert "Draw a program first" in client.get(HERE).content.decode()


@pytest.mark.parametrize("query", ["?add=p999999", "?add=1.99", "?add=x", "?failed=99", "?add=1."])
def test_an_address_that_names_nothing_adds_nothing(
    query: str, scene: Scene, erin: User, client_of: ClientOf
) -> None:
    assert form_of(client_of(erin), query) == form_of(client_of(erin))


def test_no_value_makes_it_fail(scene: Scene, erin: User, client_of: ClientOf) -> None:
    client = client_of(erin)
    form = pressed(client, form_of(client), line="typed")
    buttons = ("go", "show", "column", "line", "add", "remove", "up", "row")
    for number, value in enumerate((*TEXTS[::4], "remove-99", "remove-", "c0-demos-find_clues-7")):
        button = buttons[number % len(buttons)]
        answer = client.post(HERE, dict.fromkeys(form, value) | {button: value})
        assert answer.status_code < 500
        assert client.get(HERE).status_code == 200  # with that as the draft
        for name in form:
            if (number + len(name)) % 9 == 0:
                assert client.post(HERE, form | {name: value, "go": "1"}).status_code < 500
        client.post(HERE, {"discard": "1"})

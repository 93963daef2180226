"""Improving from the module's page: slots from a try, two rewrites, a choice that is kept."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client

from optimizer.codec import to_json
from optimizer.core.conversation.events import InstructionProposed, ProposalRefused
from optimizer.core.problems import problem
from optimizer.models import Run
from promptlab.accounts.models import User
from promptlab.programs.models import PreferencePair, Program
from tests.promptlab.runs.scene import Scene

ClientOf = Callable[[User], Client]
FIRST = "List what the {message} asks for, in a few words."
SECOND = "Name each wish of the {message} in words of your own."


@pytest.fixture
def page(scene: Scene) -> str:
    return f"/p/{scene.project.slug}/programs/{scene.program.pk}/modules/at/find_clues/improve/"


def asked(client: Client, page: str, **slots: str) -> Run:
    form = client.get(page).context["form"]
    sent = {"model": form["model"].value(), **slots}
    answer = client.post(page, sent)
    assert answer.status_code == 302, answer.content.decode()[:500]
    return Run.objects.get(pk=int(answer["Location"].rpartition("=")[2]))


def answer(run: Run, *texts: str) -> None:
    """As if a worker had held it."""
    for index, text in enumerate(texts, 1):
        event = InstructionProposed("find_clues", index, text, "improved")
        run.events.create(seq=index, kind=event.kind, data=to_json(event))
    why = problem("proposal.loses_field", name="message")
    refused = ProposalRefused("find_clues", "Say it.", why, "improved")
    run.events.create(seq=9, kind=refused.kind, data=to_json(refused))
    Run.objects.filter(pk=run.pk).update(status=Run.Status.FINISHED)


def test_two_rewrites_stand_side_by_side_and_one_is_taken(
    scene: Scene, page: str, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    run = asked(client, page, given="clues: a parcel", right="clues: money back")
    assert run.spec["given"] == "clues: a parcel"
    waiting = client.get(f"{page}?of={run.pk}").content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    answer(run, FIRST, SECOND)
    shown = client.get(f"{page}?of={run.pk}").content.decode()
    assert 'hx-trigger="every 2s"' not in shown
    assert "Take rewrite 1" in shown
    assert "Take rewrite 2" in shown
    assert "Drawn again: it loses {message}" in shown
    choose = page.replace("/improve/", "/choose/")
    assert client.post(choose, {"of": run.pk, "which": "1"}).status_code == 302
    program = Program.objects.get(pk=scene.program.pk)
    assert program.core.module("find_clues").signature.instruction == SECOND
    pair = PreferencePair.objects.get()
    assert (pair.chosen, pair.rejected, pair.by) == (SECOND, FIRST, erin)
    assert client.post(choose, {"of": run.pk, "which": "0"}).status_code == 302
    assert PreferencePair.objects.count() == 1
    again = client.get(f"{page}?of={run.pk}").content.decode()
    assert "Take rewrite" not in again


def test_choices_are_preference_pairs_in_lines(
    scene: Scene, page: str, erin: User, carol: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    run = asked(client, page)
    answer(run, FIRST, SECOND)
    client.post(page.replace("/improve/", "/choose/"), {"of": run.pk, "which": "0"})
    address = f"/p/{scene.project.slug}/programs/{scene.program.pk}/preferences.jsonl"
    lines = b"".join(client_of(carol).get(address).streaming_content).splitlines()
    (told,) = map(json.loads, lines)
    assert told["preferred_output"] == [{"role": "assistant", "content": FIRST}]
    assert told["non_preferred_output"] == [{"role": "assistant", "content": SECOND}]
    assert (
        "Write a clearer instruction for the very same task"
        in told["input"]["messages"][0]["content"]
    )


def test_an_instruction_that_changed_meanwhile_is_not_written_over(
    scene: Scene, page: str, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    run, later = asked(client, page), asked(client, page)
    answer(run, FIRST, SECOND)
    answer(later, SECOND, FIRST)
    choose = page.replace("/improve/", "/choose/")
    client.post(choose, {"of": run.pk, "which": "0"})
    refused = client.post(choose, {"of": later.pk, "which": "0"}, follow=True)
    assert "is another by now" in refused.content.decode()
    program = Program.objects.get(pk=scene.program.pk)
    assert program.core.module("find_clues").signature.instruction == FIRST


def test_one_rewrite_is_taken_without_a_pair_and_none_is_told(
    scene: Scene, page: str, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    run = asked(client, page)
    answer(run)
    assert "No rewrite came" in client.get(f"{page}?of={run.pk}").content.decode()
    other = asked(client, page)
    answer(other, FIRST)
    client.post(page.replace("/improve/", "/choose/"), {"of": other.pk, "which": "0"})
    program = Program.objects.get(pk=scene.program.pk)
    assert program.core.module("find_clues").signature.instruction == FIRST
    assert not PreferencePair.objects.exists()


def test_what_was_chosen_for_one_program_is_not_chosen_again_for_another(
    scene: Scene, page: str, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    run = asked(client, page)
    answer(run, FIRST, SECOND)
    copy = Program.objects.get(pk=scene.program.pk)
    copy.pk, copy.name, copy.slug = None, "Copy", "copy"
    copy.save()
    choose = page.replace("/improve/", "/choose/")
    client.post(choose, {"of": run.pk, "which": "0"})
    there = choose.replace(f"/{scene.program.pk}/", f"/{copy.pk}/")
    assert client.post(there, {"of": run.pk, "which": "1"}).status_code == 302
    assert PreferencePair.objects.get().chosen == FIRST
    assert Program.objects.get(pk=copy.pk).definition == scene.program.definition


def test_a_slot_is_as_long_as_the_browser_counts_it(
    page: str, erin: User, client_of: ClientOf
) -> None:
    long = "ab\n" * 1333
    run = asked(client_of(erin), page, given=long.replace("\n", "\r\n"))
    assert run.spec["given"] == long.strip()


@pytest.mark.parametrize("sent", [{}, {"of": "x"}, {"of": "1", "which": "9"}, {"which": "0"}])
def test_an_odd_choice_changes_nothing(
    scene: Scene, page: str, erin: User, client_of: ClientOf, sent: dict[str, str]
) -> None:
    before = scene.program.definition
    client_of(erin).post(page.replace("/improve/", "/choose/"), sent)
    assert Program.objects.get(pk=scene.program.pk).definition == before

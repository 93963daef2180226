"""The history board: what the writer reads, and what people wish of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client

from optimizer.core.conversation.spec import RunSpec
from optimizer.models import HistoryWish
from optimizer.running import snapshots
from promptlab.accounts.models import User
from promptlab.runs.board.entries import board_of
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.state import read_state
from promptlab.runs.starting.planning import Start
from tests.promptlab.runs.scene import Scene, play, triage

ClientOf = Callable[[User], Client]
START = triage().modules[0].signature.instruction
OWN = "Name what the {message} wants to have done, in one short phrase."


@pytest.fixture
def climbed(scene: Scene) -> ProjectRun:
    settings = replace(scene.run_request().settings, trials=6, step_candidates=3)
    return play(scene.start(optimizer="opro", settings=settings))


def page_of(project_run: ProjectRun) -> str:
    return f"/p/{project_run.project.slug}/runs/{project_run.number}/history/"


def test_the_board_has_what_was_tried_in_the_order_of_the_prompt(
    climbed: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    boards = {board.module: board for board in board_of(read_state(climbed))}
    entries = boards["classify_intent"].entries
    assert len(entries) > 1
    assert [e.bucket for e in entries] == sorted(e.bucket for e in entries if e.bucket is not None)
    assert START in [entry.text for entry in boards["find_clues"].entries]
    assert all(entry.shown for entry in entries)
    page = client_of(carol).get(page_of(climbed)).content.decode()
    assert "Below are instructions for a task" in page
    assert "Add to the history" not in page


def test_an_editor_pins_hides_and_adds_and_takes_it_back(
    climbed: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client, page = client_of(erin), page_of(climbed)

    def send(wish: str, text: str, module: str = "find_clues") -> int:
        return client.post(page, {"module": module, "wish": wish, "text": text}).status_code

    def signs() -> list[tuple[str, str]]:
        return list(HistoryWish.objects.values_list("sign", "text"))

    assert send("pin", START) == 302
    assert send("hide", START) == 302  # instead of the pin
    assert send("hide", START) == 302
    assert signs() == [("hide", START)]
    assert not next(
        e for b in board_of(read_state(climbed)) for e in b.entries if e.text == START
    ).shown
    assert send("add", OWN) == 302
    shown = client.get(page).content.decode()
    assert "waits for its score" in shown
    assert send("no_add", OWN) == 302
    assert send("no_hide", START) == 302
    assert signs() == []


@pytest.mark.parametrize(
    ("wish", "module", "text", "told"),
    [
        ("add", "nothing", OWN, "No module “nothing” is rewritten"),
        ("add", "find_clues", "", "Write an instruction of at most"),
        ("add", "find_clues", "x" * 4000, "Write an instruction of at most"),
        ("add", "find_clues", "Use {topic} for it.", "It cannot be tried: it uses {topic}"),
        ("shout", "find_clues", OWN, "Say whether to pin, to hide or to add"),
        ("", "find_clues", OWN, "Say whether to pin, to hide or to add"),
        ("pin", "find_clues", "a\x00b", "cannot have a null character"),
        ("no_pin", "find_clues", "a\x00b", "cannot have a null character"),
        ("pin", "find_clues", "x" * 4000, "Write an instruction of at most"),
    ],
)
def test_what_cannot_be_wished_is_told_and_stays_in_the_field(
    climbed: ProjectRun, erin: User, client_of: ClientOf,
    wish: str, module: str, text: str, told: str,
) -> None:  # fmt: skip
    sent = {"module": module, "wish": wish, "text": text}
    answer = client_of(erin).post(page_of(climbed), sent)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert told in page
    assert module == "nothing" or f">{text}</textarea>" in page
    assert not HistoryWish.objects.exists()


@pytest.mark.parametrize(
    "own", ["Two lines:\nthese.", " Spaced.\n", "x" * 4000, "From\r\nelsewhere."]
)
def test_what_the_board_lists_is_meant_however_a_form_sends_it(
    climbed: ProjectRun, erin: User, client_of: ClientOf, own: str
) -> None:
    told = climbed.run.events.filter(kind="instruction_proposed", data__module="find_clues")
    first = told.get(data__index=0)
    first.data["instruction"] = own
    told.filter(pk=first.pk).update(data=first.data)
    client, page = client_of(erin), page_of(climbed)
    sent = {"module": "find_clues", "text": own.replace("\r\n", "\n").replace("\n", "\r\n")}
    for sign in ("pin", "hide"):
        assert client.post(page, sent | {"wish": sign}).status_code == 302
        assert list(HistoryWish.objects.values_list("sign", "text")) == [(sign, own)]
        board = next(b for b in board_of(read_state(climbed)) if b.module == "find_clues")
        entry = next(e for e in board.entries if e.text == own)
        assert (entry.pinned, entry.hidden) == (sign == "pin", sign == "hide")
    assert client.post(page, sent | {"wish": "no_hide"}).status_code == 302
    assert not HistoryWish.objects.exists()


def test_a_run_that_reads_no_history_says_so(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    assert "reads no history" in client.get(page_of(finished)).content.decode()
    sent = {"module": "find_clues", "wish": "add", "text": OWN}
    assert client.post(page_of(finished), sent).status_code == 422
    assert (
        "History board"
        not in client.get(page_of(finished).removesuffix("history/")).content.decode()
    )


def test_a_run_that_goes_on_takes_the_wishes_over(scene: Scene, climbed: ProjectRun) -> None:
    HistoryWish.objects.create(
        run=climbed.run, module="find_clues", sign="pin", text=START, by="erin"
    )
    spec = snapshots.thawed(climbed.run, RunSpec)
    best = climbed.run.candidates.get(number=0)
    from optimizer.running.prompts import prompts_of

    start = Start(climbed, 0, prompts_of(best))
    later = scene.start(optimizer="opro", settings=spec.settings, start=start, seed=9)
    assert [w.text for w in later.run.history_wishes.all()] == [START]
    other = scene.start(optimizer="mipro", start=start, seed=9)
    assert not other.run.history_wishes.exists()


def test_the_runs_page_leads_to_its_board(
    climbed: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    page = client_of(carol).get(page_of(climbed).removesuffix("history/")).content.decode()
    assert page_of(climbed) in page

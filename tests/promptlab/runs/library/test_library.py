"""The library of verified rewrites: made by approvals, shown by likeness, left when of no help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from optimizer.codec import to_json
from optimizer.core.conversation.events import RewriteJudged
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.programs.signature import Field, FieldType
from optimizer.models import Candidate, RunEvent
from optimizer.running import snapshots
from promptlab.accounts.models import Project, User
from promptlab.runs.library import cards
from promptlab.runs.library.nearest import nearest
from promptlab.runs.library.standing import ENOUGH, standing_of, standings
from promptlab.runs.models import ProjectRun, RewriteCard
from tests.promptlab.approving import approve
from tests.promptlab.runs.scene import Scene, play, triage

ClientOf = Callable[[User], Client]


@pytest.fixture
def best(finished: ProjectRun) -> Candidate:
    found = finished.run.best_candidate
    assert found is not None
    return found


def card_of(finished: ProjectRun, **changes: Any) -> RewriteCard:
    module = triage().modules[1]
    number = 100 + RewriteCard.objects.count()
    known = {
        "project_id": finished.project_id, "project_run": finished, "candidate": number,
        "module": "classify_intent", "task_kind": cards.task_kind(module), "model": "scripted-1",
        "task_text": cards.task_text(triage(), module), "before": "Classify.",
        "after": f"Classify by what is asked for, way {number}.",
        "gain": 0.1, "low": 0.02, "high": 0.18, "n": 40,
    }  # fmt: skip
    return RewriteCard.objects.create(**known | changes)


def judged(run: ProjectRun, card: RewriteCard, effect: float, n: int = 3) -> None:
    last = run.run.events.order_by("seq").last()
    told = RewriteJudged(str(card.pk), effect, 0.012, n)
    RunEvent.objects.create(
        run=run.run, seq=last.seq + 1 if last else 1, kind=told.kind, data=to_json(told)
    )


def test_an_approved_gain_that_is_proved_becomes_a_card_for_each_changed_instruction(
    finished: ProjectRun, best: Candidate, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cards._gain(finished, best)
    assert real is not None
    monkeypatch.setattr(cards, "_gain", lambda *_: replace(real, gain=0.2, low=0.05, high=0.35))
    approve(finished, best, bob, "Fine.")
    found = RewriteCard.objects.filter(project=finished.project)
    assert found
    for card in found:
        assert card.before == triage().module(card.module).signature.instruction
        assert card.after == best.prompts["modules"][card.module]["instruction"]
        assert card.before != card.after
        assert (card.gain, card.low, card.model, card.n) == (0.2, 0.05, "scripted-1", real.n)
    approve(finished, best, bob, "Twice.")
    assert RewriteCard.objects.count() == len(found)


@pytest.mark.parametrize("low", [0.0, -0.01])
def test_a_gain_that_is_not_proved_becomes_none(
    finished: ProjectRun, best: Candidate, bob: User, monkeypatch: pytest.MonkeyPatch, low: float
) -> None:
    real = cards._gain(finished, best)
    assert real is not None
    monkeypatch.setattr(cards, "_gain", lambda *_: replace(real, low=low))
    approve(finished, best, bob, "Fine.")
    assert not RewriteCard.objects.exists()


def test_the_gain_is_the_paired_difference_to_the_baseline(
    finished: ProjectRun, best: Candidate
) -> None:
    baseline = finished.run.candidates.get(number=0)
    assert cards._gain(finished, baseline) is None
    found = cards._gain(finished, best)
    assert found is not None
    assert found.low < found.gain < found.high


@pytest.mark.parametrize(
    ("outputs", "kind"),
    [
        ((Field("a", FieldType.CHOICE, choices=("x", "y")),), "choice"),
        ((Field("a", FieldType.BOOLEAN),), "choice"),
        ((Field("a", FieldType.NUMBER),), "figure"),
        ((Field("a", FieldType.DATE),), "figure"),
        ((Field("a", FieldType.LIST),), "values"),
        ((Field("a"), Field("b")), "values"),
        ((Field("a"),), "text"),
    ],
)
def test_a_task_is_of_the_kind_of_what_it_gives(outputs: tuple[Field, ...], kind: str) -> None:
    module = triage().modules[1]
    given = replace(module, signature=replace(module.signature, outputs=outputs))
    assert cards.task_kind(given) == kind


def test_the_nearest_three_are_shown_those_of_the_same_kind_first(finished: ProjectRun) -> None:
    like = [card_of(finished) for _ in range(3)]
    other_model = card_of(finished, model="another")
    far = card_of(finished, task_kind="figure", task_text="the price of a flat in euros")
    removed = card_of(finished, removed_at=finished.created_at)
    found = nearest(finished.project, triage(), "scripted-1")
    assert [r.card for r in found] == [str(card.pk) for card in reversed(like)]
    assert str(other_model.pk) in {r.card for r in nearest(finished.project, triage(), "another")}
    shown = {r.card for r in found}
    assert not shown & {str(far.pk), str(removed.pk)}


def test_another_project_sees_only_what_is_offered_to_all(
    finished: ProjectRun, alice: User
) -> None:
    other = Project.objects.create(slug="another", name="Another")
    card = card_of(finished)
    assert nearest(other, triage(), "scripted-1") == ()
    cards.share(card, True)
    assert [r.card for r in nearest(other, triage(), "scripted-1")] == [str(card.pk)]


def test_a_card_that_stops_helping_leaves(finished: ProjectRun) -> None:
    card, kept = card_of(finished), card_of(finished)
    judged(finished, card, -0.04)
    judged(finished, kept, 0.03)
    assert str(card.pk) in {r.card for r in nearest(finished.project, triage(), "scripted-1")}
    judged(finished, card, -0.03)
    judged(finished, kept, 0.02)
    found = standings([card, kept])
    assert found[card.pk].leaves
    assert not found[kept.pk].leaves
    assert [r.card for r in nearest(finished.project, triage(), "s")] == [str(kept.pk)]


def test_runs_add_up_and_what_was_believed_beforehand_counts_once() -> None:
    none = standing_of([])
    assert (none.effect, none.runs, none.leaves) == (0.0, 0, False)
    assert none.chance == pytest.approx(0.5)
    one = standing_of([RewriteJudged("1", -0.02, 0.01, 2)])
    assert one.effect == pytest.approx(-0.02)
    assert one.deviation == pytest.approx(0.01)
    many = standing_of([RewriteJudged("1", -0.02, 0.01, 2)] * 4)
    assert many.deviation < one.deviation
    assert many.n == 2 * ENOUGH
    assert many.leaves
    unknowing = standing_of([RewriteJudged("1", 0.0, 0.02 * 2**0.5, 1)] * 50)
    assert unknowing.deviation == pytest.approx(none.deviation)


def test_a_run_is_started_with_the_cards_unless_they_are_declined(
    scene: Scene, finished: ProjectRun, erin: User
) -> None:
    card = card_of(finished)
    shown = snapshots.thawed(scene.start(optimizer="racing", seed=3).run, RunSpec)
    assert [r.card for r in shown.rewrites] == [str(card.pk)]
    without = scene.start(optimizer="racing", seed=4, shows_rewrites=False)
    assert snapshots.thawed(without.run, RunSpec).rewrites == ()
    demos_only = scene.start(optimizer="bayesian_bootstrap", seed=5)
    assert snapshots.thawed(demos_only.run, RunSpec).rewrites == ()


def test_a_race_says_what_each_card_brought(scene: Scene, finished: ProjectRun) -> None:
    card = card_of(finished)
    settings = replace(scene.run_request().settings, trials=24, rounds=2, instructions=6)
    run = play(scene.start(optimizer="racing", seed=3, settings=settings))
    (told,) = run.run.events.filter(kind="rewrite_judged").values_list("data", flat=True)
    assert told["card"] == str(card.pk)
    assert told["n"] >= 1
    assert standings([card])[card.pk].runs == 1


def test_the_page_shows_cards_and_who_may_share_or_remove(
    finished: ProjectRun, carol: User, erin: User, bob: User, client_of: ClientOf
) -> None:
    card = card_of(finished, after="Classify by <b>what</b> is asked.")
    address = f"/p/{finished.project.slug}/runs/library/"
    page = client_of(carol).get(address).content.decode()
    assert "+10.0 points" in page.replace("\u202f", " ")
    assert "&lt;b&gt;what&lt;/b&gt;" in page
    assert "Take out" not in page
    assert client_of(erin).post(f"{address}{card.pk}/share/", {"shared": "yes"}).status_code == 403
    client_of(bob).post(f"{address}{card.pk}/share/", {"shared": "yes"})
    card.refresh_from_db()
    assert card.shared
    client_of(erin).post(f"{address}{card.pk}/remove/")
    assert "No rewriting yet" in client_of(carol).get(address).content.decode()
    assert client_of(erin).post(f"{address}{card.pk}/remove/").status_code == 404

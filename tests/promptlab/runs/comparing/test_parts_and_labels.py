"""A run by a metric of several parts shows each, and labels are counted where they are choices."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client

from optimizer.core.metrics import combined
from optimizer.core.metrics.answer_length import AnswerLength
from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.metrics.parts import Counts, Part
from promptlab.accounts.models import User
from promptlab.metrics.services import create_metric
from promptlab.runs.comparing.confusion import confusion
from tests.promptlab.runs.scene import Scene, play


def texts(page: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split()))


def test_a_run_by_several_parts_shows_each(
    scene: Scene, carol: User, client_of: Callable[[User], Client]
) -> None:
    parts = [
        Part("right", ChoiceAccuracy("intent", "intent")),
        Part("short", AnswerLength("intent", "", most=1), counts=Counts.SHOWN),
    ]
    metric = create_metric(scene.project, scene.by, "Right, and how short", combined(parts))
    run = play(replace(scene, metric=metric).start())
    client = client_of(carol)
    here = f"/p/support-triage/runs/{run.number}/"
    best = run.run.best_candidate
    assert best is not None
    compared = texts(client.get(f"{here}compare/?c=0,{best.number}&show=all").content.decode())
    assert "Part by part" in compared
    assert re.search(r"right \d+\.\d .* short \d+\.\d", compared)
    assert "macro F1" in compared

    page = client.get(f"{here}compare/?c=0,{best.number}&show=all").content.decode()
    example = re.search(r'href="([^"]*/examples/[^"]+)"', page)
    assert example is not None
    one = texts(client.get(html.unescape(example[1])).content.decode())
    assert "short" in one
    assert " words" in one  # the part's reason


def test_a_metric_without_parts_shows_no_table_of_them(
    finished: object, scene: Scene, carol: User, client_of: Callable[[User], Client]
) -> None:
    shown = texts(client_of(carol).get("/p/support-triage/runs/1/candidates/0/").content.decode())
    assert "Part by part" not in shown
    assert "Labels of intent" in shown


def test_labels_are_counted_as_people_count_them() -> None:
    pairs = [
        ("spam", "spam"),
        ("spam", "Spam."),
        ("spam", "ham"),
        ("ham", "ham"),
        ("ham", "neither"),
        (["eggs", "ham"], "ham"),
        (None, "ham"),
    ]
    found = confusion("label", "Baseline", ("ham", "spam"), pairs)
    assert found is not None
    ham, spam = found.rows
    assert (found.labels, found.n, found.accuracy) == (("ham", "spam"), 6, pytest.approx(4 / 6))
    assert (ham.counts, spam.counts) == ((2, 0, 1), (1, 2, 0))
    assert (ham.precision, ham.recall) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert (spam.precision, spam.recall) == (1.0, pytest.approx(2 / 3))
    assert found.macro_f1 == pytest.approx((2 / 3 + 0.8) / 2)
    assert found.has_other


def test_one_label_alone_is_no_table() -> None:
    assert confusion("label", "Baseline", ("a", "b"), [("a", "a"), ("a", "b")]) is None

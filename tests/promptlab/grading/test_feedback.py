"""What rows, people and rules say of answers goes into a run; rules say how often they spoke."""

from __future__ import annotations

import io
from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from optimizer.core.metrics.feedback import FeedbackRule, Sign
from optimizer.datasets.columns import Role as Part
from optimizer.datasets.columns import Use
from optimizer.datasets.mapping import Mapping
from optimizer.datasets.splitting import SplitPlan
from optimizer.running import snapshots
from promptlab.accounts.models import Project, User
from promptlab.datasets import queries as datasets
from promptlab.datasets.services import import_dataset
from promptlab.grading import queues
from promptlab.grading.models import Queue
from promptlab.metrics import feedback
from promptlab.metrics.models import RowNote
from promptlab.runs.models import ProjectRun
from promptlab.runs.starting.planning import spec_of
from tests.promptlab.metrics.test_metrics import text_of
from tests.promptlab.runs.scene import Scene

Browser = Callable[[User], Client]
RULE = {"output": "intent", "sign": "lacks", "value": "refund", "text": "Think of refunds."}


def test_a_column_of_feedback_is_kept_beside_the_row_and_told(project: Project, erin: User) -> None:
    rows = [f"m {n},{('a', 'b')[n % 2]},{'Too long.' if n == 1 else ''}" for n in range(8)]
    file = io.BytesIO("\n".join(["message,label,critique", *rows]).encode())
    uses = (
        Use("message", Part.INPUT, "message"),
        Use("label", Part.EXPECTED, "label"),
        Use("critique", Part.FEEDBACK, "critique"),
    )
    made = import_dataset(project, erin, "D", file, Mapping(uses, SplitPlan()), source_name="d.csv")
    assert datasets.metadata_names(made) == ("critique",)
    told = feedback.with_feedback(made, [datasets.as_example(r) for r in made.examples.all()])
    assert [row.feedback for row in told if row.feedback] == ["Too long."]
    assert all("critique" not in row.inputs | row.expected for row in told)


def test_a_persons_note_on_an_answer_is_told_to_the_next_run(
    erin: User, finished: ProjectRun, scene: Scene
) -> None:
    spec = snapshots.thaw(finished.run)
    key = spec.train[0].id
    wish = queues.Wish(Queue.Way.GRADE, "intent", candidates=(0, 1, 2, 3))
    queue = queues.begin(finished, wish, erin)
    item = queue.items.first()
    assert item is not None
    item.example = key
    item.save()
    queues.give(item, erin, "poor", " Name the parcel. ")
    queues.give(item, erin, "good", "Name it.")
    assert RowNote.objects.get().text == "Name it."
    train = spec_of(scene.project, scene.run_request()).train
    assert [row.feedback for row in train if row.feedback] == ["Name it."]
    queues.give(item, erin, "good", "")
    assert not RowNote.objects.exists()


def test_rules_are_added_counted_on_the_newest_run_taken_away_and_frozen_in_runs(
    client_of: Browser, erin: User, finished: ProjectRun, scene: Scene
) -> None:
    client, program = client_of(erin), scene.program
    here = reverse("grading:rules", args=[scene.project.slug, program.pk])
    assert client.post(here, RULE | {"value": ""}).status_code == 422
    assert "cannot be read" in text_of(client.post(here, RULE | {"value": "("}))
    assert client.post(here, RULE | {"module": "classify_intent"}).status_code == 302
    rule = FeedbackRule(Sign.LACKS, "intent", "Think of refunds.", "refund", "classify_intent")
    assert feedback.rules_of(program) == (rule,)
    assert spec_of(scene.project, scene.run_request()).feedback_rules == (rule,)
    page = text_of(client.get(here))
    assert "Think of refunds." in page
    assert "counted on" in page
    client.post(here, {"remove": "0"})
    assert feedback.rules_of(program) == ()

"""What providers said before their words stood apart: an upgrade takes it out of our sentences."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection

from optimizer import codec
from optimizer.core.evaluation.outcome import Outcome
from optimizer.models import Candidate, Exchange, Run, RunEvent
from optimizer.models import Outcome as OutcomeRow
from tests.fakes.telling import told
from tests.optimizer.conftest import Create

BODY = "answered 500: <internal page>"
upgrade = import_module("optimizer.migrations.0004_words_apart")


def upgraded() -> None:
    with connection.cursor() as cursor:
        cursor.execute(upgrade.APART_IN_RUNS)


def test_an_upgrade_takes_providers_words_out_of_sentences(create: Create) -> None:
    run = create()
    Run.objects.filter(pk=run.pk).update(
        status="failed", stop_reason="provider refused", message=BODY
    )
    upgraded()
    run.refresh_from_db()
    assert run.said == BODY
    assert BODY not in told(run.message)
    assert "Resume" in told(run.message)


def test_an_upgrade_leaves_our_own_sentences_as_they_are(create: Create) -> None:
    run = create()
    Run.objects.filter(pk=run.pk).update(stop_reason="cut off", message="See what ends the worker.")
    upgraded()
    run.refresh_from_db()
    assert (run.message, run.said) == ("See what ends the worker.", "")


def test_an_upgrade_reaches_examples_and_events(create: Create) -> None:
    run = create()
    candidate = Candidate.objects.create(run=run, number=0, digest="d", prompts={})
    exchange = Exchange.objects.create(run=run, seq=1, digest="d", candidate=candidate)
    old = codec.to_json(Outcome("t1", None, {}, (), BODY))
    del old["said"]
    row = OutcomeRow.objects.create(
        exchange=exchange, position=0, example="t1", error=BODY, data=old
    )
    told = f"It cannot win: 9 of its 9 examples failed. The first failed with: {BODY}"
    event = RunEvent.objects.create(run=run, seq=2, kind="noted", data={"message": told})
    upgraded()
    row.refresh_from_db()
    event.refresh_from_db()
    outcome = codec.from_json(Outcome, row.data)
    assert (row.error, outcome.error, outcome.said) == ("The call failed.",) * 2 + (BODY,)
    assert event.data["message"] == "It cannot win: 9 of its 9 examples failed."


@pytest.mark.django_db
def test_an_upgrade_of_an_empty_installation_does_nothing() -> None:
    upgraded()

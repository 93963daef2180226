"""What is told of a run is kept as a code with its values; older sentences are read as well."""

from __future__ import annotations

import pytest
from django.db import connection

from optimizer import codec
from optimizer.core.conversation.events import Noted, noted
from optimizer.core.problems import Message, problem, warning
from optimizer.models import Run
from tests.fakes.telling import told
from tests.optimizer.conftest import Create

NESTED = problem(
    "stop.little_readable", examples=40, n=1, kinds=problem("unread.and_more", kinds="3 × no", n=2)
)


@pytest.mark.parametrize(
    "message",
    [
        "",
        "The provider “x” is away. { Resume the run.",
        problem("run.unforeseen", kind="KeyError"),
        problem("limits.no_seconds", "limits.minutes"),
        warning("metric.no_such_output", output="a", given=("b", "c")),
        NESTED,
    ],
)
def test_what_is_told_of_a_run_is_read_back_as_it_was(create: Create, message: Message) -> None:
    row = create()
    Run.objects.filter(pk=row.pk).update(message=message)
    row.refresh_from_db()
    assert row.message == message
    assert told(row.message) == told(message)


def test_a_sentence_that_an_earlier_version_kept_is_told_as_it_stands(create: Create) -> None:
    row = create()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE optimizer_run SET message = 'See what ends the worker.'")
    assert told(Run.objects.get(pk=row.pk).message) == "See what ends the worker."
    old = {"kind": "noted", "message": "The optimizer model is too weak.", "warning": True}
    assert told(codec.from_json(Noted, old).message) == "The optimizer model is too weak."


def test_an_event_is_read_back_with_all_that_its_sentence_speaks_of() -> None:
    note = noted(NESTED)
    assert codec.from_json(Noted, codec.to_json(note)) == note
    assert told(note.message).endswith("nothing that was paid for is paid again.")

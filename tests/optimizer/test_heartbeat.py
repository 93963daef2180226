"""What a beat of a run's pulse writes."""

from __future__ import annotations

import pytest
from django.db import connection

from optimizer.models import Run
from optimizer.ownership import Owner
from optimizer.running.heartbeat import Heartbeat, Progress
from tests.optimizer.conftest import Create


@pytest.mark.parametrize(
    ("base", "done"),
    [(None, 7), (3, 5), (39, 40)],
    ids=["counts trials", "counts examples", "never more than expected"],
)
def test_a_beat_moves_only_phases_that_count_examples(
    base: int | None, done: int, create: Create
) -> None:
    run = create()
    Run.objects.filter(pk=run.pk).update(phase_done=7, phase_steps=40, epoch=1)
    pulse = Heartbeat(Owner(run.pk, 1))
    pulse.progress = Progress(10, 2, base)
    with connection.cursor() as cursor:
        pulse.beat(cursor)
    run.refresh_from_db()
    assert (run.phase_done, run.answer_size, run.answer_done) == (done, 10, 2)

"""Workers are killed below a monthly cap that runs share: never passed, and nothing is lost."""

from __future__ import annotations

import random
from pathlib import Path

from optimizer.costs import spending
from optimizer.costs.spending import Caps
from optimizer.jobs import controls
from optimizer.models import Provider, Run, Spending, SpendingCap
from tests.fakes.openai_server import OpenAIServer
from tests.faults import table
from tests.faults.memory import Watch
from tests.faults.workers import Workers, ended, forget, told, until, workers
from tests.optimizer.conftest import Create

KILLS, FEW = 6, 3
RUNS = 3
CAP = 150
"""Calls; the runs would take more than 200 together."""
PARTS = ("used_calls", "used_cost", "over_cost", "held_calls", "held_cost")


def test_a_monthly_cap_holds_however_often_the_workers_below_it_are_killed(
    whole: bool, create: Create, provider: Provider, watch: Watch, tmp_path: Path
) -> None:
    kills, rng = (KILLS if whole else FEW), random.Random(7)
    with (
        table.row("worker", f"kill -9 while {RUNS} runs share a monthly cap") as row,
        OpenAIServer(seconds=0.03) as server,
        workers(tmp_path / "worker.log", watch) as crew,
    ):
        provider.api_base = server.url
        provider.save()
        alone = [_alone(create, server, crew, seed) for seed in range(RUNS)]
        spending.set_caps("test", Caps(calls=CAP))
        runs = [create(seed=seed) for seed in range(RUNS)]
        for number in range(1, kills + 1):
            # Calls that were out count, whether or not they were sent: there are fewer each time.
            target = len(server.requests) + CAP // (3 * kills) - rng.randrange(3)
            process = crew.start()
            until(lambda target=target: len(server.requests) >= target, what=f"kill {number}")
            crew.kill(process)
        crew.start()
        until(lambda: all(_waits_or_ended(run) for run in runs), what="the cap")
        sent = len(server.requests)
        assert sent <= CAP
        _books_agree()
        assert any(run.stop_reason == "monthly cap" for run in runs), crew.words()
        spending.set_caps("test", Caps())
        for run in runs:
            if not run.ended:
                controls.resume(run.pk)
        until(lambda: all(ended(run) for run in runs), what="the end of the runs")
        assert [told(run) for run in runs] == alone, crew.words()
        row.tries = kills
        row.result = f"{sent} of {CAP} calls sent; then all runs ended as alone"


def _alone(create: Create, server: OpenAIServer, crew: Workers, seed: int) -> dict[str, object]:
    run = create(seed=seed)
    process = crew.start()
    until(lambda: ended(run), what="an undisturbed run")
    crew.kill(process)
    found = told(run)
    assert found["status"] == "finished", crew.words()
    forget(run)
    Spending.objects.all().delete()
    server.requests.clear()
    return found


def _waits_or_ended(run: Run) -> bool:
    return ended(run) or run.status == "paused"


def _books_agree() -> None:
    """The cap's row says what the runs' rows say, and these what the runs say."""
    cap = SpendingCap.objects.get(scope="test")
    assert cap.used_calls + cap.held_calls <= CAP
    by_month, by_run = Spending.objects.filter(namespace="test"), Run.objects.all()
    for part in PARTS:
        sums = {sum(getattr(row, part) for row in rows) for rows in (by_month, by_run)}
        assert sums == {getattr(cap, part)}, part

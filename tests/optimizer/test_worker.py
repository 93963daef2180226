"""Real worker processes: killed, stopped and started again while a run is under way."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from pytest_django import Settings

from optimizer import ownership
from optimizer.core.conversation.spec import RunSpec
from optimizer.files import job
from optimizer.jobs import controls, evaluations, model_checks
from optimizer.models import Completion, Outcome, Provider, Run
from tests.evaluations import start_tryout
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.wire import Wire
from tests.fakes.world import LABEL
from tests.optimizer.conftest import Create, again
from tests.optimizer.workers import finished, until, worker

LEASE = 2
"""Seconds; what is lost here is lost soon."""


@pytest.fixture
def server(provider: Provider) -> Iterator[OpenAIServer]:
    with OpenAIServer(seconds=0.05) as running:
        provider.api_base = running.url
        provider.save()
        yield running


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "worker.log"


def test_a_killed_workers_run_goes_on_within_twenty_seconds(
    create: Create, server: OpenAIServer, log: Path
) -> None:
    row = create()
    with worker(log) as first, worker(log):
        until(lambda: len(server.requests) > 20)
        taken_by_either = server.requests.copy()
        first.kill()
        until(lambda: len(server.requests) > len(taken_by_either) + 10, 20)
        until(lambda: finished(row))
    assert row.status == "finished"


def test_a_stopped_worker_lets_calls_come_home_and_another_goes_on(
    create: Create, server: OpenAIServer, log: Path
) -> None:
    row = create()
    with worker(log) as process:
        until(lambda: len(server.requests) > 20)
        process.terminate()
        assert process.wait(15) == 0
    row.refresh_from_db()
    assert row.status == "queued"
    assert not Completion.objects.filter(state__in=["reserved", "doubt"]).exists()
    with worker(log):
        until(lambda: finished(row))
    assert row.status == "finished"
    assert set(server.sent().values()) == {1}


def test_a_tryout_and_a_check_are_answered_while_runs_are_under_way(
    create: Create, spec: RunSpec, server: OpenAIServer, log: Path, provider: Provider
) -> None:
    rows = [create(seed=seed) for seed in range(6)]  # more than a worker takes at once
    with worker(log):
        tryout = start_tryout(spec, metric=LABEL)
        check = model_checks.start(provider)
        until(lambda: finished(tryout))
        until(lambda: finished(check))
        assert not all(finished(row) for row in rows)
    (outcome,) = evaluations.outcomes_of(tryout)
    assert outcome.trace[0].call == "classify"
    assert Provider.objects.get(pk=provider.pk).models_offered == ["scripted"]


OPERATORS = {
    f"{name}_API_KEY": f"sk-OPERATORS-{name}"
    for name in ("OPENAI", "ANTHROPIC", "GEMINI", "GOOGLE", "AZURE", "MISTRAL", "ANY_OTHER")
} | {
    "AWS_ACCESS_KEY_ID": "OPERATORS", "AWS_SECRET_ACCESS_KEY": "OPERATORS",
    "GOOGLE_APPLICATION_CREDENTIALS": "/OPERATORS.json", "OPENAI_ORGANIZATION": "OPERATORS",
    "HTTP_PROXY": "http://OPERATORS:1", "HTTPS_PROXY": "http://OPERATORS:1", "LITELLM_LOG": "DEBUG",
}  # fmt: skip


def test_a_provider_without_a_key_is_sent_none_of_the_operators(
    server: OpenAIServer, provider: Provider, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in OPERATORS.items():
        monkeypatch.setenv(name, value)
    bases = {"openai/gpt-4o-mini": server.url, "anthropic/claude-3-5-haiku-latest": server.root}
    with worker(log):
        for model, base in bases.items():
            provider.kind, provider.api_base = Provider.Kind.LITELLM, base
            provider.family = model.partition("/")[0]
            provider.save()
            check = model_checks.start(provider, model)
            until(lambda check=check: again(check).ended)
            assert again(check).status == "finished"
    assert len(server.requests) == 2
    assert "OPERATORS" not in str(server.headers) + str(server.requests)
    assert "LiteLLM" not in log.read_text()


def test_a_run_that_was_paused_and_resumed_at_once_survives_the_kill_of_its_worker(
    create: Create, server: OpenAIServer, log: Path
) -> None:
    row = create()
    with worker(log, LEASE) as first:
        until(lambda: len(server.requests) > 20)
        controls.pause(row.pk)
        controls.resume(row.pk)
        first.kill()
    with worker(log, LEASE):
        until(lambda: finished(row))
    assert row.status == "finished"


def test_a_frozen_workers_run_goes_on_and_the_worker_writes_and_sends_nothing_when_it_wakes(
    create: Create, server: OpenAIServer, log: Path, tmp_path: Path
) -> None:
    row, others, server.seconds = create(), tmp_path / "others.log", 0.3
    with worker(log, LEASE) as first:
        until(lambda: len(server.requests) > 20)
        with worker(others, LEASE) as second:
            until(lambda: "ready" in others.read_text())
            first.send_signal(signal.SIGSTOP)
            until(lambda: finished(row))
            before, sent = everything(row), len(server.requests)
            twice = sent - len(server.sent())
            first.send_signal(signal.SIGCONT)
            until(lambda: any(words in log.read_text() for words in LEFT))
            second.terminate()
            second.wait()
        first.terminate()
        assert first.wait(15) == 0
    assert (row.status, row.held_calls, row.epoch) == ("finished", 0, 2)
    assert (everything(row), len(server.requests)) == (before, sent)
    assert twice <= sum(Completion.objects.values_list("doubts", flat=True)) <= 8


LEFT = (
    "has another owner now", "terminating connection", "server closed the connection",
)  # fmt: skip
"""What a worker says that wakes too late; the last two where it was frozen within a transaction."""


def everything(row: Run) -> list[object]:
    rows: list[QuerySet[Any]] = [
        Run.objects.filter(pk=row.pk), row.events.all(), row.trials.order_by("number"),
        row.exchanges.all(), Outcome.objects.order_by("pk"), Completion.objects.order_by("key"),
    ]  # fmt: skip
    return [list(found.values()) for found in rows]


def test_a_command_takes_over_what_a_dead_process_held(
    create: Create, server: OpenAIServer, settings: Settings
) -> None:
    server.seconds, settings.LEASE_SECONDS = 0.0, 2
    row = create()
    assert ownership.take(Run.objects.filter(pk=row.pk), status=Run.Status.RUNNING)
    ended = job.carry_on(row.pk, show=False)
    assert (ended.status, ended.epoch) == ("finished", 2)


def test_a_tryout_whose_worker_is_killed_is_answered_by_the_next(
    spec: RunSpec, server: OpenAIServer, log: Path
) -> None:
    server.seconds = 0.5
    row = start_tryout(spec, metric=LABEL)
    with worker(log, LEASE) as first:
        until(lambda: len(server.requests) == 1)
        first.kill()
    with worker(log, LEASE):
        until(lambda: finished(row))
    assert again(row).epoch == 2


@pytest.fixture
def wire() -> Iterator[Wire]:
    """Between a worker and the database."""
    with Wire(int(connection.settings_dict["PORT"])) as laid:
        yield laid


def test_short_jobs_are_done_beside_a_run_that_goes_on_after_the_database_was_away(
    create: Create, provider: Provider, server: OpenAIServer, log: Path, wire: Wire
) -> None:
    row, server.seconds = create(), 30.0
    with worker(log, port=wire.port) as process:
        until(lambda: len(server.requests) == provider.concurrency)
        server.seconds = 0.0
        wire.cut()
        until(lambda: "waits for the database" in log.read_text())
        until(lambda: "lost the database" in log.read_text())
        wire.mend()
        check = model_checks.start(provider)
        until(lambda: finished(check), 20)
        assert len(server.served) == 1  # the run's calls are out
        process.terminate()
        assert process.wait(20) == 0
    row.refresh_from_db()
    assert (row.active, row.epoch, row.heard_at) == (True, 1, None)


def test_a_worker_that_is_cut_off_sends_nothing_after_its_lease_and_writes_nothing_when_it_is_back(
    create: Create, server: OpenAIServer, log: Path, wire: Wire, tmp_path: Path
) -> None:
    row, server.seconds = create(), 0.3
    with worker(log, LEASE, wire.port) as first:
        until(lambda: len(server.requests) > 20)
        wire.silence()
        until(lambda: not Run.objects.filter(ownership.owned(), pk=row.pk).exists())
        until(lambda: server.at_once == 0)
        sent = len(server.requests)
        with worker(tmp_path / "others.log", LEASE):
            until(lambda: len(server.requests) > sent)
            assert again(row).epoch == 2
            until(lambda: finished(row))
        before, sent = everything(row), len(server.requests)
        wire.mend()
        until(lambda: any(words in log.read_text() for words in LEFT))
        first.terminate()
        assert first.wait(20) == 0
    assert (row.status, row.held_calls) == ("finished", 0)
    assert (everything(row), len(server.requests)) == (before, sent)

"""Real worker processes: killed, stopped and started again while a run is under way."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection

from optimizer import provider_checks, tryouts
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.programs.candidate import baseline_of
from optimizer.models import Completion, Provider, Run, Tryout
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.world import LABEL, messages
from tests.optimizer.conftest import Create

CHECKOUT = Path(__file__).parents[2]
KILLS = 10


@pytest.fixture
def server(provider: Provider) -> Iterator[OpenAIServer]:
    with OpenAIServer(seconds=0.05) as running:
        provider.api_base = running.url
        provider.save()
        yield running


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "worker.log"


@contextmanager
def worker(log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process on this test's database; it is gone at the end, whatever happens."""
    database = connection.settings_dict
    login = f"{quote(str(database['USER']))}:{quote(str(database['PASSWORD']))}"
    url = f"postgresql://{login}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "promptlab.settings",
        "PROMPTLAB_TESTING": "1",
        "PROMPTLAB_HOME": os.environ.get("PROMPTLAB_TEST_HOME") or os.environ["PROMPTLAB_HOME"],
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "worker"],
            cwd=CHECKOUT, env=environment, stdout=output, stderr=output,
        )  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def until(happens: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)  # another process is waited for


def finished(row: Run) -> bool:
    row.refresh_from_db()
    return row.ended


def told(row: Run) -> list[object]:
    best = row.best_candidate and row.best_candidate.prompts
    return [row.status, row.baseline_score, row.best_score, row.comparison, row.test_result, best]


def test_a_run_whose_worker_is_killed_ten_times_ends_as_if_nothing_had_happened(
    create: Create, server: OpenAIServer, log: Path
) -> None:
    undisturbed = create(seed=1)
    with worker(log):
        until(lambda: finished(undisturbed))
    assert undisturbed.status == "finished", log.read_text()[-2000:]
    calls = len(server.requests)
    assert set(server.sent().values()) == {1}
    expected = told(undisturbed)
    Run.objects.all().delete()
    Completion.objects.all().delete()
    server.requests.clear()

    row, rng, kills = create(seed=1), random.Random(8), 0
    while kills < KILLS:
        target = (kills + 1) * calls // (KILLS + 1) - rng.randrange(3)
        with worker(log) as process:
            until(lambda target=target: len(server.sent()) >= target or finished(row))
            process.send_signal(signal.SIGKILL)
        kills += 1
        assert not row.ended
    with worker(log):
        until(lambda: finished(row))

    assert told(row) == expected
    twice = len(server.requests) - len(server.sent())
    assert twice <= sum(Completion.objects.values_list("doubts", flat=True))  # some died twice
    assert twice <= KILLS * 10  # never more than what was out at a kill
    assert row.used_calls >= len(server.requests)
    assert (row.held_calls, row.held_cost) == (0, 0)


def test_a_killed_workers_run_goes_on_within_fifteen_seconds(
    create: Create, server: OpenAIServer, log: Path
) -> None:
    row = create()
    with worker(log) as first, worker(log):
        until(lambda: len(server.requests) > 20)
        taken_by_either = server.requests.copy()
        first.kill()
        until(lambda: len(server.requests) > len(taken_by_either) + 10, 15)
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
    (model,) = {ref for role, ref in spec.models.items() if role == "task"}
    candidate = baseline_of(spec.program)
    (example,) = messages(1)
    with worker(log):
        tryout = tryouts.start("test", spec.program, candidate, model, example, LABEL)
        provider_checks.start(provider.pk)
        until(lambda: Tryout.objects.get(pk=tryout.pk).state == "done")
        until(lambda: Provider.objects.get(pk=provider.pk).check_state == "works")
        assert not all(finished(row) for row in rows)
    outcome = Tryout.objects.get(pk=tryout.pk).outcome
    assert outcome["trace"][0]["call"] == "classify"
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
            provider_checks.start(provider.pk, model)
            until(lambda: Provider.objects.get(pk=provider.pk).check_state in ("works", "failed"))
            assert Provider.objects.get(pk=provider.pk).check_state == "works"
    assert len(server.requests) == 2
    assert "OPERATORS" not in str(server.headers) + str(server.requests)
    assert "LiteLLM" not in log.read_text()

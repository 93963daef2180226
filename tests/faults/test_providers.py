"""Every fault of a provider, with both clients: once in a run, and in all of its calls."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from optimizer.core.conversation.spec import RunSpec
from optimizer.models import Completion, Outcome, Provider, Run
from optimizer.running.role_clients import Endpoint
from optimizer.running.runner import Means, run
from tests.fakes.faults import FAULTS, REDIRECTS
from tests.fakes.openai_server import OpenAIServer
from tests.fakes.ways import WAYS
from tests.faults import table
from tests.faults.memory import Watch
from tests.optimizer.conftest import Create

DEADLINE = 1.0
ATTEMPTS = 2
LONGEST_SECONDS = 30.0
"""That a provider which answers nothing may keep a run, with this deadline and these attempts."""
ONCE = 12
"""The request that goes wrong where only one does."""
MOST_SENT = 80
"""Requests that a provider which answers none of them may get before the run is left."""
IN_SHORT = {
    "direct": (*tuple(FAULTS)[::4], "hang", "nul_error", "gzip_bomb"),
    "litellm-openai": (
        "gzip_bomb", "307", "nul_error", "giant_usage", "hang", "reset", "garbage", "401",
    ),
}  # fmt: skip
BY_NAME = {way.name: way for way in WAYS}


@pytest.mark.parametrize("client", IN_SHORT)
def test_a_provider_that_goes_wrong_costs_no_run_no_memory_and_no_silence(
    client: str, whole: bool, create: Create, spec: RunSpec, watch: Watch
) -> None:
    way = BY_NAME[client]
    models = {role: replace(ref, model=way.model) for role, ref in spec.models.items()}

    def carried_on(server: OpenAIServer) -> Run:
        def connect(provider: Provider) -> Endpoint:
            return way.client(server.root, "sk-a-key", deadline=DEADLINE)

        Completion.objects.all().delete()
        made = create(seed=1, models=models)
        run(made.pk, Means(connect=connect, attempts=ATTEMPTS))
        return Run.objects.get(pk=made.pk)

    for name in FAULTS if whole else IN_SHORT[client]:
        with table.row(f"provider, {client}", name) as row:
            with OpenAIServer(fault=lambda body, n, name=name: name * (n == ONCE)) as server:
                once = carried_on(server)
            _nothing_is_lost(once)
            with OpenAIServer(fault=lambda body, n, name=name: name) as server:
                begun = time.monotonic()
                always = carried_on(server)
                seconds = time.monotonic() - begun
                sent, followed = len(server.requests), server.followed
            _nothing_is_silent(always)
            assert seconds < LONGEST_SECONDS, f"{name} kept the run for {seconds:.0f} s"
            assert sent <= MOST_SENT, f"{sent} requests were sent to a provider that answers none"
            assert not followed or name not in map(str, REDIRECTS)
            row.tries = 2
            row.result = f"once: {once.status}; always: {always.status} ({always.stop_reason})"


def _nothing_is_lost(found: Run) -> None:
    """One reply that went wrong ends no run, unless it says that all others would, too."""
    assert found.stop_reason != "error", found.message
    assert (found.held_calls, found.held_cost) == (0, 0)
    assert not Completion.objects.filter(run=found, state="reserved").exists()
    assert not Outcome.objects.filter(exchange__run=found, score__isnull=False).exclude(error="")
    if found.status != "finished":
        assert found.message


def _nothing_is_silent(found: Run) -> None:
    """A provider none of whose replies is one gives no score, and the run says why it stands."""
    assert found.status in ("paused", "failed"), (found.status, found.best_score)
    assert found.stop_reason != "error", found.message
    assert found.message
    assert (found.held_calls, found.held_cost) == (0, 0)

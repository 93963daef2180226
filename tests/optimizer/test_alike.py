"""What goes wrong costs the same by whichever client it comes."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from optimizer.core.conversation.spec import RunSpec
from optimizer.lm import retry
from optimizer.models import Completion, Outcome, Provider, Run
from optimizer.running.runner import Means, run
from tests.fakes.openai_server import Body, OpenAIServer
from tests.fakes.ways import WAYS, Way
from tests.optimizer.conftest import Create

HARD = " 5"


def books_of(
    way: Way, fault: str, create: Create, spec: RunSpec, provider: Provider
) -> dict[str, Any]:
    """What a run's ledger holds, and what arrived, when one example goes wrong each time."""

    def hard(body: Body, number: int) -> str:
        return fault if body["messages"][-1]["content"].endswith(HARD) else ""

    models = {r: replace(m, model=way.model) for r, m in spec.models.items()}
    with OpenAIServer(fault=hard) as server:
        provider.api_base = server.root + way.path
        provider.kind = Provider.Kind.OPENAI_COMPATIBLE if way.direct else Provider.Kind.LITELLM
        provider.family = "" if way.direct else "openai"
        provider.save()
        row = create(models=models, optimizer="bootstrap_search")
        run(row.pk, Means(connect=lambda _: way.client(server.root), stopping=threading.Event()))
    row = Run.objects.get(pk=row.pk)
    assert row.status == "finished", row.message
    failed = Outcome.objects.filter(exchange__run=row, score=None)
    return {
        "arrived": sorted(Counter(str(body["messages"]) for body in server.requests).values()),
        "calls": row.used_calls,
        "spent": row.spent,
        "states": Counter(Completion.objects.filter(run=row).values_list("state", "doubts")),
        "errors": failed.count(),
        "best": row.best_score,
    }


# What may pass is tried more often, and as often again before a score counts without it.
@pytest.mark.parametrize(("fault", "attempts"), [("reset", 3), ("garbage", 3), ("503", 12)])
def test_a_fault_costs_the_same_attempts_calls_and_money_by_either_client(
    fault: str,
    attempts: int,
    create: Create,
    spec: RunSpec,
    provider: Provider,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.001)
    direct, by_litellm = (books_of(way, fault, create, spec, provider) for way in WAYS[:2])
    assert direct == by_litellm
    assert max(direct["arrived"]) == attempts
    assert direct["errors"] > 0

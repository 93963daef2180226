"""Runs in a database: a provider, a spec, and a way to carry runs on with a scripted model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import hypothesis
import pytest
from django.apps import apps
from django.db import connection, connections, transaction
from pytest_django import DjangoDbBlocker

from optimizer import doorbell, ownership
from optimizer.core.conversation.spec import Effort, Limits, ModelRef, RunSpec, Settings
from optimizer.core.programs.lm import Role
from optimizer.jobs import starting
from optimizer.models import AllowedAddress, Provider, Run
from optimizer.running.role_clients import Connect, Endpoint
from optimizer.running.runner import Means, run
from tests.fakes.world import LABEL, messages, one_module_program

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")

SMALL = Settings(
    effort=Effort.CUSTOM,
    instructions=3,
    demo_sets=3,
    max_bootstrapped_demos=2,
    max_labeled_demos=2,
    trials=6,
    minibatch_size=6,
    full_every=3,
    max_validation=16,
)
Create = Callable[..., Run]

KEPT = (AllowedAddress,)
"""What holds for all tests."""
TABLES = [
    *(m._meta.db_table for m in apps.get_app_config("optimizer").get_models() if m not in KEPT),
    *("procrastinate_events", "procrastinate_jobs", "procrastinate_workers"),
]


@pytest.fixture
def transactional_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Rows that other connections see, as pytest-django's own; but only our tables are emptied."""
    with django_db_blocker.unblock():
        yield
        with transaction.atomic(), connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(f"DELETE FROM {table}")


@pytest.fixture
def provider(transactional_db: None) -> Provider:
    return Provider.objects.create(
        namespace="test",
        name="Scripted",
        kind=Provider.Kind.OPENAI_COMPATIBLE,
        api_base="http://127.0.0.1:1/v1",
        concurrency=8,
        input_price=1_000_000,
        output_price=2_000_000,
    )


@pytest.fixture
def spec(provider: Provider) -> RunSpec:
    model = ModelRef(provider.pk, "scripted", max_tokens=50)
    return RunSpec(
        program=one_module_program(),
        metric=LABEL,
        optimizer="mipro",
        settings=SMALL,
        models={Role.TASK: model, Role.OPTIMIZER: replace(model, temperature=0.7)},
        train=messages(20, "t"),
        validation=messages(16, "v"),
        test=messages(8, "x"),
        namespace="test",
        seed=3,
    )


@pytest.fixture
def create(spec: RunSpec) -> Create:
    """Create a run of the spec with some of its parts replaced; caps by `limits`."""

    def run_of(limits: dict[str, int] | None = None, **changes: Any) -> Run:
        made = replace(spec, limits=Limits(**limits or {}), **changes)
        # A cap on calls may be too low to find anything, as one that is set later may be, too.
        starting.checked(replace(made, limits=replace(made.limits, max_calls=None)))
        return starting.enqueue_run(made)

    return run_of


@pytest.fixture
def ears(transactional_db: None) -> Iterator[Callable[[], list[str]]]:
    """What the bell says since one asked last."""
    with ownership.connect() as connection:
        connection.autocommit = True
        connection.execute(f"LISTEN {doorbell.CHANNEL}")
        yield lambda: [n.payload for n in connection.notifies(timeout=0.5)]


def connected_to(endpoint: Endpoint) -> Connect:
    return lambda provider: endpoint


def carry_on(row: Run, endpoint: Endpoint, **means: Any) -> Run:
    """Run it as a worker would, long after one that was killed; returns the row as it is after."""
    Run.objects.filter(pk=row.pk).update(heard_at=None)
    means.setdefault("stopping", threading.Event())
    run(row.pk, Means(connect=connected_to(endpoint), **means))
    return Run.objects.get(pk=row.pk)


def elsewhere(job: Callable[[], object]) -> None:
    """Do it as another process would: in a thread with a database connection of its own."""

    def done() -> None:
        try:
            job()
        finally:
            connections.close_all()

    thread = threading.Thread(target=done)
    thread.start()
    thread.join()


def again(row: Run) -> Run:
    return Run.objects.get(pk=row.pk)

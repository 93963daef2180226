"""Runs in a database: a provider, a spec, and a way to carry runs on with a scripted model."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from optimizer import starting
from optimizer.core.lm import Role
from optimizer.core.spec import Effort, Limits, ModelRef, RunSpec, Settings
from optimizer.lines import Connect
from optimizer.models import Provider, Run
from optimizer.runner import Means, run
from tests.fakes.scripted_lm import ScriptedLM
from tests.fakes.world import LABEL, messages, one_module_program

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
def create(spec: RunSpec) -> Callable[..., Run]:
    """Create a run of the spec with some of its parts replaced; `limits` by keyword."""

    def made(limits: dict[str, int] | None = None, **changes: Any) -> Run:
        return starting.create_run(replace(spec, limits=Limits(**limits or {}), **changes))

    return made


def lines_to(lm: ScriptedLM) -> Connect:
    return lambda provider: lm


def carry_on(row: Run, lm: ScriptedLM, **means: Any) -> Run:
    """Run it as a worker would, in a thread without a running loop; returns the row as it is after."""
    run(row.pk, Means(connect=lines_to(lm), stopping=threading.Event(), **means))
    return Run.objects.get(pk=row.pk)

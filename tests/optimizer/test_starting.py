"""Starting, asking and listening: what the web process uses of the optimizer."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.db import transaction
from pytest_django import Settings

from optimizer import doorbell
from optimizer.core.conversation.spec import Limits, RunSpec
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.programs.program import Program
from optimizer.jobs import starting
from optimizer.lm import secrets
from optimizer.models import Provider, Run
from tests.fakes.scripted_lm import ScriptedLM, always_right
from tests.fakes.telling import refused
from tests.fakes.world import LABEL
from tests.optimizer.conftest import Create, carry_on

CHECKOUT = Path(__file__).parents[2]


def _frozen(program: Program) -> Program:
    modules = (replace(m, frozen_instruction=True, frozen_demos=True) for m in program.modules)
    return replace(program, modules=tuple(modules))


@pytest.mark.parametrize(
    ("place", "change", "words"),
    [
        ("program", lambda s: replace(s, program=replace(s.program, calls=())), "no call yet"),
        ("program", lambda s: replace(s, program=_frozen(s.program)), "change is frozen"),
        ("optimizer", lambda s: replace(s, optimizer="magic"), "no optimizer “magic”"),
        ("dataset", lambda s: replace(s, validation=()), "no validation examples"),
        ("dataset", lambda s: replace(s, train=()), "no training examples"),
        (
            "dataset",
            lambda s: replace(s, train=(), optimizer="reflective"),
            "no training examples to learn from",
        ),
        ("metric", lambda s: replace(s, metric=replace(LABEL, expected="colour")), "“colour”"),
        (
            "metric",
            lambda s: replace(s, metric=ExactMatch("size", "label")),
            "reads output “size”",
        ),
        ("models.task", lambda s: replace(s, models={}), "Choose the task model"),
        ("models.task", lambda s: replace(s, namespace="elsewhere"), "is gone"),
        ("limits.calls", lambda s: replace(s, limits=Limits(max_calls=16)), "one trial need"),
        ("limits.dollars", lambda s: replace(s, limits=Limits(max_cost=0)), "more than 0"),
        ("limits.minutes", lambda s: replace(s, limits=Limits(max_seconds=0)), "0 seconds"),
    ],
)
def test_what_cannot_work_is_refused_beside_what_causes_it(
    spec: RunSpec, place: str, change: Callable[[RunSpec], RunSpec], words: str
) -> None:
    with refused(words, place):
        starting.create_run(change(spec))
    assert not Run.objects.exists()


def test_a_cap_in_money_needs_a_price(spec: RunSpec, provider: Provider) -> None:
    Provider.objects.filter(pk=provider.pk).update(input_price=None)
    with refused("price of scripted is not known", "limits.dollars"):
        starting.create_run(replace(spec, limits=Limits(max_cost=100)))


def test_a_run_and_its_job_are_stored_together_or_not_at_all(spec: RunSpec, create: Create) -> None:
    rolled_back(lambda: starting.create_run(spec))
    assert (Run.objects.count(), jobs()) == (0, [])
    row = create()
    assert jobs() == [("hold_conversation", {"run_id": row.pk}, f"run-{row.pk}")]


def rolled_back(job: Callable[[], object]) -> None:
    with transaction.atomic():
        job()
        transaction.set_rollback(True)


def jobs() -> list[tuple[str, dict[str, int], str]]:
    from procrastinate.contrib.django.models import ProcrastinateJob

    rows = ProcrastinateJob.objects.filter(status="todo").order_by("id")
    return list(rows.values_list("task_name", "args", "queueing_lock"))


def test_equal_examples_are_stored_once(create: Create) -> None:
    first, second = create(), create(seed=99)
    assert first.train_id == second.train_id
    assert first.validation_id == second.validation_id


def test_the_bell_is_heard_on_commit_only(ears: Callable[[], list[str]]) -> None:
    rolled_back(lambda: doorbell.ring("run", 1))
    with transaction.atomic():
        doorbell.ring("run", 9)
    assert ears() == ["run:9"]


def test_a_run_rings_while_examples_are_answered_but_not_for_each(
    create: Create, ears: Callable[[], list[str]]
) -> None:
    row = create(optimizer="bootstrap_search")
    ears()
    lm = ScriptedLM(seconds=0.05)
    carry_on(row, lm)
    rings = ears()
    assert set(rings) == {f"run:{row.pk}"}
    recorded = row.events.count() + 2 * row.exchanges.count()
    assert recorded < len(rings) <= recorded + 4 * 5 + 4


def test_progress_is_seen_while_an_evaluation_is_under_way(create: Create) -> None:
    row, seen = create(), set()

    def watched(call: object) -> str:
        if lm.answering % 4 == 0:
            found = watch(row.pk)
            seen.add((found.phase, found.answer_size, found.answer_done, found.phase_done))
        return always_right(call)  # type: ignore[arg-type]

    lm = ScriptedLM(script=watched, seconds=0.3)
    carry_on(row, lm)
    sizes = {(phase, size) for phase, size, _, _ in seen}
    assert ("baseline", 16) in sizes
    assert any(0 < done < 16 for _, size, done, _ in seen if size == 16)
    assert all(done == phase_done for phase, _, done, phase_done in seen if phase == "baseline")


def watch(run_id: int) -> Run:
    from tests.optimizer.conftest import elsewhere

    found: list[Run] = []
    elsewhere(lambda: found.append(Run.objects.get(pk=run_id)))
    return found[0]


def test_a_secret_survives_the_rotation_of_keys_and_is_hidden(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    stored = secrets.encrypt("sk-1234567890")
    assert b"1234567890" not in stored
    settings.ENCRYPTION_KEYS = [new, old]
    assert secrets.decrypt(stored) == "sk-1234567890"
    settings.ENCRYPTION_KEYS = [new]
    with refused("Enter the API key again"):
        secrets.decrypt(stored)
    assert secrets.hint("sk-1234567890") == "…7890"
    assert secrets.hint("short") == "…"


def test_the_web_process_imports_no_library_of_models_or_search() -> None:
    names = (
        "jobs.starting jobs.controls jobs.evaluations jobs.model_checks lm.secrets lm.egress "
        "doorbell models codec tasks running.snapshots costs.prices costs.spending "
        "core.optimizers.estimate core.optimizers"
    )
    code = (
        "import django, sys; django.setup()\n"
        "import importlib\n"
        f"for name in '{names}'.split(): importlib.import_module('optimizer.' + name)\n"
        "heavy = {'litellm', 'optuna', 'openai', 'aiohttp'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr

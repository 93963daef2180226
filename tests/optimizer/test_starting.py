"""Starting, asking and listening: what the web process uses of the optimizer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from cryptography.fernet import Fernet
from django.db import transaction
from pytest_django import Settings

from optimizer import doorbell, ownership
from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.conversation.requests import Purpose
from optimizer.core.conversation.spec import Limits, RunSpec
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Outcome, Score
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.lm import Reply, Role
from optimizer.core.programs.program import ModulePrompt, Program
from optimizer.jobs import controls, evaluations, model_checks, starting
from optimizer.lm import secrets
from optimizer.lm.call import LMCall
from optimizer.lm.failures import ProviderRefused
from optimizer.models import Completion, Provider, Run
from tests.evaluations import checked, held, start_tryout
from tests.fakes.faults import error
from tests.fakes.openai_server import Body, OpenAIServer
from tests.fakes.scripted_lm import ScriptedLM, always_right, by_skill
from tests.fakes.telling import refused, told
from tests.fakes.world import LABEL, messages, one_module_program, two_module_program
from tests.optimizer.conftest import Create, carry_on, elsewhere

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


@pytest.fixture
def ears(transactional_db: None) -> Iterator[Callable[[], list[str]]]:
    with ownership.connect() as connection:
        connection.autocommit = True
        connection.execute(f"LISTEN {doorbell.CHANNEL}")
        yield lambda: [n.payload for n in connection.notifies(timeout=0.5)]


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


# --- tryouts and checks ---------------------------------------------------------------------------


def tried(
    program: Program, spec: RunSpec, lm: ScriptedLM, metric: Metric | None = LABEL
) -> tuple[Run, Outcome | None]:
    (example,) = messages(1)
    row = held(start_tryout(spec, example, metric, program), lm)
    return row, next(iter(evaluations.outcomes_of(row)), None)


def test_a_tryout_keeps_every_reply_and_its_score(
    spec: RunSpec, ears: Callable[[], list[str]]
) -> None:
    row, outcome = tried(spec.program, spec, ScriptedLM(script=always_right))
    assert (row.status, row.message) == ("finished", "")
    assert outcome is not None
    assert outcome.score == Score(1.0, "as expected")
    assert outcome.trace[0].reply == '{"label": "ham"}'
    assert set(ears()) == {f"run:{row.pk}"}


def test_a_tryout_without_a_metric_says_whether_the_replies_could_be_read(spec: RunSpec) -> None:
    _, well = tried(spec.program, spec, ScriptedLM(script=always_right), metric=None)
    assert well is not None
    assert well.outputs == {"label": "ham"}
    Completion.objects.all().delete()
    row, ill = tried(spec.program, spec, ScriptedLM(script=lambda call: "{}"), metric=None)
    assert row.status == "finished"
    assert ill is not None
    assert ill.score is not None
    assert "lacks “label”" in ill.score.reason


def test_a_tryout_that_cannot_be_answered_says_why(spec: RunSpec) -> None:
    refusal = ProviderRefused("answered 401: wrong key", said="<b>sk-… is no key</b>")
    row, outcome = tried(spec.program, spec, ScriptedLM(script=lambda call: refusal))
    assert (row.status, outcome) == ("failed", None)
    assert "answered 401: wrong key" in told(row.message)
    assert "then try again" in told(row.message)
    assert row.said == "<b>sk-… is no key</b>"


def test_a_tryout_can_be_stopped_before_and_while_it_is_answered(spec: RunSpec) -> None:
    waiting = start_tryout(spec)
    controls.cancel(waiting.pk)
    assert held(waiting, ScriptedLM()).status == "cancelled"

    row = start_tryout(spec, program=two_module_program())

    def stopping(call: LMCall) -> str:
        elsewhere(lambda: controls.cancel(row.pk))
        time.sleep(1.2)  # until the next beat
        return by_skill(call)

    lm = ScriptedLM(script=stopping)
    assert held(row, lm).status == "cancelled"
    assert len(lm.calls) == 1


def test_candidates_are_tried_with_several_models_at_once(spec: RunSpec) -> None:
    task, program = spec.models[Role.TASK], spec.program
    bare = baseline_of(program)
    (name,) = bare.modules
    plain = Candidate({name: ModulePrompt("Say ham or spam.")})
    lm = ScriptedLM()
    row = evaluations.start(
        EvaluationSpec(
            program, (bare, plain), (task, replace(task, model="other")), Purpose.FULL,
            spec.namespace, tuple(messages(3)), LABEL,
        )
    )  # fmt: skip
    assert held(row, lm).status == "finished"
    assert Counter(call.model for call in lm.calls) == {task.model: 6, "other": 6}
    assert len(evaluations.outcomes_of(row)) == 12
    assert row.candidates.count() == 2


def test_what_a_run_has_paid_for_answers_a_tryout(create: Create, spec: RunSpec) -> None:
    lm = ScriptedLM()
    carry_on(create(), lm)
    paid = len(lm.calls)
    row = held(start_tryout(spec, spec.validation[0], LABEL, one_module_program()), lm)
    (outcome,) = evaluations.outcomes_of(row)
    assert outcome.trace[0].cached is True
    assert len(lm.calls) == paid


def test_a_check_says_that_a_provider_works_and_what_it_can(
    provider: Provider, ears: Callable[[], list[str]]
) -> None:
    with OpenAIServer(constrains=False, models=("small", "large")) as server:
        Provider.objects.filter(pk=provider.pk).update(api_base=server.url)
        run = model_checks.start(provider, "large")
        assert model_checks.latest(provider).state == "waiting"
        held(run)
    provider.refresh_from_db()
    check = model_checks.latest(provider)
    assert check.state == "works"
    assert check.message.startswith("large answered in")
    assert provider.models_offered == ["small", "large"]
    assert provider.model_traits["large"]["replies"] == "free"
    assert "Replies cannot be held to a form" in check.message
    assert f"run:{run.pk}" in ears()


@pytest.mark.parametrize("kind", [Provider.Kind.OPENAI_COMPATIBLE, Provider.Kind.LITELLM])
def test_a_check_of_a_server_with_its_own_wishes_passes_and_says_them(
    provider: Provider, kind: Provider.Kind
) -> None:
    def wants(body: Body) -> web.Response | None:
        if "max_tokens" in body:
            return error(400, "max_tokens is not supported. Use max_completion_tokens.")
        if "temperature" in body:
            return error(400, "'temperature' does not support 0. Only the default is supported.")
        return None

    model = "openai/gpt-4o-mini" if kind == Provider.Kind.LITELLM else "large"
    with OpenAIServer(wants=wants) as server:
        Provider.objects.filter(pk=provider.pk).update(
            api_base=server.url, kind=kind, family="openai" if "/" in model else "",
            secret=secrets.encrypt("sk-0123456789"),
        )  # fmt: skip
        provider.refresh_from_db()
        held(model_checks.start(provider, model))
        provider.refresh_from_db()
        check = model_checks.latest(provider)
        assert check.state == "works", check.message
        assert "It is told its limit of tokens as max_completion_tokens." in check.message
        assert "No temperature is sent" in check.message
        assert len(server.requests) == 3
        held(model_checks.start(provider, model))
        assert len(server.requests) == 4  # it is remembered


def test_a_check_whose_reply_is_cut_off_says_so(provider: Provider) -> None:
    checked(provider, ScriptedLM(script=lambda call: Reply("{", 1, 1, finish_reason="length")))
    provider.refresh_from_db()
    assert "cut off at its limit of 600 tokens" in model_checks.latest(provider).message


@pytest.mark.parametrize("reply", ["", "  \n"])
def test_a_check_that_is_answered_with_nothing_fails_and_says_so(
    provider: Provider, reply: str
) -> None:
    checked(provider, ScriptedLM(script=lambda call: reply))
    check = model_checks.latest(provider)
    assert check.state == "failed"
    assert 'Its reply was empty, where {"answer": "ready"} was asked for' in check.message


@pytest.mark.parametrize(
    ("reply", "finish", "said"),
    [
        ("\u2581\u2581 the the the the", "stop", "▁▁ the the the the"),
        ("<|im_start|>assistant", "stop", "<|im_start|>assistant"),
        ('{"answer": "maybe"}', "stop", '{"answer": "maybe"}'),
        ("{}", "stop", "{}"),
        ("I cannot help with that.", "refusal", "I cannot help with that."),
        ("a\0b " * 400, "stop", "a\ufffdb a\ufffdb"),
    ],
)
def test_a_check_that_is_answered_otherwise_says_what_came(
    provider: Provider, reply: str, finish: str, said: str
) -> None:
    checked(provider, ScriptedLM(script=lambda call: Reply(reply, 1, 1, finish_reason=finish)))
    check = model_checks.latest(provider)
    assert not check.as_asked
    assert f'It was asked for {{"answer": "ready"}} and said: “{said}' in check.message
    assert len(check.message) < 400


@pytest.mark.parametrize(
    "reply", ["ready", "Ready.", '```json\n{"answer": "ready"}\n```', '{"ANSWER": "Ready"}']
)
def test_a_check_takes_the_answer_in_any_shape_that_runs_read(
    provider: Provider, reply: str
) -> None:
    checked(provider, ScriptedLM(script=lambda call: reply))
    check = model_checks.latest(provider)
    assert (check.state, check.as_asked) == ("works", True)
    assert "said" not in check.message


def test_a_check_without_a_name_asks_the_first_model_that_is_offered(provider: Provider) -> None:
    with OpenAIServer(models=("small", "large")) as server:
        Provider.objects.filter(pk=provider.pk).update(api_base=server.url)
        checked(provider, model="")
    provider.refresh_from_db()
    assert model_checks.latest(provider).message.startswith("small answered in")
    checked(provider, ScriptedLM(script=lambda call: "ready"), model="")  # what it offers is known
    assert model_checks.latest(provider).message.startswith("small answered in")


class EditedMeanwhile(ScriptedLM):
    """Is slow to list its models: somebody points the provider elsewhere before it has."""

    async def models(self) -> list[str]:
        changed = {"api_base": "http://other.test/v1", "models_offered": ["mine"]}
        elsewhere(lambda: Provider.objects.update(check_run=None, **changed))
        return ["old"]


def test_what_a_provider_listed_before_it_was_changed_is_not_said_of_it_after(
    provider: Provider,
) -> None:
    checked(provider, EditedMeanwhile())
    assert provider.models_offered == ["mine"]


class ConstrainsNothing(ScriptedLM):
    async def complete(self, call: LMCall) -> Reply:
        elsewhere(lambda: Provider.objects.update(api_base="http://other.test/v1"))
        self.constrains = False
        return await super().complete(call)


def test_that_an_endpoint_constrains_nothing_is_not_said_of_another_address(
    provider: Provider,
) -> None:
    checked(provider, ConstrainsNothing(script=lambda call: "ready"))
    assert provider.constrains_replies is True


def test_a_check_of_a_provider_that_lists_no_model_asks_for_a_name(provider: Provider) -> None:
    checked(provider, ScriptedLM(listed=()), model="")
    assert "Enter the name of a model" in model_checks.latest(provider).message


def test_a_check_of_a_wrong_key_or_a_dead_endpoint_says_what_to_do(provider: Provider) -> None:
    checked(provider, model="m")
    check = model_checks.latest(provider)
    assert check.state == "failed"
    assert "Is the server running?" in check.message
    with OpenAIServer(key="right-right-right") as server:
        key = secrets.encrypt("sk-CANARY-0123456789")
        Provider.objects.filter(pk=provider.pk).update(api_base=server.url, secret=key)
        checked(provider, model="m")
    check = model_checks.latest(provider)
    assert "answered 401: the key is missing, wrong" in check.message
    assert "Incorrect API key" in check.said
    assert "CANARY" not in f"{check.message}{check.said}"


# --- secrets --------------------------------------------------------------------------------------


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

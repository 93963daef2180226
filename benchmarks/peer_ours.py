"""One of our optimizers on a task, within a number of program evaluations, as the worker runs it.

Ledger, limits, writer and outcomes are the product's; only the conversation is watched, so that it
gets no more evaluations than it may have.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from benchmarks.model_server import LocalModel
from benchmarks.peer_arms import Ours as Arm
from benchmarks.tasks import PROPOSAL_TOKENS, Sizes, Task, dealt
from optimizer.core.conversation.events import Result
from optimizer.core.conversation.requests import BudgetSpent, Conversation, Evaluate
from optimizer.core.conversation.spec import Effort, ModelRef, RunSpec
from optimizer.core.optimizers import OPTIMIZERS, bootstrap_search
from optimizer.core.optimizers.estimate import estimate
from optimizer.core.optimizers.optimizer import Optimizer
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.lm import Role
from optimizer.core.search.search import NewSearch
from optimizer.lm.guard import EVERYWHERE
from optimizer.lm.openai_http import OpenAIHttp
from tests.browser.ground import database, empty_home

if TYPE_CHECKING:
    from optimizer.lm.call import Endpoint
    from optimizer.models import Provider


@dataclass(frozen=True)
class Found:
    """What an arm of ours ends with; `reported` is the score that it expects of the winner."""

    best: Candidate
    evaluations: int
    reported: float | None


@dataclass(frozen=True)
class Models:
    """Who answers as the program, and who writes instructions."""

    task: ModelRef
    writer: ModelRef


def spec_within(
    task: Task, arm: Arm, evaluations: int, seed: int, models: Models, sizes: Sizes
) -> RunSpec:
    """An optimizer's light settings, with as many trials as so many evaluations allow.

    Every validation row scores candidates, whatever the optimizer.
    """
    splits = dealt(task, seed, sizes)
    settings = OPTIMIZERS[arm.optimizer].settings(Effort.LIGHT, task.program)
    spec = RunSpec(
        task.program, task.metric, arm.optimizer,
        settings if arm.nearest else replace(settings, nearest_demos=0),
        {
            Role.TASK: replace(models.task, max_tokens=task.reply_tokens),
            Role.OPTIMIZER: replace(models.writer, max_tokens=PROPOSAL_TOKENS),
        }, splits.train, splits.validation, seed=seed,
        namespace=namespace_of(task, arm, evaluations, seed),
    )  # fmt: skip
    fitting = spec
    for trials in range(1, evaluations):
        wider = _of_trials(spec, trials)
        if planned(wider) > evaluations:
            break
        fitting = wider
    return fitting


def namespace_of(task: Task, arm: Arm, evaluations: int, seed: int) -> str:
    """Arms share no reply: each pays for what it asks."""
    return f"{task.name}:{seed}:{arm.title}:{evaluations}"


def _of_trials(spec: RunSpec, trials: int) -> RunSpec:
    """The same with so many trials. Where each of them is a demo set of its own, there are as many
    sets, beside the empty one.
    """
    settings = replace(
        spec.settings, trials=trials, effort=Effort.CUSTOM, max_validation=len(spec.validation)
    )
    if spec.optimizer == bootstrap_search.OPTIMIZER.name:
        settings = replace(settings, demo_sets=max(settings.demo_sets, trials + 1))
    return replace(spec, settings=settings)


def planned(spec: RunSpec) -> int:
    """Program evaluations of a run at most, with one pass of the teacher over the training rows.

    Where hardly any of them came out right a second pass follows, and the search is cut short.
    """
    most = estimate(spec).task_calls[1] // max(len(spec.program.calls), 1)
    bootstraps = OPTIMIZERS[spec.optimizer].bootstrapping(spec.settings) is not None
    return most - len(spec.train) if bootstraps else most


@dataclass
class Allowance:
    """Watches a conversation: BudgetSpent instead of an evaluation beyond `most`.

    What was evaluated before is answered from memory, and not counted again.
    """

    most: int
    made: set[tuple[object, ...]] = field(default_factory=set)

    @property
    def used(self) -> int:
        return len(self.made)

    def within(self, optimizer: Optimizer) -> Optimizer:
        def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
            return self._watched(optimizer.converse(spec, new_search))

        return replace(optimizer, converse=converse)

    def _watched(self, conversation: Conversation[Result]) -> Conversation[Result]:
        turn = next(conversation)
        while True:
            made = self.made | _evaluations(turn)
            try:
                if len(made) > self.most:
                    turn = conversation.throw(BudgetSpent())
                    continue
                self.made = made
                try:
                    answer = yield turn
                except BudgetSpent as spent:
                    turn = conversation.throw(spent)
                    continue
                turn = conversation.send(answer)
            except StopIteration as end:
                result: Result = end.value
                return result


def _evaluations(turn: Any) -> set[tuple[object, ...]]:
    asked = turn if isinstance(turn, tuple) else (turn,)
    return {
        (request.candidate, example.id, request.role, request.sample, request.temperature)
        for request in asked
        if isinstance(request, Evaluate)
        for example in request.examples
    }


@contextmanager
def worker(model: LocalModel, writer: LocalModel) -> Iterator[Worker]:
    """Django on a database of its own, the local model as its embedded one, and the writer."""
    with empty_home() as home, database(home):
        from django.conf import settings

        from optimizer.models import AllowedAddress

        settings.EMBEDDED_MODEL_URL = model.url
        AllowedAddress.objects.create(host="127.0.0.1/32", added_by="the benchmark")
        yield Worker(model, writer)


@dataclass(frozen=True)
class Worker:
    model: LocalModel
    writer: LocalModel

    def optimize(self, task: Task, arm: Arm, evaluations: int, seed: int, sizes: Sizes) -> Found:
        """Run one optimizer to its end.

        Raises:
            RunFailed: it ended otherwise.
        """
        from optimizer.jobs import starting
        from optimizer.running import runner

        models = self._models(namespace_of(task, arm, evaluations, seed))
        run = starting.create_run(spec_within(task, arm, evaluations, seed, models, sizes))
        allowance = Allowance(evaluations)
        watched = allowance.within(OPTIMIZERS[arm.optimizer])
        results: list[Result] = []
        optimizers = {arm.optimizer: _kept(watched, results)}
        runner.run(run.pk, runner.Means(optimizers=optimizers, connect=_connect))
        run.refresh_from_db()
        if not results:
            raise RunFailed(run.status, run.message)
        told = results[-1].estimate or results[-1].best_score
        return Found(results[-1].best, allowance.used, told.mean if told else None)

    def _models(self, namespace: str) -> Models:
        from optimizer.models import Provider

        task = self._provider(namespace, "Program", self.model, kind=Provider.Kind.EMBEDDED)
        writer = self._provider(
            namespace, "Writer", self.writer,
            kind=Provider.Kind.OPENAI_COMPATIBLE, api_base=self.writer.url,
        )  # fmt: skip
        return Models(ModelRef(task.pk, self.model.name), ModelRef(writer.pk, self.writer.name))

    def _provider(self, namespace: str, name: str, model: LocalModel, **more: str) -> Provider:
        from optimizer.models import Provider

        return Provider.objects.create(
            namespace=namespace, name=name, models_offered=[model.name],
            concurrency=model.at_once, input_price=0, output_price=0, **more,
        )  # fmt: skip


def _connect(provider: Provider) -> Endpoint:
    """As the worker does, the writer as the engine of our own that it is."""
    from optimizer.running import role_clients

    if provider.kind == provider.Kind.EMBEDDED:
        return role_clients.connect(provider)
    return OpenAIHttp(
        provider.api_base,
        egress=EVERYWHERE,
        own_engine=True,
        deadline=role_clients.OWN_DEADLINE,
    )


def _kept(optimizer: Optimizer, results: list[Result]) -> Optimizer:
    def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
        result = yield from optimizer.converse(spec, new_search)
        results.append(result)
        return result

    return replace(optimizer, converse=converse)


class RunFailed(Exception):
    """A run of ours did not end with a result."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(f"the run is {status}: {message}")

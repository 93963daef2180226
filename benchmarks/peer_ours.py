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
from tests.browser.ground import database, empty_home

if TYPE_CHECKING:
    from optimizer.models import Provider

PREFERRED = ("racing", "mipro")


@dataclass(frozen=True)
class Ours:
    """What an arm of ours ends with; `reported` is the score that it expects of the winner."""

    best: Candidate
    evaluations: int
    reported: float | None


def preferred() -> str:
    """Our recommended optimizer."""
    return next(name for name in PREFERRED if name in OPTIMIZERS)


def spec_within(
    task: Task, optimizer: str, evaluations: int, seed: int, model: ModelRef, sizes: Sizes
) -> RunSpec:
    """An optimizer's light settings, with as many trials as so many evaluations allow.

    Every validation row scores candidates, whatever the optimizer.
    """
    splits = dealt(task, seed, sizes)
    spec = RunSpec(
        task.program, task.metric, optimizer,
        OPTIMIZERS[optimizer].settings(Effort.LIGHT, task.program),
        {
            Role.TASK: replace(model, max_tokens=task.reply_tokens),
            Role.OPTIMIZER: replace(model, max_tokens=PROPOSAL_TOKENS),
        }, splits.train, splits.validation, seed=seed,
        namespace=f"{task.name}:{seed}:{optimizer}:{evaluations}",
    )  # fmt: skip
    fitting = spec
    for trials in range(1, evaluations):
        wider = _of_trials(spec, trials)
        if planned(wider) > evaluations:
            break
        fitting = wider
    return fitting


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
def worker(model: LocalModel) -> Iterator[Worker]:
    """Django on a database of its own, and the local model as its embedded one."""
    with empty_home() as home, database(home):
        from django.conf import settings

        from optimizer.models import Provider

        settings.EMBEDDED_MODEL_URL = model.url
        yield Worker(model, Provider.Kind.EMBEDDED)


@dataclass(frozen=True)
class Worker:
    model: LocalModel
    kind: str

    def optimize(
        self, task: Task, optimizer: str, evaluations: int, seed: int, sizes: Sizes, at_once: int
    ) -> Ours:
        """Run one optimizer to its end.

        Raises:
            RunFailed: it ended otherwise.
        """
        from optimizer.jobs import starting
        from optimizer.running import runner

        provider = self._provider(f"{task.name}:{seed}:{optimizer}:{evaluations}", at_once)
        ref = ModelRef(provider.pk, self.model.name)
        spec = spec_within(task, optimizer, evaluations, seed, ref, sizes)
        run = starting.create_run(spec)
        allowance = Allowance(evaluations)
        watched = allowance.within(OPTIMIZERS[optimizer])
        results: list[Result] = []
        runner.run(run.pk, runner.Means(optimizers={optimizer: _kept(watched, results)}))
        run.refresh_from_db()
        if not results:
            raise RunFailed(run.status, run.message)
        told = results[-1].estimate or results[-1].best_score
        return Ours(results[-1].best, allowance.used, told.mean if told else None)

    def _provider(self, namespace: str, at_once: int) -> Provider:
        from optimizer.models import Provider

        return Provider.objects.create(
            namespace=namespace, name="Local", kind=self.kind, models_offered=[self.model.name],
            concurrency=at_once, input_price=0, output_price=0,
        )  # fmt: skip


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

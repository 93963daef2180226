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
from benchmarks.tasks import PROPOSAL_TOKENS, REPLY_TOKENS, Sizes, Task, dealt
from optimizer.core.conversation.events import Result
from optimizer.core.conversation.requests import BudgetSpent, Conversation, Evaluate
from optimizer.core.conversation.spec import Effort, ModelRef, RunSpec
from optimizer.core.optimizers import OPTIMIZERS
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
    """The recommended light settings, with as many trials as so many evaluations allow.

    One run of the teacher over the training rows is planned for bootstrapping. Where hardly any of
    them came out right a second one follows, and the search is cut short by it.
    """
    splits = dealt(task, seed, sizes)
    spec = RunSpec(
        task.program, task.metric, optimizer,
        OPTIMIZERS[optimizer].settings(Effort.LIGHT, task.program),
        {
            Role.TASK: replace(model, max_tokens=REPLY_TOKENS),
            Role.OPTIMIZER: replace(model, max_tokens=PROPOSAL_TOKENS),
        }, splits.train, splits.validation, seed=seed,
        namespace=f"{task.name}:{seed}:{optimizer}:{evaluations}",
    )  # fmt: skip
    fitting = spec
    calls = max(len(task.program.calls), 1)
    for trials in range(1, evaluations):
        wider = replace(spec, settings=replace(spec.settings, trials=trials, effort=Effort.CUSTOM))
        if estimate(wider).task_calls[1] // calls - len(splits.train) > evaluations:
            break
        fitting = wider
    return fitting


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
        from optimizer import runner, starting

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

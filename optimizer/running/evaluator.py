"""Requests are answered: every example a small conversation with models, many under way at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, assert_never

from optimizer.core.conversation.requests import (
    Ask,
    BudgetSpent,
    Evaluate,
    Outcomes,
    Replies,
    Request,
    Unfinished,
)
from optimizer.core.evaluation.execute import judged, predict
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import CallTrace, Outcome
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.ending import no_answer
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import EmbeddingModel, OwnModel, Reply, Role
from optimizer.core.programs.program import Program
from optimizer.core.programs.steps import (
    Embed,
    Fetch,
    LmCall,
    RunCode,
    Search,
    StepAnswer,
    StepRequest,
    Steps,
)
from optimizer.core.programs.vectors import numbers_of
from optimizer.lm.failures import CallFailed, SentTooOften
from optimizer.lm.retry import pause_after
from optimizer.retrieval.answers import searched
from optimizer.running.code_runner import CodeRunner
from optimizer.running.commit_thread import CommitThread
from optimizer.running.embedder import Embedder
from optimizer.running.fetcher import Fetcher
from optimizer.running.interruptions import Interruption, Why
from optimizer.running.role_client import RoleClient, refused_prompt
from optimizer.running.role_clients import RoleClients
from optimizer.running.threads import in_a_thread
from optimizer.sandbox.answers import answered

GRACE_SECONDS = 10.0
"""How long calls that are out may take when the worker has to stop."""
ENOUGH_TO_TELL = 3
"""This many prompts refused, and none answered, is not about single prompts any more."""

T = TypeVar("T")
ClientOf = Callable[[OwnModel], RoleClient]
EmbedderOf = Callable[[EmbeddingModel], Embedder]


@dataclass
class Open:
    """A request that waits for its answer. `known` are outcomes by position, kept in rows; `failed`
    are errors of this attempt, kept in memory until the whole request is answered; of them those at
    `again` were asked once more.
    """

    request: Request
    exchange: int
    known: dict[int, Outcome] = field(default_factory=dict)
    failed: dict[int, CallFailed] = field(default_factory=dict)
    again: set[int] = field(default_factory=set)
    replies: Replies = ()

    def answer(self) -> Outcomes | Replies:
        if isinstance(self.request, Ask):
            return self.replies
        return tuple(self.known[i] for i in range(len(self.request.examples)))

    def take(self, unstorable: dict[tuple[int, int], Outcome]) -> None:
        """Know what is in rows, where that is not what was to be there."""
        self.known |= {p: o for (exchange, p), o in unstorable.items() if exchange == self.exchange}

    def errors(self) -> dict[int, Outcome]:
        """The failed examples as outcomes: an error, never a score."""
        assert isinstance(self.request, Evaluate)
        examples = self.request.examples
        return {
            position: failed_outcome(examples[position], failure, position in self.again)
            for position, failure in self.failed.items()
        }

    def passing(self) -> list[int]:
        """Positions whose failure may pass, where others were answered; a provider that answers
        nothing is no matter of single examples.
        """
        failed = (position for position, failure in self.failed.items() if failure.passing)
        return sorted(failed) if self.known else []


Job = tuple[Open, Evaluate, int]


class Evaluator:
    """Answers a run's requests through its clients.

    `program` is what its candidates are of; None where nothing is evaluated. `cut_off_fails`: see
    `judged`, `kept`: see `predict`.
    """

    def __init__(
        self,
        program: Program | None,
        metric: Metric | None,
        clients: RoleClients,
        commit_thread: CommitThread,
        cut_off_fails: bool = False,
        kept: tuple[CallTrace, ...] = (),
    ) -> None:
        self._program, self._metric = program, metric
        self._cut_off_fails, self._kept = cut_off_fails, kept
        self._clients = clients
        self._commit_thread = commit_thread
        self._spent: BudgetSpent | None = None
        self._code = CodeRunner(commit_thread.leave, commit_thread.again)

    async def answer(self, opened: Sequence[Open]) -> None:
        """Fill in what is missing of these requests.

        Raises:
            BudgetSpent: a cap or the time limit ended it; what was answered is kept.
            Interruption: the run is being left; what was answered is kept.
        """
        self._spent = None
        jobs = iter(list(_jobs(opened)))
        workers = [self._work(jobs) for _ in range(self._in_flight(opened))]
        asks = [self._ask(o, o.request) for o in opened if isinstance(o.request, Ask)]
        tasks = [asyncio.create_task(job) for job in (*workers, *asks)]
        await self._finish(tasks)
        if self._commit_thread.leaving is not None:
            raise self._commit_thread.leaving
        if self._spent is not None:
            raise self._spent
        await self._ask_again(opened)
        for entry in opened:
            self._doubt_provider(entry)

    async def _ask_again(self, opened: Sequence[Open]) -> None:
        """Once more, after a pause, what failed in passing: before anybody scores what came of it.
        Where a cap ends that, the failures stay.
        """
        jobs = [
            (entry, entry.request, position)
            for entry in opened
            if isinstance(entry.request, Evaluate)
            for position in entry.passing()
        ]
        if not jobs:
            return
        await self._commit_thread.rest(pause_after(e.failed[at] for e, _request, at in jobs))
        turns = iter(jobs)
        with self._clients.forgiving():
            await self._finish(
                [
                    asyncio.create_task(self._work(turns, again=True))
                    for _ in range(min(len(jobs), self._in_flight(opened)))
                ]
            )
        if self._commit_thread.leaving is not None:
            raise self._commit_thread.leaving

    async def _finish(self, tasks: list[asyncio.Task[None]]) -> None:
        """Wait for all; a worker that stops waits no longer than GRACE_SECONDS for what is out."""
        waiting = set(tasks)
        patience = None
        while waiting:
            done, waiting = await asyncio.wait(
                waiting, timeout=0.5, return_when=asyncio.FIRST_EXCEPTION
            )
            problems = [error for task in done if (error := task.exception()) is not None]
            leaving = self._commit_thread.leaving
            if patience is None and leaving and leaving.why is Why.WORKER_STOPS:
                patience = asyncio.get_running_loop().time() + GRACE_SECONDS
            if problems or (patience and asyncio.get_running_loop().time() > patience):
                await _cancel(waiting)
                waiting = set()
            if problems:
                raise problems[0]

    async def _work(self, jobs: Iterator[Job], again: bool = False) -> None:
        for entry, request, position in jobs:
            if self._commit_thread.leaving is not None or self._spent is not None:
                return
            try:
                outcome = await self._example(request, position)
            except BudgetSpent as spent:
                self._spent = spent
            except Interruption:
                return
            except SentTooOften as failure:
                entry.failed.setdefault(position, failure)
            except CallFailed as failure:
                entry.failed[position] = failure
                entry.again |= {position} if again else set()
            else:
                entry.failed.pop(position, None)
                outcome = replace(outcome, asked_again=again)
                entry.known[position] = outcome
                self._commit_thread.score(entry.exchange, position, outcome)

    async def _example(self, request: Evaluate, position: int) -> Outcome:
        assert self._program is not None
        return await run_example(
            self._program, request.candidate, request.examples[position], self._metric,
            self._client(request), request.sample, request.temperature, self._clients.embedder,
            self._cut_off_fails, self._clients.own, self._clients.namespace, self._clients.judge,
            self._clients.fetcher, self._code, self._kept,
        )  # fmt: skip

    def _client(self, request: Evaluate) -> RoleClient:
        return self._clients.of(request.role, request.model)

    async def _ask(self, entry: Open, request: Ask) -> None:
        if request.embedding is not None:
            await self._ask_vectors(entry, request, request.embedding)
            return
        client = self._clients.of(Role.OPTIMIZER, request.model)
        calls = (client.say(prompt) for prompt in request.prompts)
        told = await asyncio.gather(*calls, return_exceptions=True)
        problems = [t for t in told if isinstance(t, BaseException)]
        for problem in problems:
            self._take(client, problem)
        if not problems:
            entry.replies = tuple(_text_of(t) for t in told if isinstance(t, Reply))

    async def _ask_vectors(self, entry: Open, request: Ask, model: EmbeddingModel) -> None:
        embedder = self._clients.embedder(model)
        texts = tuple(m.content for prompt in request.prompts for m in prompt.messages)
        try:
            vectors = await embedder.vectors(texts)
        except (BudgetSpent, CallFailed, Interruption) as problem:
            self._take(embedder.client, problem)
        else:
            entry.replies = tuple(str(len(numbers_of(vector))) for vector in vectors)

    def _take(self, client: RoleClient, problem: BaseException) -> None:
        """An instruction that cannot be asked for has no error to stand in: the run waits."""
        if isinstance(problem, BudgetSpent):
            self._spent = problem
        elif isinstance(problem, CallFailed):
            self._commit_thread.leave(
                client.down(problem) if problem.passing else client.refuses(problem)
            )
        elif not isinstance(problem, Interruption):
            raise problem

    def _in_flight(self, opened: Sequence[Open]) -> int:
        requests = [o.request for o in opened if isinstance(o.request, Evaluate)]
        return max((self._client(r).in_flight for r in requests), default=0)

    def _doubt_provider(self, entry: Open) -> None:
        """Nothing but failures is the provider's doing, however few they are. Prompts that are
        refused say so only of the program as it stands: others come after it was answered, and
        are theirs to blame, as when demos are too long for the model.
        """
        if not isinstance(entry.request, Evaluate) or not entry.failed or entry.known:
            return
        client, failures = self._client(entry.request), list(entry.failed.values())
        if any(failure.passing for failure in failures):
            raise _asked(failures[-1], client).down(failures[-1])
        assert self._program is not None
        own = entry.request.candidate == baseline_of(self._program)
        if own and len(failures) >= ENOUGH_TO_TELL and all(map(refused_prompt, failures)):
            raise _asked(failures[-1], client).refuses(failures[-1])


def _asked(failure: CallFailed, else_: RoleClient) -> RoleClient:
    return failure.asked if isinstance(failure.asked, RoleClient) else else_


def _text_of(reply: Reply) -> str | Unfinished:
    fault = no_answer(reply.finish_reason)
    return Unfinished(reply.text, reply.finish_reason) if fault else reply.text


def failed_outcome(example: Example, failure: BaseException, again: bool = False) -> Outcome:
    """What is kept of an example whose call failed: an error, never a score."""
    return Outcome(example.id, None, {}, (), str(failure), said_in(failure), again)


def said_in(failure: BaseException) -> str:
    """A provider's own words, "" where the failure is ours alone."""
    return failure.said if isinstance(failure, CallFailed | Interruption) else ""


async def run_example(
    program: Program,
    candidate: Candidate,
    example: Example,
    metric: Metric | None,
    client: RoleClient,
    sample: int = 0,
    temperature: float | None = None,
    embedder: EmbedderOf | None = None,
    cut_off_fails: bool = False,
    own: ClientOf | None = None,
    namespace: str = "",
    judge: ClientOf | None = None,
    fetcher: Fetcher | None = None,
    code: CodeRunner | None = None,
    kept: tuple[CallTrace, ...] = (),
) -> Outcome:
    """Run the program on one example and judge it; calls of one wave are made at once.

    Without a metric the score only says whether every reply could be read. `embedder` finds what
    makes the vectors that program and metric may want, `own` the models that modules name, `judge`
    those that the metric names; `namespace` is the project whose corpora things are looked up in,
    `fetcher` asks addresses, `code` runs what people wrote; `kept`: see `predict`.

    Raises:
        CallFailed, BudgetSpent, Interruption: the example has no outcome.
    """
    steps = predict(program, candidate, example.inputs, sample, kept)
    answering = _Answering(client, embedder, own, temperature, namespace, fetcher, code)
    prediction = await _held(steps, answering)
    score = judged(metric, example, prediction, cut_off_fails)
    return await _held(score, _Answering(client, embedder, judge, code=code))


@dataclass(frozen=True)
class _Answering:
    """Who answers what a program or a metric asks."""

    client: RoleClient
    embedder: EmbedderOf | None = None
    own: ClientOf | None = None
    temperature: float | None = None
    namespace: str = ""
    fetcher: Fetcher | None = None
    code: CodeRunner | None = None


async def _held(steps: Steps[T], by: _Answering) -> T:
    """Answer what a program or a metric asks until it ends; returns its result."""
    try:
        requests = next(steps)
        while True:
            requests = steps.send(await _answers(by, requests))
    except StopIteration as end:
        result: T = end.value
        return result


async def _answers(by: _Answering, requests: tuple[StepRequest, ...]) -> tuple[StepAnswer, ...]:
    if len(requests) == 1:
        return (await _answer(by, requests[0]),)
    told = await asyncio.gather(
        *(_answer(by, request) for request in requests), return_exceptions=True
    )
    problem = next((t for t in told if isinstance(t, BaseException)), None)
    if problem is not None:
        raise problem  # only now, when none of them is out any more
    return tuple(t for t in told if not isinstance(t, BaseException))


async def _answer(by: _Answering, request: StepRequest) -> StepAnswer:
    """Each kind of request has its one answerer here."""
    match request:
        case LmCall(prompt, None):
            return await by.client.say(prompt, by.temperature)
        case LmCall(prompt, own):
            assert by.own is not None
            assert own is not None
            return await by.own(own).say(prompt, by.temperature)
        case RunCode():
            return await (by.code.answer(request) if by.code else in_a_thread(answered, request))
        case Embed(texts, model):
            assert by.embedder is not None
            return await by.embedder(model).vectors(texts)
        case Search():
            return await in_a_thread(searched, request, by.namespace)
        case Fetch():
            assert by.fetcher is not None
            return await by.fetcher.answer(request)
        case _:
            assert_never(request)


def _jobs(opened: Sequence[Open]) -> Iterator[Job]:
    """Candidate by candidate, so that a local server's prefix cache serves the whole candidate."""
    for entry in opened:
        if isinstance(entry.request, Evaluate):
            for position in range(len(entry.request.examples)):
                if position not in entry.known:
                    yield entry, entry.request, position


async def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

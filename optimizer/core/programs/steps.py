"""What running a program and scoring its answer ask of the world, one typed request at a time."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar, cast

from optimizer.core.problems import Problem
from optimizer.core.programs.lm import EmbeddingModel, OwnModel, Prompt, Reply
from optimizer.core.programs.signature import Value
from optimizer.core.programs.vectors import Vector

T = TypeVar("T")


@dataclass(frozen=True)
class LmCall:
    """A question to the model that the program runs on, or to one that the module names; the answer
    is its reply.
    """

    prompt: Prompt
    model: OwnModel | None = None


@dataclass(frozen=True)
class RunCode:
    """A call of `function` of somebody's source, with `arguments` by name in the function's order:
    plain values. It runs in the sandbox and nowhere else.
    """

    source: str
    function: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class CodeAnswer:
    """What the function returned, as plain JSON data; or why there is nothing: `problem`, and the
    same in words.
    """

    value: Any = None
    problem: Problem | None = None
    told: str = ""


@dataclass(frozen=True)
class Embed:
    """Texts of which an embedding model is to make vectors; the answer is one each, in order. The
    same text is paid for once, whoever asks again.
    """

    texts: tuple[str, ...]
    model: EmbeddingModel


Vectors = tuple[Vector, ...]


@dataclass(frozen=True)
class Search:
    """The `k` passages of a corpus, found by its digest, that say most about the query."""

    corpus: str
    query: str
    k: int


@dataclass(frozen=True)
class Passages:
    """Those passages, the best first, a value by column each; or why there are none to be had."""

    found: tuple[dict[str, Any], ...] = ()
    problem: Problem | None = None
    told: str = ""


@dataclass(frozen=True)
class Fetch:
    """What an address gives: by GET, or by POST with this JSON text as its body. Equal requests are
    sent once and answered the same ever after; `version` tells apart what an address gave at
    different times.
    """

    url: str
    body: str = ""
    version: str = ""


@dataclass(frozen=True)
class Fetched:
    """What it gave, with the status of HTTP; or why nothing whole came that counts: `problem`, and
    the same in words.
    """

    status: int = 0
    text: str = ""
    problem: Problem | None = None
    told: str = ""


StepRequest = LmCall | RunCode | Embed | Search | Fetch
"""The closed set: each has one answerer in the worker (`optimizer.running.evaluator`)."""
StepAnswer = Reply | CodeAnswer | Vectors | Passages | Fetched
"""What the requests are answered with."""
Steps = Generator[tuple[StepRequest, ...], tuple[StepAnswer, ...], T]
"""Yields requests that may be answered at the same time, is sent their answers in the same order.
"""


@dataclass(frozen=True)
class Ran:
    """What one use of a module gave: its outputs, and the reply that they were read from, an empty
    one where no model was asked.

    `problem` says why the reply could not be read, "" when it could; `outputs` is then empty.
    `answered` is False where the reply did not end as an answer does: cut off, refused, withheld.
    `cut_off` tells the first of these from the others.
    `parts`: what it is made of, where a model was asked more than once; `given` are the inputs of
    such a part where they are not those of the whole. `turn`: such a part is a turn on the way to
    an answer, and no answer.
    """

    outputs: dict[str, Value]
    reply: Reply = field(default_factory=lambda: Reply(""))
    problem: str = ""
    answered: bool = True
    cut_off: bool = False
    parts: tuple[Ran, ...] = ()
    given: dict[str, Value] | None = None
    turn: bool = False


def blame(ran: Ran) -> tuple[bool, bool]:
    """Sorts what was lost: first what is the provider's doing, then what was cut off, then what
    cannot be read.
    """
    return ran.answered, ran.cut_off


def say(prompt: Prompt, model: OwnModel | None = None) -> Steps[Reply]:
    """Ask the model once; returns its reply."""
    (reply,) = yield (LmCall(prompt, model),)
    return cast(Reply, reply)


def say_together(
    prompts: Sequence[Prompt], model: OwnModel | None = None
) -> Steps[tuple[Reply, ...]]:
    """Ask the model several things at once; returns a reply to each."""
    asked = tuple(LmCall(prompt, model) for prompt in prompts)
    return cast("tuple[Reply, ...]", (yield asked))


def call_code(request: RunCode) -> Steps[CodeAnswer]:
    """Call a function in the sandbox once."""
    (answer,) = yield (request,)
    return cast(CodeAnswer, answer)


def embedded(*requests: Embed) -> Steps[tuple[Vectors, ...]]:
    """Ask for vectors; returns those of each request."""
    return cast(tuple[Vectors, ...], (yield requests))


def look_up(request: Search) -> Steps[Passages]:
    """Look something up in a corpus once."""
    (answer,) = yield (request,)
    return cast(Passages, answer)


def fetch(request: Fetch) -> Steps[Fetched]:
    """Ask an address once."""
    (answer,) = yield (request,)
    return cast(Fetched, answer)


def alone(steps: Steps[T]) -> T | None:
    """The result of steps that ask nothing, None where they ask for something."""
    try:
        next(steps)
    except StopIteration as end:
        result: T = end.value
        return result
    steps.close()
    return None


def side_by_side(runs: Sequence[Steps[T]]) -> Steps[tuple[T, ...]]:
    """Several at once: what all of them ask for next is asked together. Results are in order."""
    if len(runs) == 1:
        return ((yield from runs[0]),)
    ended: dict[int, T] = {}
    answers: dict[int, tuple[StepAnswer, ...] | None] = dict.fromkeys(range(len(runs)))
    while answers:
        asked: dict[int, tuple[StepRequest, ...]] = {}
        for number, given in answers.items():
            try:
                asked[number] = runs[number].send(given)  # type: ignore[arg-type]  # None: begin
            except StopIteration as end:
                ended[number] = end.value
        together = tuple(request for own in asked.values() for request in own)
        told = iter((yield together) if together else ())
        answers = {number: tuple(islice(told, len(own))) for number, own in asked.items()}
    return tuple(ended[number] for number in range(len(runs)))

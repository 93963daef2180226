"""Steps of a program or a metric, answered by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.steps import (
    Embed,
    Fetch,
    Fetched,
    Passages,
    RunCode,
    Search,
    StepAnswer,
    StepRequest,
    Steps,
)
from optimizer.core.programs.vectors import vector_of
from optimizer.sandbox.jail import jail
from tests.fakes.meanings import numbers_for

T = TypeVar("T")


def held(
    steps: Steps[T],
    answer: Callable[[Prompt], Reply],
    asked: list[StepRequest] | None = None,
    look_up: Callable[[Search], Passages] = lambda _: Passages(),
    fetch: Callable[[Fetch], Fetched] = lambda _: Fetched(),
) -> T:
    """Answer every call to a model until the end; its result. `asked` takes the requests."""
    try:
        requests = next(steps)
        while True:
            if asked is not None:
                asked += requests
            requests = steps.send(
                tuple(_answered(request, answer, look_up, fetch) for request in requests)
            )
    except StopIteration as end:
        return end.value


def _answered(
    request: StepRequest,
    answer: Callable[[Prompt], Reply],
    look_up: Callable[[Search], Passages],
    fetch: Callable[[Fetch], Fetched],
) -> StepAnswer:
    """Code runs where it always does."""
    if isinstance(request, Fetch):
        return fetch(request)
    if isinstance(request, Search):
        return look_up(request)
    if isinstance(request, Embed):
        return tuple(vector_of(numbers_for(text)) for text in request.texts)
    return jail().run(request) if isinstance(request, RunCode) else answer(request.prompt)

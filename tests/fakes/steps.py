"""Steps of a program or a metric, answered by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from optimizer.core.programs.lm import Prompt, Reply
from optimizer.core.programs.steps import LmCall, StepAnswer, StepRequest, Steps
from optimizer.sandbox.jail import jail

T = TypeVar("T")


def held(steps: Steps[T], answer: Callable[[Prompt], Reply]) -> T:
    """Answer every call to a model until the end; returns the result."""
    try:
        requests = next(steps)
        while True:
            requests = steps.send(tuple(_answered(request, answer) for request in requests))
    except StopIteration as end:
        return end.value


def _answered(request: StepRequest, answer: Callable[[Prompt], Reply]) -> StepAnswer:
    """Code runs where it always does."""
    return answer(request.prompt) if isinstance(request, LmCall) else jail().run(request)

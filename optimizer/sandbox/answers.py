"""What code is asked for, answered; and judging where no model may be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from optimizer.core.programs.steps import CodeAnswer, RunCode, StepAnswer, Steps
from optimizer.sandbox.jail import jail
from optimizer.sentences import sentence

T = TypeVar("T")


def answered(request: RunCode) -> CodeAnswer:
    """Run it in this process's jail; a problem is told in words, too."""
    answer = jail().run(request)
    return replace(answer, told=sentence(answer.problem)) if answer.problem else answer


def without_models(steps: Steps[T]) -> T | None:
    """The result of steps that ask for code at most; None where they ask a model.

    Raises:
        NoScore: as the steps do.
    """
    try:
        asked = next(steps)
        while True:
            answers: list[StepAnswer] = []
            for request in asked:
                if not isinstance(request, RunCode):
                    steps.close()
                    return None
                answers.append(answered(request))
            asked = steps.send(tuple(answers))
    except StopIteration as end:
        result: T = end.value
        return result

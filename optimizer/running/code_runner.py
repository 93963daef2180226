"""People's code, run for a run; the run is left when it hangs or breaks down again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from optimizer.core.problems import Problem, problem
from optimizer.core.programs.steps import CodeAnswer, RunCode
from optimizer.running.interruptions import Interruption, Why
from optimizer.sandbox.answers import answered

HANGS = ("code.slow", "code.large", "code.ended")
"""What takes seconds and a process of the sandbox each time; other faults cost nothing."""
MOST_HANGS = 3


class CodeRunner:
    """Runs code in the sandbox. Of calls that hung, took all memory or ended their process it lets
    MOST_HANGS happen; then `leave` is told that the run waits.
    """

    def __init__(self, leave: Callable[[Interruption], object], again: Problem) -> None:
        self._leave, self._again = leave, again
        self._hung = 0

    async def answer(self, request: RunCode) -> CodeAnswer:
        found = await asyncio.to_thread(answered, request)
        if found.problem is not None and found.problem.code in HANGS:
            self._hung += 1
            if self._hung == MOST_HANGS:
                self._leave(self._stops(request, found))
        return found

    def _stops(self, request: RunCode, last: CodeAnswer) -> Interruption:
        told = problem(
            "stop.code_hangs", n=self._hung, function=request.function, why=last.told,
            again=self._again,
        )  # fmt: skip
        return Interruption(Why.CODE_HANGS, told)

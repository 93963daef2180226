"""Running a program from one of its calls on, with what the calls before gave the last time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from optimizer.core.evaluation.outcome import CallTrace
from optimizer.core.programs.program import Program


def reused(program: Program, call: str, trace: Iterable[CallTrace]) -> tuple[CallTrace, ...]:
    """What a trace has of the calls that `call` gives nothing to, without what it cost.

    A call is left out, and so runs anew, where it is another one by now, failed, or was several
    uses of its module: samples, passes. Of one that took turns the answer is kept.
    """
    found = [each for each in trace if not each.turn]
    times = Counter(each.call for each in found)
    anew = {call, *after(program, call)}
    there = {c.name: c.module for c in program.calls}
    return tuple(
        replace(each, prompt_tokens=0, completion_tokens=0, cost=0, seconds=0.0, cached=True)
        for each in found
        if each.call not in anew
        and times[each.call] == 1
        and there.get(each.call) == each.module
        and not each.problem
        and (not each.made or _gives_all(program, each))
    )


def after(program: Program, call: str) -> set[str]:
    """The calls that wait for a call, or for one that does."""
    found = {call}
    for wave in program.waves():
        found |= {c.name for c in wave if c.needs & found}
    return found - {call}


def _gives_all(program: Program, trace: CallTrace) -> bool:
    return all(f.name in trace.outputs for f in program.module(trace.module).gives)

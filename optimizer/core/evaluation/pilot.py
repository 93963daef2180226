"""What a program's calls take, from a few examples measured before the run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optimizer.core.evaluation.outcome import CallTrace, Outcome

Span = tuple[float, float]

T95 = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26)
"""Student's t by degrees of freedom, from 1; two-sided 95 %."""
FACTOR = 2.0
"""However few the examples, the mean is not thought to be off by more than this."""


@dataclass(frozen=True)
class Pilot:
    """Tokens and seconds of one call, each from the lowest to the highest that its mean may be.

    `examples` came back with `calls` calls, `at_once` under way together. `failed` ones got no
    answer, `unreadable` ones a reply that could not be read.
    """

    examples: int
    calls: int
    failed: int
    unreadable: int
    at_once: int
    prompt_tokens: Span
    completion_tokens: Span
    seconds: Span


def pilot_of(outcomes: Sequence[Outcome], at_once: int) -> Pilot | None:
    """What these outcomes tell; None when no call came back."""
    traces = [o.trace for o in outcomes if o.trace]
    if not traces:
        return None
    return Pilot(
        examples=len(traces),
        calls=sum(map(len, traces)),
        failed=sum(bool(o.error) for o in outcomes),
        unreadable=sum(any(c.problem for c in o.trace) for o in outcomes if not o.error),
        at_once=max(at_once, 1),
        prompt_tokens=_span(traces, lambda call: call.prompt_tokens),
        completion_tokens=_span(traces, lambda call: call.completion_tokens),
        seconds=_span(traces, lambda call: call.seconds),
    )


def _span(traces: Sequence[Sequence[CallTrace]], of: Callable[[CallTrace], float]) -> Span:
    """The 95 % interval of the mean of one call; an example counts once, whatever its calls."""
    values = [math.fsum(map(of, trace)) / len(trace) for trace in traces]
    n = len(values)
    mean = math.fsum(values) / n
    if n == 1:
        return mean / FACTOR, mean * FACTOR
    scatter = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (n - 1))
    half = T95[min(n - 1, len(T95)) - 1] * scatter / math.sqrt(n)
    return max(mean - half, mean / FACTOR), min(mean + half, mean * FACTOR)

"""Replies of the baseline that say nothing: how many could not be read, why, and what came.

A program whose every reply is unreadable scores 0, as an honest one may. The one is told at once,
before money is spent on improving it; the other never.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from optimizer.core.evaluation.outcome import CallTrace, Outcome
from optimizer.core.problems import Problem, problem
from optimizer.models import Run
from optimizer.running import outcomes
from optimizer.running.interruptions import Why

STOP_REASON = Why.UNREADABLE.value
"""Of a run that was paused for it."""
FEWEST_READABLE = 0.05
"""Share of examples; with fewer than so many readable ones a score says nothing."""
SAMPLES = 3
MOST_KINDS = 3
"""Kinds of problems that are told."""
LONGEST_SAMPLE, LONGEST_KIND = 600, 160
"""Characters of a reply that are shown, and of a kind of problem."""

_QUOTED = re.compile(r": “.*”( is [^”]*)?$", re.DOTALL)


@dataclass(frozen=True)
class Sample:
    """What came for an example, and why it tells nothing; `failed`: no reply came at all."""

    example: str
    problem: str
    reply: str
    failed: bool


@dataclass(frozen=True)
class Unread:
    """`problems` are kinds of problems with how many examples had them, the most frequent first."""

    examples: int
    readable: int
    failed: int
    problems: tuple[tuple[str, int], ...]
    samples: tuple[Sample, ...]

    def problem(self) -> Problem:
        """How many could not be read and why, and what to do."""
        told = "; ".join(f"{count:,} × {said}" for said, count in self.problems[:MOST_KINDS])
        rest = len(self.problems) - MOST_KINDS
        kinds: str | Problem = told
        if rest > 0:
            kinds = problem("unread.and_more", kinds=told, n=rest)
        if self.readable:
            counts = {"examples": self.examples, "n": self.readable}
            return problem("stop.little_readable", kinds=kinds, **counts)
        return problem("stop.nothing_readable", kinds=kinds, n=self.examples)


def unread_in(found: Sequence[Outcome]) -> Unread | None:
    """What to tell of a baseline's outcomes; None where enough could be read."""
    silent = [outcome for outcome in found if _problem_of(outcome)]
    readable = len(found) - len(silent)
    if not silent or (readable and readable >= FEWEST_READABLE * len(found)):
        return None
    kinds = Counter(_kind(_problem_of(outcome)) for outcome in silent)
    failed = sum(bool(outcome.error) for outcome in silent)
    return Unread(len(found), readable, failed, tuple(kinds.most_common()), _samples(silent, kinds))


def unread_of(run: Run) -> Unread | None:
    """What is to be told of a run that rests because of it, None of any other."""
    if run.stop_reason != STOP_REASON:
        return None
    first = run.exchanges.filter(kind="evaluate", answered_at__isnull=False).first()
    known = outcomes.of_exchange(first.pk) if first is not None else {}
    return unread_in([known[position] for position in sorted(known)])


def _samples(silent: Iterable[Outcome], kinds: Counter[str]) -> tuple[Sample, ...]:
    """One of each kind first, the most frequent kinds before others, no reply twice."""
    ranks = {kind: rank for rank, (kind, _count) in enumerate(kinds.most_common())}
    seen: Counter[str] = Counter()
    ordered: dict[tuple[str, str], tuple[int, int, Sample]] = {}
    for outcome in silent:
        why, reply = _problem_of(outcome), _reply_of(outcome)
        kind = _kind(why)
        if (kind, reply) not in ordered:
            sample = Sample(outcome.example_id, why, reply, bool(outcome.error))
            ordered[kind, reply] = (seen[kind], ranks[kind], sample)
            seen[kind] += 1
    best = sorted(ordered.values(), key=lambda entry: entry[:2])
    return tuple(sample for _turn, _rank, sample in best[:SAMPLES])


def _problem_of(outcome: Outcome) -> str:
    """Why an outcome says nothing, "" where it says something, be it wrong."""
    unread = _unread_call(outcome)
    return f"{unread.call}: {unread.problem}" if unread is not None else outcome.error


def _reply_of(outcome: Outcome) -> str:
    unread = _unread_call(outcome)
    text = unread.reply if unread is not None else ""
    return text if len(text) <= LONGEST_SAMPLE else text[: LONGEST_SAMPLE - 1] + "…"


def _unread_call(outcome: Outcome) -> CallTrace | None:
    return next((call for call in outcome.trace if call.problem), None)


def _kind(problem: str) -> str:
    """A problem without the words that it quotes, which differ from reply to reply."""
    kind = _QUOTED.sub(r"\1", problem)
    return kind if len(kind) <= LONGEST_KIND else kind[: LONGEST_KIND - 1] + "…"

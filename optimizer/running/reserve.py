"""What a run keeps back of its caps, so that reaching one does not cost it its result.

Requests that explore are not granted what the last full evaluation takes. How many calls that is,
is known; what they cost and how long they take is learned from what was evaluated so far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, median

from optimizer.core.conversation.requests import Evaluate
from optimizer.core.programs.lm import Role
from optimizer.lm.accounts import NOTHING, KeptBack
from optimizer.running.evaluator import Open

OUTLIER = 4
"""What costs more than so many times the median, a bill by mistake say, is not to be expected."""
TO_SPARE = 1.25
"""By how much more is kept than evaluations took so far: prompts get longer, and vary."""


@dataclass
class Reserve:
    """`examples`: how many the last evaluations are of, 0 where nothing is kept; `calls_each`: the
    calls that each takes.
    """

    examples: int = 0
    calls_each: int = 1
    _dearest: float = 0.0
    """Micro-USD an example, of the dearest candidate so far."""
    _costs: list[int] = field(default_factory=list)
    _seconds: float = 0.0
    _timed: int = 0

    def kept_from(self, opened: Sequence[Open]) -> KeptBack:
        """What these requests must leave."""
        if not all(entry.request.explores for entry in opened):
            return NOTHING
        seconds = self._seconds / self._timed if self._timed else 0.0
        return KeptBack(
            calls=self.examples * self.calls_each,
            cost=math.ceil(TO_SPARE * self.examples * self._dearest),
            seconds=TO_SPARE * self.examples * seconds,
        )

    def learn(self, entry: Open) -> None:
        """Take in what an answered evaluation cost, now or before."""
        if isinstance(entry.request, Evaluate) and entry.request.role is Role.TASK and entry.known:
            costs = [outcome.judged_cost for outcome in entry.known.values()]
            self._costs += costs
            usual = OUTLIER * median(self._costs)
            self._dearest = max(self._dearest, fmean(min(cost, usual) for cost in costs))

    def time(self, opened: Sequence[Open], known: int, seconds: float) -> None:
        """Take in how long it took to answer these requests, of whose examples some were known;
        replies that were paid for before take no time.
        """
        outcomes = [o for e in opened if isinstance(e.request, Evaluate) for o in e.known.values()]
        if not outcomes or any(call.cached for o in outcomes for call in o.trace):
            return
        self._timed += max(len(outcomes) - known, 0)
        self._seconds += seconds

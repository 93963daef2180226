"""The end of a run in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext as _

from optimizer.core.conversation.events import StopReason
from optimizer.core.evaluation.stats import Comparison, FullScore
from optimizer.core.optimizers import EVALUATION, optimizer_named
from optimizer.models import Run
from optimizer.running import test_set_uses
from promptlab.runs.results import evidence
from promptlab.runs.results.state import RunResult


@dataclass(frozen=True)
class FinalWord:
    """What pages say of a run's result; "" where nothing can be said yet."""

    run: Run
    result: RunResult

    @property
    def verdict(self) -> str:
        """The end in a sentence; "" while the run goes on."""
        best = self.result.best
        if not self.run.ended or best is None:
            return ""
        if self.result.best_number == 0:
            return _(
                "The baseline stays: no candidate that was scored on all %(n)s validation "
                "examples is expected to do better."
            ) % {"n": best.n}
        return self._of_best(self.result.comparison) if self.result.comparison else ""

    @property
    def next_steps(self) -> list[str]:
        """Where to look when nothing was gained."""
        return _next_steps(self.result.baseline, self.run) if self.result.kept else []

    @property
    def test_title(self) -> str:
        """Where the final word was spoken."""
        if self.result.test is None:
            return ""
        return _("Sealed test") if self.result.test.split == "test" else _("Held-out validation")

    @property
    def tested(self) -> int | None:
        """Who was looked at beside the baseline: the best, or the only one that an evaluation was
        given.
        """
        one = self.run.optimizer == EVALUATION and len(self.run.spec.get("given", ())) == 1
        return 1 if one else self.result.best_number

    @property
    def test_verdict(self) -> str:
        if self.result.test is None or not self.tested:
            return ""
        name = _("Candidate %(n)s") % {"n": self.tested}
        return evidence.verdict(self.result.test.comparison, evidence.in_sentence(0), name)

    @cached_property
    def look(self) -> str:
        """How often this test split was looked at; "" where none was."""
        look = test_set_uses.look_of(self.run) if self.result.test else None
        if look is None:
            return ""
        if look == 1:
            return _("first look at this test split")
        told = _(
            "look %(n)s at this test split: each look makes its score a little more optimistic"
        )
        return told % {"n": look}

    def _of_best(self, comparison: Comparison) -> str:
        name = _("Candidate %(n)s") % {"n": self.result.best_number}
        return evidence.verdict(comparison, evidence.in_sentence(0), name)


def _next_steps(baseline: FullScore | None, run: Run) -> list[str]:
    """A heavier effort is no advice for a run whose cap did not let it finish this one."""
    writes = optimizer_named(run.spec["optimizer"]).uses_instructions
    more = _("Try a heavier effort, or a stronger model for writing instructions.")
    if not writes:
        more = _("Try a heavier effort, or an optimizer that writes instructions, too.")
    if run.stop_reason == StopReason.BUDGET:
        more = _("Run it again with a higher cap: the search was not finished.")
    elif run.stop_reason == StopReason.TIME:
        more = _("Run it again with more time: the search was not finished.")
    steps = [
        _("Look at the examples the baseline gets wrong: is what is expected of them right?"),
        more,
        _("Check that the metric rewards what you want: a near miss may count as a miss."),
    ]
    if baseline is not None and baseline.mean > 0.95:
        steps.insert(0, _("The baseline is nearly perfect: harder examples would help."))
    return steps[:3]

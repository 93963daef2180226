"""The last word of a run as its pages and the API say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from optimizer.codec import from_json
from optimizer.core.conversation.events import TestScored
from optimizer.core.evaluation.shrinkage import own_variance, shrunken
from optimizer.core.evaluation.stats import Estimate, FullScore
from optimizer.core.runs.conclusion import Conclusion
from optimizer.models import Run, Trial
from optimizer.running import summary, test_set_uses
from promptlab.runs.results import evidence
from promptlab.runs.results.evidence import Evaluated


@dataclass(frozen=True)
class Recommendation:
    """What the run settles, in words; `kept`: the original prompt is the recommended one."""

    conclusion: Conclusion
    sentence: str

    @property
    def kept(self) -> bool:
        return self.conclusion.kept

    @property
    def held_out(self) -> bool:
        """Whether it was found on examples that nothing was chosen by."""
        return self.conclusion.on != "validation"


def recommendation_of(run: Run) -> Recommendation | None:
    """The last word of a run that has ended; None while it goes, or when nothing was scored."""
    found = summary.conclusion_of(run) if run.ended else None
    return Recommendation(found, found.sentence(_)) if found else None


def expected_of(run: Run) -> Estimate | None:
    """What the best so far is expected to score on new examples."""
    found = from_json(Estimate, run.estimate) if run.estimate else None
    return found if found is not None and found.n else None


def expected_of_candidate(run: Run, number: int, modules: Sequence[str]) -> Estimate | None:
    """The same of any candidate; None where it was never fully evaluated."""
    best = run.best_candidate
    if best is not None and best.number == number and run.estimate:
        return expected_of(run)
    full = Trial.objects.filter(run=run, full=True, score__isnull=False)
    numbers = full.values_list("candidate__number", flat=True).distinct()
    known = [e for e in evidence.evaluated(run, sorted(numbers), modules) if e.estimate]
    place = next((i for i, e in enumerate(known) if e.number == number), None)
    if place is None:
        return None
    return shrunken([_full(e) for e in known], place, own_variance([_table(e) for e in known]))


def _full(found: Evaluated) -> FullScore:
    score = found.estimate
    assert score is not None
    return FullScore(score.mean, score.n, score.low, score.high, score.errors)


def _table(found: Evaluated) -> dict[str, float]:
    return {e: seen.score for e, seen in found.outcomes.items() if seen.score is not None}


def next_steps(baseline: FullScore | None) -> list[str]:
    """Where to look when nothing was gained."""
    steps = [
        _("Look at the examples the baseline gets wrong: is what is expected of them right?"),
        _("Try a heavier effort, or a stronger model for writing instructions."),
        _("Check that the metric rewards what you want: a near miss may count as a miss."),
    ]
    if baseline is not None and baseline.mean > 0.95:
        steps.insert(0, _("The baseline is nearly perfect: harder examples would help."))
    return steps[:3]


def final_title(test: TestScored) -> str:
    """Where the final word was spoken."""
    return _("Sealed test") if test.split == "test" else _("Held-out validation")


def look_text(run: Run) -> str:
    """How often this test split was looked at, in words; "" where none was."""
    look = test_set_uses.look_of(run)
    if look is None:
        return ""
    if look == 1:
        return _("first look at this test split")
    told = _("look %(n)s at this test split: each look makes its score a little more optimistic")
    return told % {"n": look}

"""What a run settles, and what its candidates are expected to score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from optimizer.codec import from_json
from optimizer.core.evaluation.shrinkage import own_variance, shrunken
from optimizer.core.evaluation.stats import Estimate, FullScore
from optimizer.core.runs.conclusion import Conclusion
from optimizer.models import Run, Trial
from optimizer.running import summary
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


def score_in(stored: Mapping[str, Any] | None) -> FullScore | None:
    """A stored score, None when nothing was scored."""
    found = from_json(FullScore, stored) if stored else None
    return found if found is not None and found.n else None


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

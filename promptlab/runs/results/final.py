"""What a run settles, and what its candidates are expected to score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from optimizer.codec import from_json
from optimizer.core.evaluation.stats import Estimate, FullScore
from optimizer.core.runs.conclusion import Conclusion
from optimizer.models import Candidate, Run
from optimizer.running import summary


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


def expected_of_candidate(run: Run, candidate: Candidate) -> Estimate | None:
    """The same of any candidate, by the reckoning of its own run, so that the best is the best by
    it; None where it was never fully evaluated, or the run has not ended.
    """
    if run.best_candidate_id == candidate.pk:
        return expected_of(run)
    found = from_json(Estimate, candidate.expected) if candidate.expected else None
    return found if found is not None and found.n else None

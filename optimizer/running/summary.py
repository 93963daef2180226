"""A run's summary columns: what events and results say, as pages read it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from optimizer import codec
from optimizer.core.conversation.events import (
    BestChanged,
    FullScored,
    MinibatchScored,
    Result,
    TestScored,
)
from optimizer.core.evaluation.stats import (
    Comparison,
    FullScore,
    compare_differences,
    mean_interval,
)
from optimizer.core.runs.conclusion import Conclusion, conclude
from optimizer.models import Outcome, Run, Trial

T = TypeVar("T")


def of_baseline(run: Run, event: MinibatchScored | FullScored) -> dict[str, Any]:
    """What a scored trial says of the baseline: its full score, or all its blocks together while it
    has none (a race with a tight budget scores it fully at last). {} where it says nothing.
    """
    trials = run.trials.filter(candidate__number=0, exchange__model=0)
    if not trials.filter(number=event.number).exists():
        return {}
    if isinstance(event, FullScored):
        return {"baseline_score": codec.to_json(event.score), **_compared_anew(run)}
    if trials.filter(full=True, score__isnull=False).exists():
        return {}
    scores = list(_scores_of(run, 0).values())
    mean, low, high = mean_interval(scores) if scores else (0.0, 0.0, 1.0)
    return {"baseline_score": codec.to_json(FullScore(mean, len(scores), low, high, 0))}


def of_best(run: Run, event: BestChanged) -> dict[str, Any]:
    """The best so far, and how it compares with the baseline example by example."""
    best = run.trials.get(number=event.number)
    comparison = _with_baseline(run, best) if event.number else None
    return {
        "best_score": codec.to_json(event.score),
        "best_candidate": best.candidate_id,
        "comparison": codec.to_json(comparison) if comparison else None,
    }


def of_result(result: Result) -> dict[str, Any]:
    """What a finished run ends with. Where the budget ended before the baseline was fully scored,
    what is known of it stays.
    """
    found = {
        "stop_reason": result.stop,
        "best_score": _json(result.best_score),
        "estimate": _json(result.estimate),
        "test_result": _json(result.test),
        "message": "",
    }
    if result.baseline_score is not None:
        found["baseline_score"] = _json(result.baseline_score)
        found["comparison"] = _json(result.comparison)
    return found


def conclusion_of(run: Run) -> Conclusion | None:
    """What the run has settled so far about its best candidate; None while nothing is scored."""
    best = run.best_candidate
    return conclude(
        best is None or best.number == 0,
        _read(FullScore, run.baseline_score),
        _read(Comparison, run.comparison),
        _read(TestScored, run.test_result),
    )


def _with_baseline(run: Run, best: Trial) -> Comparison:
    before, after = _scores_of(run, 0), _scores([best])
    return compare_differences([after[e] - before[e] for e in before if e in after])


def _compared_anew(run: Run) -> dict[str, Any]:
    """The comparison of the best so far with a baseline of which more is known now."""
    best = Run.objects.values_list("best_candidate__number", flat=True).get(pk=run.pk)
    trial = run.trials.filter(candidate__number=best, full=True, score__isnull=False).last()
    return {"comparison": codec.to_json(_with_baseline(run, trial))} if best and trial else {}


def _scores_of(run: Run, candidate: int) -> dict[str, float]:
    mine = run.trials.filter(candidate__number=candidate, exchange__model=0)
    return _scores(mine.order_by("number"))


def _scores(trials: Iterable[Trial]) -> dict[str, float]:
    exchanges = [trial.exchange_id for trial in trials]
    rows = Outcome.objects.filter(exchange__in=exchanges).order_by("exchange", "position")
    pairs = rows.values_list("example", "score")
    return {example: score for example, score in pairs if score is not None}


def _read(kind: type[T], stored: Any) -> T | None:
    return codec.from_json(kind, stored) if stored else None


def _json(value: object) -> Any:
    return None if value is None else codec.to_json(value)

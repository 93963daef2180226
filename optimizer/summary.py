"""A run's summary columns: what events and results say, as pages read it."""

from __future__ import annotations

from typing import Any, TypeVar

from optimizer import codec
from optimizer.core.conclusion import Conclusion, conclude
from optimizer.core.events import BestChanged, Result, TestScored
from optimizer.core.stats import Comparison, FullScore, compare_differences
from optimizer.models import Outcome, Run, Trial

T = TypeVar("T")


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
    """What a finished run ends with."""
    return {
        "stop_reason": result.stop,
        "baseline_score": _json(result.baseline_score),
        "best_score": _json(result.best_score),
        "estimate": _json(result.estimate),
        "comparison": _json(result.comparison),
        "test_result": _json(result.test),
        "message": "",
    }


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
    before = _scores(run.trials.get(number=0))
    after = _scores(best)
    return compare_differences([after[e] - before[e] for e in before if e in after])


def _scores(trial: Trial) -> dict[str, float]:
    rows = Outcome.objects.filter(exchange=trial.exchange_id).order_by("position")
    pairs = rows.values_list("example", "score")
    return {example: score for example, score in pairs if score is not None}


def _read(kind: type[T], stored: Any) -> T | None:
    return codec.from_json(kind, stored) if stored else None


def _json(value: object) -> Any:
    return None if value is None else codec.to_json(value)

"""A run's summary columns: what events and results say, as pages read it."""

from __future__ import annotations

from typing import Any

from optimizer import codec
from optimizer.core.events import BestChanged, Result
from optimizer.core.stats import Comparison, compare_differences
from optimizer.models import Outcome, Run, Trial


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
        "comparison": _json(result.comparison),
        "test_result": _json(result.test),
        "message": "",
    }


def _with_baseline(run: Run, best: Trial) -> Comparison:
    before = _scores(run.trials.get(number=0))
    after = _scores(best)
    return compare_differences([after[e] - before[e] for e in before if e in after])


def _scores(trial: Trial) -> dict[str, float]:
    rows = Outcome.objects.filter(exchange=trial.exchange_id).order_by("position")
    pairs = rows.values_list("example", "score")
    return {example: score for example, score in pairs if score is not None}


def _json(value: object) -> Any:
    return None if value is None else codec.to_json(value)

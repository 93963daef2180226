"""What a run would take and came to, as data for the last line and as sentences for people."""

from __future__ import annotations

from dataclasses import asdict
from textwrap import indent
from typing import Any

from django.db.models import Sum

from optimizer import codec
from optimizer.jobs.forecast import Forecast
from optimizer.models import Run
from optimizer.running import summary, test_set_uses
from optimizer.running.prompts import prompts_of
from optimizer.running.unread import unread_of
from optimizer.sentences import sentence as tell

MICRO = 1_000_000


_WHY = {
    "completed": "",
    "perfect": "every validation example is right",
    "no_gain": "no gain is to be expected from going on",
    "budget": "its cap is reached",
    "time": "its time is over",
    "unreadable": "its baseline says nothing",
}


def report(run: Run) -> dict[str, Any]:
    """The whole result in plain values; money in dollars, intervals as [low, high]."""
    by_role = run.completions.values("role").annotate(calls=Sum("attempt")).order_by("role")
    return {
        "run": run.pk,
        "status": run.status,
        "stop_reason": run.stop_reason,
        "message": tell(run.message),
        "unread": _unread(run),
        "said": run.said,
        "optimizer": run.optimizer,
        "baseline": _score(run.baseline_score),
        "best": _best(run),
        "comparison": run.comparison,
        "conclusion": _conclusion(run),
        "importances": _importances(run),
        "test": _test(run),
        "calls": {row["role"]: row["calls"] for row in by_role},
        "total_calls": run.used_calls,
        "reused_calls": run.reused_calls,
        "tokens": run.used_tokens,
        "cost": run.spent / MICRO,
        "seconds": round(run.active_seconds, 2),
    }


def expected(found: Forecast) -> dict[str, Any]:
    """What a run would take: ranges of calls, tokens and dollars, these None without prices."""
    return {
        "calls": list(found.calls),
        "tokens": list(found.tokens),
        "cost": None if found.cost is None else [end / MICRO for end in found.cost],
    }


def expectation(found: dict[str, Any]) -> str:
    """The same in a line."""
    calls, tokens = ("{:,} to {:,}".format(*found[name]) for name in ("calls", "tokens"))
    cost = "an unknown price"
    if found["cost"] is not None:
        cost = "${:.4f} to ${:.4f}".format(*found["cost"])
    return f"It would take {calls} calls, {tokens} tokens, {cost}. Nothing was started."


def sentence(run: Run) -> str:
    """The end of a run in a line."""
    state = f"Run {run.pk} is {run.get_status_display().lower()}"
    reason = _WHY.get(run.stop_reason, run.stop_reason)
    why = f" ({reason})" if reason else ""
    if run.best_score is None or run.baseline_score is None:
        return f"{state}{why}. {_told(run)}".strip()
    scores = f"baseline {_shown(run.baseline_score)}, best {_shown(run.best_score)}"
    if run.estimate is not None:
        scores += f", expected on new examples {_expected(run.estimate)}"
    found = summary.conclusion_of(run) if run.ended else None
    told = f" {found.sentence()}" if found is not None else ""
    spent = f"{run.used_calls:,} calls, {run.used_tokens:,} tokens, ${run.spent / MICRO:.4f}"
    return f"{state}{why}: {scores}; {spent}.{told} {_told(run)}".strip()


def _told(run: Run) -> str:
    """Why it stopped; whoever is at this shell may read what the provider said."""
    told = tell(run.message)
    return f"{told} It said: “{run.said}”" if run.said else told


def samples(run: Run) -> str:
    """What came instead of replies that could be read, for people; "" where that is no matter."""
    found = unread_of(run)
    if found is None:
        return ""
    told = [
        f"Example {s.example}: {s.problem}\n{indent(s.reply or '(nothing)', '    ')}"
        for s in found.samples
    ]
    return "\n".join(["What came, for instance:", *told])


def printable(text: str) -> str:
    """A text that does nothing to a terminal: whatever moves or hides what is on it is replaced."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


def _unread(run: Run) -> dict[str, Any] | None:
    found = unread_of(run)
    return asdict(found) if found is not None else None


def _importances(run: Run) -> dict[str, float]:
    """What mattered in the search, as it was told last; {} when it never was."""
    latest = run.events.filter(kind="importances_found").order_by("-seq").first()
    found: dict[str, float] = latest.data["importances"] if latest else {}
    return found


def _shown(score: dict[str, Any]) -> str:
    low, high = score["low"] * 100, score["high"] * 100
    return f"{score['mean'] * 100:.1f} % (n = {score['n']}, 95 % interval {low:.0f}–{high:.0f} %)"


def _expected(estimate: dict[str, Any]) -> str:
    low, high = estimate["low"] * 100, estimate["high"] * 100
    return f"{estimate['mean'] * 100:.1f} % ({low:.0f}–{high:.0f} %)"


def _score(score: dict[str, Any] | None) -> dict[str, Any] | None:
    if score is None:
        return None
    return {
        "score": score["mean"],
        "n": score["n"],
        "interval": [score["low"], score["high"]],
        "errors": score["errors"],
    }


def _best(run: Run) -> dict[str, Any] | None:
    found = _score(run.best_score)
    if found is None or run.best_candidate is None:
        return None
    return {
        **found,
        "expected": _score(run.estimate),
        "candidate": run.best_candidate.number,
        "prompts": codec.to_json(prompts_of(run.best_candidate))["modules"],
    }


def _conclusion(run: Run) -> dict[str, Any] | None:
    """What is recommended; `kept`: the original prompt is."""
    found = summary.conclusion_of(run)
    if found is None:
        return None
    return {
        "kind": found.kind,
        "on": found.on,
        "kept": found.kept,
        "sentence": found.sentence(),
    }


def _test(run: Run) -> dict[str, Any] | None:
    """The final word; `look` counts the looks at this sealed test split, this one included."""
    result = run.test_result
    if result is None:
        return None
    return {
        "split": result.get("split", "test"),
        "look": test_set_uses.look_of(run),
        "baseline": _score(result["baseline"]),
        "best": _score(result["best"]),
        "comparison": result["comparison"],
    }

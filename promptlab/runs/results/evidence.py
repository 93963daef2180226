"""Candidates side by side, example by example: what was won or lost, and what that proves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Literal, cast

from django.utils.translation import gettext as _

from optimizer.core.evaluation.stats import Comparison, Estimate, compare_differences, mean_interval
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.signature import Value
from optimizer.models import Candidate as CandidateRow
from optimizer.models import Outcome as OutcomeRow
from optimizer.models import Run, Trial
from optimizer.running.prompts import prompts_of
from promptlab.ui import charts
from promptlab.ui.numbers import points, sign_test

SAME = 1e-12
Filter = Literal["disagreements", "regressions", "all"]
FILTERS: tuple[Filter, ...] = ("disagreements", "regressions", "all")
MOST_CANDIDATES = 6


@dataclass(frozen=True)
class Seen:
    """One candidate on one example: exactly one of `score` and `error` is set."""

    position: int
    score: float | None
    error: str
    outputs: dict[str, Value]
    reason: str
    parts: dict[str, float] = field(default_factory=dict)
    """The score of each part of the metric, where it has parts."""


@dataclass(frozen=True)
class Evaluated:
    """A candidate with its best evidence: its last full evaluation, or else all its minibatches;
    of several draws, their means. `model`: 0 is the run's own task model, n the n-th further one.
    """

    number: int
    digest: str
    candidate: Candidate
    choice: dict[str, int]
    full: bool
    exchanges: tuple[int, ...]
    outcomes: dict[str, Seen]
    seconds: float
    cost: int
    unpriced: int = 0
    model: int = 0
    draws: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """The scores of each example's draws, where there are several."""
    run: int | None = None
    """The number of its run, where candidates of several runs stand side by side."""
    task_model: str = ""
    """The name of the model, where there are several."""
    url: str = ""
    """The candidate's page, as a comparison links to it."""

    @property
    def name(self) -> str:
        own = _("Baseline") if self.number == 0 else _("Candidate %(n)s") % {"n": self.number}
        return own if self.run is None else _upper(self.called)

    @property
    def called(self) -> str:
        """Its name within a sentence."""
        found = in_sentence(self.number)
        if self.run is not None:
            found = _("run %(run)s, %(who)s") % {"run": self.run, "who": found}
        told = {"who": found, "model": self.task_model}
        return _("%(who)s with %(model)s") % told if self.task_model else found

    @property
    def estimate(self) -> Estimate | None:
        """Mean and interval over what was scored, None when nothing was."""
        scores = [s.score for s in self.outcomes.values() if s.score is not None]
        if not scores:
            return None
        mean, low, high = mean_interval(scores)
        return Estimate(mean, len(scores), low, high, len(self.outcomes) - len(scores))

    @property
    def cost_of_thousand(self) -> int | None:
        """Micro-USD of a thousand examples; None where the price of calls was not known."""
        if not self.outcomes or self.unpriced:
            return None
        return round(1000 * self.cost / len(self.outcomes))

    @property
    def seconds_each(self) -> float | None:
        return self.seconds / len(self.outcomes) if self.outcomes and self.seconds else None


@dataclass(frozen=True)
class Cell:
    """A candidate's outcome on an example, against the first candidate's."""

    outcome: charts.Outcome
    seen: Seen | None


@dataclass(frozen=True)
class Row:
    """One example; `cells` follow the candidates, the first one being what is compared with."""

    example: str
    position: int
    first: Seen | None
    cells: tuple[Cell, ...]

    @property
    def disagrees(self) -> bool:
        return any(cell.outcome in ("win", "loss") for cell in self.cells)

    @property
    def regressed(self) -> bool:
        return any(cell.outcome == "loss" for cell in self.cells)


@dataclass(frozen=True)
class Against:
    """One candidate against the first: paired figures, strip, and the verdict in a sentence."""

    evaluated: Evaluated
    comparison: Comparison
    strip: charts.Strip
    verdict: str


@dataclass(frozen=True)
class Comparing:
    """Everything a comparison page shows about examples."""

    first: Evaluated
    others: tuple[Against, ...]
    rows: tuple[Row, ...]

    def filtered(self, which: Filter) -> tuple[Row, ...]:
        if which == "all":
            return self.rows
        if which == "regressions":
            return tuple(row for row in self.rows if row.regressed)
        found = (row for row in self.rows if row.disagrees)
        return tuple(sorted(found, key=lambda row: not row.regressed))

    def counts(self) -> dict[Filter, int]:
        return {which: len(self.filtered(which)) for which in FILTERS}


def evaluated(run: Run, numbers: Iterable[int], model: int = 0) -> list[Evaluated]:
    """The candidates with these numbers, in this order, unknown ones left out; what `model` made of
    them. Three queries.
    """
    wanted = list(dict.fromkeys(numbers))
    rows = {c.number: c for c in CandidateRow.objects.filter(run=run, number__in=wanted)}
    trials = Trial.objects.filter(
        run=run, candidate__in=rows.values(), score__isnull=False, exchange__model=model
    )
    trials = trials.select_related("exchange").order_by("number")
    by_candidate: dict[int, list[Trial]] = {}
    for trial in trials:
        by_candidate.setdefault(trial.candidate_id, []).append(trial)
    chosen = {number: _evidence(by_candidate.get(row.pk, [])) for number, row in rows.items()}
    seen = _outcomes([cast(int, t.exchange_id) for ts in chosen.values() for t in ts])
    return [_joined(rows[n], chosen[n], seen, model) for n in wanted if n in rows]


def _evidence(trials: list[Trial]) -> list[Trial]:
    """The last full evaluation of each draw, or all minibatches."""
    fulls = {t.exchange.sample: t for t in trials if t.full and t.exchange}
    return list(fulls.values()) or trials


def _joined(
    row: CandidateRow,
    trials: list[Trial],
    seen: dict[int, list[tuple[str, Seen]]],
    model: int,
) -> Evaluated:
    exchanges = tuple(cast(int, t.exchange_id) for t in trials)
    outcomes = {example: found for e in exchanges for example, found in seen.get(e, [])}
    draws: dict[str, tuple[float, ...]] = {}
    if len(trials) > 1 and trials[-1].full:
        outcomes, draws = _over_draws([seen.get(e, []) for e in exchanges])
    drawn = len(trials) if draws else 1
    return Evaluated(
        number=row.number, digest=row.digest, candidate=prompts_of(row), choice=row.choice,
        full=bool(trials) and trials[-1].full, exchanges=exchanges, outcomes=outcomes,
        seconds=sum(t.seconds for t in trials) / drawn, cost=sum(t.cost for t in trials) // drawn,
        unpriced=sum(t.unpriced for t in trials), model=model, draws=draws,
    )  # fmt: skip


def _over_draws(
    drawn: Sequence[Sequence[tuple[str, Seen]]],
) -> tuple[dict[str, Seen], dict[str, tuple[float, ...]]]:
    """Every example with the mean of its draws that have a score; and these scores."""
    by_example: dict[str, list[Seen]] = {}
    for draw in drawn:
        for example, seen in draw:
            by_example.setdefault(example, []).append(seen)
    scores = {
        example: tuple(s.score for s in several if s.score is not None)
        for example, several in by_example.items()
    }
    shown = {
        example: _mean_seen(several, scores[example]) for example, several in by_example.items()
    }
    return shown, scores


def _mean_seen(several: Sequence[Seen], scores: Sequence[float]) -> Seen:
    """What the first draw with a score said, at the mean score."""
    first = next((s for s in several if s.score is not None), several[0])
    return replace(first, score=fmean(scores)) if scores else first


def _outcomes(exchanges: list[int]) -> dict[int, list[tuple[str, Seen]]]:
    """Scores and outputs, without the traces, which are many times as large."""
    found: dict[int, list[tuple[str, Seen]]] = {}
    columns = (
        "exchange_id", "example", "position", "score", "error", "data__outputs",
        "data__score__reason", "data__score__parts",
    )  # fmt: skip
    rows = OutcomeRow.objects.filter(exchange__in=exchanges).order_by("exchange", "position")
    for exchange, example, position, value, error, outputs, *said in rows.values_list(*columns):
        reason, parts = said
        scores = {part["name"]: part["value"] for part in parts or ()}
        seen = Seen(position, value, error, outputs or {}, reason or "", scores)
        found.setdefault(exchange, []).append((example, seen))
    return found


def comparing(candidates: Sequence[Evaluated]) -> Comparing:
    """The first candidate against all others, on the examples that any of them was scored on; what
    several are found to be is corrected for how many they are.
    """
    first, others = candidates[0], candidates[1:]
    examples = _order(first, others)
    rows = tuple(_row_of(example, place, first, others) for place, example in enumerate(examples))
    against = (_against(first, other, rows, i, len(others)) for i, other in enumerate(others))
    return Comparing(first, tuple(against), rows)


def _order(first: Evaluated, others: Sequence[Evaluated]) -> list[str]:
    """The first one's order, then what only others know. Where the others were scored on less,
    only what is shared."""
    known = sorted(first.outcomes, key=lambda e: first.outcomes[e].position)
    if others and not any(other.full for other in others):
        scored = set().union(*(other.outcomes for other in others))
        known = [example for example in known if example in scored]
    extra = {e for other in others for e in other.outcomes} - set(first.outcomes)
    return [*known, *sorted(extra)]


def _row_of(example: str, place: int, first: Evaluated, others: Sequence[Evaluated]) -> Row:
    base = first.outcomes.get(example)
    cells = tuple(_cell(base, other.outcomes.get(example)) for other in others)
    return Row(example, base.position if base else place, base, cells)


def _cell(base: Seen | None, seen: Seen | None) -> Cell:
    if base is None or seen is None or base.score is None or seen.score is None:
        return Cell("pending", seen)
    difference = seen.score - base.score
    if abs(difference) <= SAME:
        return Cell("tie", seen)
    return Cell("win" if difference > 0 else "loss", seen)


def _against(
    first: Evaluated, other: Evaluated, rows: Sequence[Row], column: int, of: int
) -> Against:
    pairs = [(row.first, row.cells[column].seen) for row in rows]
    differences = [
        b.score - a.score
        for a, b in pairs
        if a and b and a.score is not None and b.score is not None
    ]
    found = compare_differences(differences, of)
    strip = charts.win_loss([row.cells[column].outcome for row in rows])
    full = first.full and other.full
    return Against(other, found, strip, verdict(found, first.called, other.name, full))


def verdict(found: Comparison, before: str, after: str, full: bool = True) -> str:
    """What the figures settle, in a sentence; never more than they do. `before`: the name of what
    is compared with, as it stands within a sentence."""
    if found.verdict == "unknown":
        return _("%(after)s and %(before)s share no scored example, so nothing can be said.") % {
            "after": after,
            "before": before,
        }
    told = {
        "after": after,
        "before": before,
        "gain": points(found.gain),
        "low": points(found.low),
        "high": points(found.high),
        "n": found.n,
        "p": sign_test(found.p),
    }
    sentences = {
        "better": _(
            "%(after)s is better than %(before)s: %(gain)s points, 95 %% interval %(low)s to "
            "%(high)s, on the same %(n)s examples (sign test %(p)s)."
        ),
        "no_worse": _(
            "%(after)s is no worse than %(before)s, and ahead by %(gain)s points, 95 %% interval "
            "%(low)s to %(high)s, on the same %(n)s examples (sign test %(p)s). A loss that "
            "matters is ruled out; a gain is not proved."
        ),
        "worse": _(
            "%(after)s is worse than %(before)s: %(gain)s points, 95 %% interval %(low)s to "
            "%(high)s, on the same %(n)s examples (sign test %(p)s)."
        ),
        "tied": _(
            "These %(n)s examples cannot tell %(after)s and %(before)s apart: %(gain)s points, "
            "95 %% interval %(low)s to %(high)s (sign test %(p)s). Let cost or speed decide, or "
            "score with more examples."
        ),
    }
    told_text = sentences[found.verdict] % told
    if not full:
        told_text += " " + _("Not scored on all examples: a full evaluation may differ.")
    return told_text


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def in_sentence(number: int) -> str:
    return _("candidate %(n)s") % {"n": number} if number else _("the baseline")

"""What a run settles about its best candidate, in sentences; never more than the figures do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from optimizer.core.conversation.events import TestScored
from optimizer.core.evaluation.stats import Comparison, Estimate

Ground = Literal["test", "remainder", "validation"]


@dataclass(frozen=True)
class Conclusion:
    """`kind`: better, no_worse, tied, worse, unknown, or unchanged when the best is the baseline.

    `on` is where that was found: the sealed test split, the validation examples that nothing was
    chosen by, or, where there are neither, those that the best was chosen by. `comparison` is None
    when the best is the original program itself; `n` counts examples.
    """

    kind: str
    on: Ground
    n: int
    comparison: Comparison | None = None

    @property
    def kept(self) -> bool:
        """The original prompt is the recommended one: nothing speaks for the best candidate."""
        return self.kind not in ("better", "no_worse")

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """The verdict with its figures, then what it stands on; `translate` takes English."""
        parts = [translate(_SAID[self.kind]) % self._figures()]
        if self.comparison is not None and self.comparison.n:
            parts.append(translate(_STANDS_ON[self.on]) % {"n": self.n})
        return " ".join(parts)

    def _figures(self) -> dict[str, object]:
        found = self.comparison
        if found is None:
            return {"n": self.n}
        return {
            "gain": points(found.gain),
            "low": points(found.low),
            "high": points(found.high),
            "wins": found.wins,
            "losses": found.losses,
            "ties": found.ties,
            "p": _p(found.p),
        }


def conclude(
    unchanged: bool,
    baseline: Estimate | None,
    comparison: Comparison | None,
    final: TestScored | None,
) -> Conclusion | None:
    """The last word of a run: of its final examples if it has any, else of its validation split.

    `unchanged`: the best is the baseline. None while nothing is scored.
    """
    if baseline is None or not baseline.n:
        return None
    if unchanged:
        return Conclusion("unchanged", "validation", baseline.n)
    if final is not None and final.comparison.n:
        found = final.comparison
        return Conclusion(found.verdict, final.split, found.n, found)
    if comparison is None:
        return None
    return Conclusion(comparison.verdict, "validation", comparison.n, comparison)


def points(difference: float) -> str:
    """A difference of scores in 0–1 as signed points of 100."""
    return f"{100 * difference:+.1f}".replace("-", "\u2212")


def _(text: str) -> str:
    """Marks a text for translation; the page translates it."""
    return text


_SAID = {
    "better": _(
        "Better: the best candidate gains %(gain)s points, 95 %% interval %(low)s to %(high)s "
        "(%(wins)s won, %(losses)s lost, %(ties)s tied; sign test %(p)s)."
    ),
    "no_worse": _(
        "No worse: the best candidate is ahead by %(gain)s points, 95 %% interval %(low)s to "
        "%(high)s (%(wins)s won, %(losses)s lost, %(ties)s tied; sign test %(p)s). A loss of "
        "more than 3 points is ruled out; a gain is not proved."
    ),
    "tied": _(
        "Tied: the original prompt is kept, no candidate could be told from it. The best one: "
        "%(gain)s points, 95 %% interval %(low)s to %(high)s (%(wins)s won, %(losses)s lost, "
        "%(ties)s tied; sign test %(p)s)."
    ),
    "worse": _(
        "Worse: the original prompt is kept. The best candidate: %(gain)s points, 95 %% interval "
        "%(low)s to %(high)s (%(wins)s won, %(losses)s lost, %(ties)s tied; sign test %(p)s)."
    ),
    "unknown": _(
        "The original prompt is kept: it and the best candidate share no scored example, so "
        "nothing can be said."
    ),
    "unchanged": _(
        "The original prompt is kept: no candidate that was scored on all %(n)s validation "
        "examples is expected to do better."
    ),
}

_STANDS_ON = {
    "test": _("Found on the %(n)s examples of the sealed test split, which nothing was chosen by."),
    "remainder": _("Found on %(n)s validation examples that nothing was chosen by."),
    "validation": _(
        "Found on the same %(n)s validation examples that the candidate was chosen by, which "
        "flatters it; a test split would tell."
    ),
}


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"

"""What writing was worth: how much of a gain the plain instruction alone reaches, and what the
writer took (Revisiting OPRO: Zhang et al. 2024, arXiv 2405.10276).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from optimizer.core.evaluation.shares import Share, share_of
from optimizer.core.instructions.plain import SOURCES
from optimizer.core.programs.lm import Role
from promptlab.runs.results.about import ModelShown
from promptlab.runs.results.evidence import Evaluated, evaluated
from promptlab.runs.results.state import RunResult, RunState

CURRENT = "current"


@dataclass(frozen=True)
class PlainGain:
    """The best of the candidates with plain instructions alone: no written one, no demos. `share`
    of the winner's gain is what it reaches, None where that cannot be told.
    """

    number: int
    share: Share | None


def plain_gain_of(state: RunState, result: RunResult) -> PlainGain | None:
    """None where the run goes on, gained nothing provably, or no such candidate was scored."""
    best, compared = result.best_number, result.compared
    if not state.run.ended or not best or compared is None or compared.low <= 0:
        return None
    plain = sorted({t.candidate for t in state.board.scored if _is_plain(state, t.choice)} - {0})
    found = {each.number: each for each in evaluated(state.run, [0, best, *plain])}
    known = [found[n] for n in plain if n in found and found[n].estimate is not None]
    if not known or best not in found or 0 not in found:
        return None
    strongest = max(known, key=lambda each: each.estimate.mean if each.estimate else 0.0)
    return PlainGain(strongest.number, _share(found[0], strongest, found[best]))


def _is_plain(state: RunState, choice: dict[str, int]) -> bool:
    sources = {
        (e.data["module"], e.data["index"]): e.data["source"]
        for e in state.events if e.kind == "instruction_proposed"
    }  # fmt: skip
    used = [
        sources.get((name.removesuffix(":instruction"), index), "")
        for name, index in choice.items() if name.endswith(":instruction")
    ]  # fmt: skip
    demos = any(index for name, index in choice.items() if name.endswith(":demos"))
    plain = all(source in (CURRENT, *SOURCES) for source in used)
    return bool(used) and not demos and plain and any(source in SOURCES for source in used)


def _share(before: Evaluated, plain: Evaluated, best: Evaluated) -> Share | None:
    tables = [
        {key: seen.score for key, seen in each.outcomes.items() if seen.score is not None}
        for each in (before, plain, best)
    ]
    base, some, all_of = tables
    shared = sorted(base.keys() & some.keys() & all_of.keys())
    return share_of(
        [some[key] - base[key] for key in shared], [all_of[key] - base[key] for key in shared]
    )


def told_of_plain(found: PlainGain | None, best: int | None) -> str:
    """In a sentence; "" where there is nothing to tell."""
    if found is None:
        return ""
    if found.number == best:
        return _("It is the plain instruction, which no model wrote: writing gained nothing more.")
    if found.share is None:
        return _(
            "Candidate %(n)s has the plain instruction alone; on these examples it cannot be told "
            "what part of the gain that is."
        ) % {"n": found.number}
    value, low, high = (
        round(100 * each) for each in (found.share.value, found.share.low, found.share.high)
    )
    return _(
        "The plain instruction alone (candidate %(n)s), which no model wrote, reaches %(value)s %% "
        "of the gain (95 %% interval: %(low)s to %(high)s %%)."
    ) % {"n": found.number, "value": value, "low": low, "high": high}


def told_of_writer(models: Iterable[ModelShown]) -> str:
    """What the optimizer model took of the bill; "" where none was asked."""
    models = list(models)
    own = [model for model in models if model.role == Role.OPTIMIZER.value]
    tokens, of_tokens = sum(m.tokens for m in own), sum(m.tokens for m in models)
    cost, of_cost = sum(m.cost for m in own), sum(m.cost for m in models)
    if not tokens:
        return ""
    if not of_cost:
        return _("Writing took %(share)s %% of all tokens.") % {
            "share": round(100 * tokens / of_tokens)
        }
    return _("Writing took %(share)s %% of all tokens and %(paid)s %% of the price.") % {
        "share": round(100 * tokens / of_tokens), "paid": round(100 * cost / of_cost),
    }  # fmt: skip

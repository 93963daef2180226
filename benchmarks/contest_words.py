"""The contest's figures in words: lines on the screen, and the tables of docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.contest import MIPROV2, RACING, SHARES
from benchmarks.rivals import NAMES

HEADINGS = (
    f"{'':34} {'calls':>6} {'MIPROv2':>8} {'racing':>8} {'ahead':>13} {'at half':>13} "
    f"{'reported - true':>20}"
)


def row(name: str, told: dict[str, Any]) -> str:
    """One line of the table."""
    return (
        f"{name:34} {told['calls']:6} {told['gain_miprov2']:8.1f} {told['gain']:8.1f} "
        f"{told['gain_delta']:+7.1f} ± {told['gain_delta_se']:3.1f} "
        f"{told['gain_delta_half_calls']:+7.1f} ± {told['gain_delta_half_calls_se']:3.1f} "
        f"{told['reported_minus_true']:+7.1f} ({told['reported_minus_true_miprov2']:+.1f})"
    )


COLUMNS = (
    "| | examples scored | racing used | MIPROv2 | racing | ahead | ahead at half "
    "| reported − true | MIPROv2's |",
    "|---|---|---|---|---|---|---|---|---|",
)


def line(name: str, told: dict[str, Any]) -> str:
    """One line of the page's table."""
    return (
        f"| {name} | {told['calls']} | {told['calls_used']} "
        f"| {told['gain_miprov2']:+.1f} | {told['gain']:+.1f} "
        f"| {told['gain_delta']:+.1f} ± {told['gain_delta_se']:.1f} "
        f"| {told['gain_delta_half_calls']:+.1f} ± {told['gain_delta_half_calls_se']:.1f} "
        f"| {told['reported_minus_true']:+.1f} | {told['reported_minus_true_miprov2']:+.1f} |"
    )


MARKS = {"ahead": "▲", "equal": "=", "behind": "▽"}
COUNTED = 1.0, 0.5
"""Shares of the calls at which racing has to be ahead of everybody, or equal."""
RIVAL_COLUMNS = (
    f"| | of the calls | room | racing | {' | '.join(NAMES.values())} |",
    "|---|---|---|---|" + "---|" * len(NAMES),
)


def rival_rows(name: str, told: dict[str, Any]) -> list[str]:
    """The page's lines of a cell, one for each share: gain (regret), and how racing stands."""
    return [f"| {name} | {share:.0%} | {_columns(told, share)} |" for share in SHARES]


def _columns(told: dict[str, Any], share: float) -> str:
    found = {s["search"]: s for s in told["contest"] if s["share"] == share}
    racing = found[RACING]
    cells = [f"{told['room']:+.1f}", f"{_gain(racing)} ± {racing['gain_se']:.1f}"]
    return " | ".join([*cells, *(f"{_gain(found[n])} {MARKS[found[n]['verdict']]}" for n in NAMES)])


def _gain(standing: dict[str, Any]) -> str:
    regret = standing["regret"]
    return f"{standing['gain']:+.1f}" + (f" ({regret:.2f})" if regret is not None else "")


def screen_rows(told: dict[str, Any]) -> list[str]:
    """Lines under a cell's own: every rival at every share, and whether racing is ahead."""
    return [
        f"    {share:4.0%} of the calls, racing {_of(told, RACING, share)['gain']:+5.1f}; "
        + "; ".join(
            f"{NAMES[name]} {s['gain']:+.1f}, {s['verdict']} "
            f"{s['racing_ahead']:+.1f} ± {s['racing_ahead_se']:.1f}"
            for name in NAMES
            for s in [_of(told, name, share)]
        )
        for share in SHARES
    ]


def _of(told: dict[str, Any], name: str, share: float) -> dict[str, Any]:
    return next(s for s in told["contest"] if (s["search"], s["share"]) == (name, share))


def tally(cells: Iterable[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """By search: in how many cells and counted shares racing is ahead, equal and behind."""
    found = {name: dict.fromkeys(MARKS, 0) for name in (MIPROV2, *NAMES)}
    for cell in cells:
        for standing in cell["contest"]:
            if standing["search"] in found and standing["share"] in COUNTED:
                found[standing["search"]][standing["verdict"]] += 1
    return found


def tally_line(cells: Sequence[dict[str, Any]]) -> str:
    """In a sentence, for page and screen."""
    told = [
        f"{NAMES.get(name, 'MIPROv2')} {counts['ahead']} / {counts['equal']} / {counts['behind']}"
        for name, counts in tally(cells).items()
    ]
    return f"Racing ahead / equal / behind at 100 and 50 % of the calls: {'; '.join(told)}."

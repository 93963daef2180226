"""Checks of what labels point at, for pipelines: exit codes, JUnit, a summary in Markdown.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from promptlab.releases.client.fetching import Promptlab

# ----------------------------------------------------------------------------------------------

MEASURES = ("validation", "expected", "test")
"""Which score of a version is meant: that on its validation examples, what it is expected to score
on new ones, or that on the sealed test split.
"""


class Check(NamedTuple):
    """One thing that has to hold: `told` says what was found."""

    name: str
    holds: bool
    told: str


def score_of(content: dict[str, Any], measure: str) -> dict[str, Any] | None:
    """A version's score with its interval; None where it has none of this kind."""
    scores = content["provenance"]["scores"]
    if measure == "test":
        return (scores.get("test") or {}).get("best")
    found: dict[str, Any] | None = scores.get("expected" if measure == "expected" else "candidate")
    return found


def at_least(content: dict[str, Any], measure: str, least: float, surely: bool) -> Check:
    """Whether the score, or with `surely` the lower end of its interval, reaches `least`."""
    found = score_of(content, measure)
    name = f"{content['name']} v{content['version']}: {measure} score of {least} or more"
    if found is None:
        return Check(name, False, f"There is no {measure} score.")
    told = f"{found['mean']:.3f} (95 % interval {found['low']:.3f} to {found['high']:.3f})"
    return Check(name, found["low" if surely else "mean"] >= least, told)


def better_than_before(content: dict[str, Any]) -> Check:
    """Whether its run found it better than the program before, on the same examples."""
    source = content["provenance"]
    found = source["scores"].get("comparison")
    name = f"{content['name']} v{content['version']}: better than the program before"
    if source["candidate"] == 0 or not found:
        return Check(name, False, "It is the program before.")
    span = f"95 % interval {100 * found['low']:+.1f} to {100 * found['high']:+.1f}"
    told = f"{100 * found['gain']:+.1f} points ({span}) on {found['n']} examples"
    return Check(name, found["low"] > 0 and found["p"] < 0.05, told)


def same_as_scored(lab: Promptlab, program: int, number: int, rows: int) -> Check:
    """Whether its files say and find what was scored."""
    found = lab.call("GET", f"/versions/{program}/{number}/parity?rows={rows}")
    name = f"version {number}: its files find what was scored on {found['rows']} rows"
    if not found["files"]:
        return Check(name, False, "Its files need code, and are not run by the server.")
    otherwise = [file["format"] for file in found["files"] if file["differences"]]
    told = f"otherwise: {', '.join(otherwise)}" if otherwise else f"score {found['scored']:.3f}"
    return Check(name, not otherwise, told)


def junit(checks: list[Check]) -> str:
    """The checks as JUnit's XML, as pipelines read it."""
    failed = sum(not check.holds for check in checks)
    head = f'<testsuite name="promptlab" tests="{len(checks)}" failures="{failed}">'
    cases = []
    for check in checks:
        inside = f"<system-out>{escape(check.told)}</system-out>"
        if not check.holds:
            inside = f"<failure message={quoteattr(check.told)}/>"
        case = f'<testcase classname="promptlab" name={quoteattr(check.name)}>'
        cases.append(f"{case}{inside}</testcase>")
    body = "\n".join([head, *cases, "</testsuite>"])
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def summary(checks: list[Check]) -> str:
    """The checks as a table in Markdown."""
    rows = [
        f"| {'✅' if check.holds else '❌'} | {cell(check.name)} | {cell(check.told)} |"
        for check in checks
    ]
    return "\n".join(["| | check | found |", "|---|---|---|", *rows, ""])


def cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def report(checks: list[Check], junit_file: str, summary_file: str) -> None:
    """Writes what was asked for; in a pipeline of GitHub the summary goes where that shows it."""
    if junit_file:
        Path(junit_file).write_text(junit(checks), "utf-8")
    place = summary_file or os.environ.get("GITHUB_STEP_SUMMARY", "")
    if place:
        with open(place, "a", encoding="utf-8") as file:
            file.write(summary(checks))

"""A version's history in a few lines, for the head of a file that people will find years later."""

from __future__ import annotations

from optimizer.core.evaluation.stats import Estimate
from promptlab.reviews.content import VersionContent


def story(content: VersionContent, sha256: str) -> list[str]:
    """Title first, then an empty line, then who, whence, how good, which bytes."""
    source, approval = content.provenance, content.approval
    lines = [
        f"{content.name}, version {content.version}.",
        "",
        f"Approved by {approval.by} on {approval.at[:10]}, "
        f"from run {source.run}, candidate {source.candidate}.",
    ]
    if source.is_against:
        note = approval.note.rstrip(" .")
        why = f"; approved all the same, because: {note}" if note else ""
        lines.append(f"Its run recommended to keep the original prompt{why}.")
    if source.scores.candidate is not None:
        lines.append(f"{source.metric_name} on validation: {_measured(source.scores.candidate)}.")
    if source.scores.expected is not None:
        lines.append(f"Expected on new examples: {_range(source.scores.expected)}.")
    if source.scores.baseline is not None and source.candidate != 0:
        lines.append(f"The program before: {_measured(source.scores.baseline)}.")
    if source.scores.test is not None:
        where = _FINAL[source.scores.test.split]
        lines.append(f"On {where}: {_measured(source.scores.test.best)}.")
    lines.append(f"SHA-256 of its canonical JSON: {sha256}")
    return lines


_FINAL = {
    "test": "the sealed test split",
    "remainder": "validation examples that nothing was chosen by",
}


def _range(score: Estimate) -> str:
    return f"{100 * score.mean:.1f} of 100 ({100 * score.low:.1f}–{100 * score.high:.1f})"


def _measured(score: Estimate) -> str:
    low, high = 100 * score.low, 100 * score.high
    return f"{100 * score.mean:.1f} of 100 (n = {score.n}, 95 % interval {low:.1f}–{high:.1f})"

"""What a contest on a local model measures: rows that are kept, and scores on the test split."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.answers import Answers
from benchmarks.model_server import LocalModel
from benchmarks.tasks import Task
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.lm.guard import EVERYWHERE
from optimizer.lm.openai_http import OpenAIHttp

Row = dict[str, Any]
Key = tuple[str, int, str]
"""Task, seed and arm."""


class Measured:
    """Rows by task, seed and arm in a JSONL file: each is appended at once, none measured twice."""

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self._rows = {(r["task"], r["seed"], r["arm"]): r for r in _read(kept)}

    def row(self, key: Key, measure: Callable[[], Row]) -> Row:
        """The row of this key, measured now if it never was; it is told on stderr."""
        if key not in self._rows:
            self._rows[key] = measure()
            with self._kept.open("a") as file:
                file.write(json.dumps(self._rows[key], ensure_ascii=False) + "\n")
        _tell(key, self._rows[key])
        return self._rows[key]

    def get(self, key: Key) -> Row | None:
        """The row of this key, if it was measured."""
        return self._rows.get(key)

    def rows(self) -> list[Row]:
        """All that was measured, also by earlier starts."""
        return list(self._rows.values())


def scored(
    model: LocalModel, task: Task, candidates: Sequence[Candidate], examples: Sequence[Example]
) -> list[list[float]]:
    """Scores (0–1) of each candidate on each example: all at the same time, nothing remembered."""
    streams = max(model.at_once // len(candidates), 1)
    return asyncio.run(_scored(model, task, candidates, examples, streams))


async def _scored(
    model: LocalModel,
    task: Task,
    candidates: Sequence[Candidate],
    examples: Sequence[Example],
    streams: int,
) -> list[list[float]]:
    """So many streams of calls for a candidate; stream i has every example from the i-th on."""
    client = OpenAIHttp(model.url, egress=EVERYWHERE, own_engine=True, deadline=900)
    answers = Answers(client, ModelRef(0, model.name, max_tokens=task.reply_tokens))
    parts = [examples[i::streams] for i in range(streams)]
    try:
        found = await asyncio.gather(
            *(
                answers.outcomes(task.program, task.metric, candidate, part)
                for candidate in candidates
                for part in parts
            )
        )
    finally:
        await client.aclose()
    whole = [found[i : i + streams] for i in range(0, len(found), streams)]
    return [_in_order(parts_of_one, len(examples)) for parts_of_one in whole]


def _in_order(parts: Sequence[Sequence[Outcome]], count: int) -> list[float]:
    scores = [0.0] * count
    for i, part in enumerate(parts):
        scores[i :: len(parts)] = [right(outcome) for outcome in part]
    return scores


def right(outcome: Outcome) -> float:
    """The score of an answer; 0 for one that did not come to its end within the task's tokens.

    A call that failed has no outcome here: it ends the benchmark.
    """
    return outcome.score.value if outcome.score else 0.0


def _read(kept: Path) -> list[Row]:
    """What was measured before; a last line that broke off is dropped."""
    if not kept.exists():
        return []
    text = kept.read_text()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        kept.write_text(whole)
    return [json.loads(line) for line in whole.splitlines()]


def _tell(key: Key, row: Row) -> None:
    refused = f", {row['refused']} refused" if row.get("refused") else ""
    before = f"{_mean(row['baseline_test']):.3f} -> " if "baseline_test" in row else ""
    print(
        f"  {' '.join(map(str, key))}: test {before}{_mean(row['test']):.3f}, "
        f"{row['evaluations']} evaluations, {row['calls']} calls{refused}, {row['seconds']:.0f} s",
        file=sys.stderr,
        flush=True,
    )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)

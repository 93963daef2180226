"""DSPy's MIPROv2 (as it comes) or GEPA on a task; run by .venv-bench.

The last line printed is JSON: the winner's prompts, program evaluations, the score it reports.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from typing import Any

import dspy

from benchmarks.peer_dspy import Counted, SameWords, rows
from benchmarks.peer_words import arguments
from benchmarks.tasks import PROPOSAL_TOKENS, TASKS, Task, dealt
from optimizer.core.evaluation.outcome import Prediction
from optimizer.core.programs.example import Example
from optimizer.core.programs.steps import alone

MANY_ERRORS = 100_000
"""A reply that cannot be read scores 0 and does not end the run, as on our side."""


def main() -> None:
    given = arguments(OPTIMIZERS)
    task = TASKS[given.task]
    with tempfile.TemporaryDirectory() as folder:
        dspy.configure_cache(disk_cache_dir=folder)
        best, reported = OPTIMIZERS[given.optimizer](task, given)
    found = {
        "prompts": best.prompts(), "evaluations": Counted.asked, "distinct": len(Counted.made),
        "reported": reported,
    }  # fmt: skip
    print(json.dumps(found, ensure_ascii=False), flush=True)


def mipro(task: Task, given: argparse.Namespace) -> tuple[Counted, float]:
    """MIPROv2 in its own mode and with its own number of evaluations."""
    models(task, given)
    optimizer = dspy.MIPROv2(
        metric=metric_of(task), prompt_model=writer(given), task_model=dspy.settings.lm,
        auto=given.auto, num_threads=given.threads, max_errors=MANY_ERRORS, seed=given.seed,
    )  # fmt: skip
    best = _compiled(optimizer, task, given)
    return best, best.score / 100


def gepa(task: Task, given: argparse.Namespace) -> tuple[Counted, float]:
    """GEPA, told of each example what the right answer is; it ends a step after its evaluations are
    used up, and the server refuses what that step asks beyond them.
    """
    models(task, given)
    score = metric_of(task)

    def told(
        example: Any, prediction: Any, trace: Any = None, name: Any = None, part: Any = None
    ) -> Any:
        right = example[task.metric.expected]
        return dspy.Prediction(
            score=score(example, prediction), feedback=f"The right answer is: {right}"
        )

    optimizer = dspy.GEPA(
        metric=told, max_metric_calls=given.evaluations, reflection_lm=writer(given),
        num_threads=given.threads, seed=given.seed, track_stats=True,
    )  # fmt: skip
    best = _compiled(optimizer, task, given)
    return best, max(best.detailed_results.val_aggregate_scores)


OPTIMIZERS: dict[str, Callable[[Task, argparse.Namespace], tuple[Counted, float]]] = {
    "miprov2": mipro,
    "gepa": gepa,
}


def models(task: Task, given: argparse.Namespace) -> None:
    """The program's model, spoken to in our words."""
    lm = _lm(given.model, given.url, task.reply_tokens)
    dspy.configure(lm=lm, adapter=SameWords(task), max_errors=MANY_ERRORS)


def writer(given: argparse.Namespace) -> dspy.LM:
    return _lm(given.writer, given.writer_url, PROPOSAL_TOKENS)


def _lm(name: str, url: str, tokens: int) -> dspy.LM:
    return dspy.LM(
        f"openai/{name}", api_base=url, api_key="none", temperature=0.0, max_tokens=tokens,
        num_retries=1, timeout=900,
    )  # fmt: skip


def metric_of(task: Task) -> Callable[..., float]:
    """The task's metric, as DSPy calls one."""

    def metric(example: Any, prediction: Any, trace: Any = None) -> float:
        row = Example("", {}, {task.metric.expected: example[task.metric.expected]})
        given = Prediction({task.metric.output: prediction[task.metric.output]})
        score = alone(task.metric.score(row, given))
        return score.value if score else 0.0

    return metric


def _compiled(optimizer: Any, task: Task, given: argparse.Namespace) -> Any:
    splits = dealt(task, given.seed, tuple(given.rows))
    return optimizer.compile(
        Counted(task), trainset=rows(task, splits.train), valset=rows(task, splits.validation)
    )


if __name__ == "__main__":
    main()

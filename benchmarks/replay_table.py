"""`make replay-table`: every instruction x demo set x example, answered by a real model.

Options come from benchmarks/options/TASK.json, rows from benchmarks/data. A table that was broken
off goes on where it was: replies are kept beside it, in FILE.partial, until it is written.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.answers import Answers
from benchmarks.confidence import SureClient
from benchmarks.grid import Grid, grid_of, right_traces
from benchmarks.model_server import LocalModel, local_model
from benchmarks.tasks import TASKS, Task
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.programs.example import Example
from optimizer.core.programs.signature import written
from optimizer.lm.guard import EVERYWHERE
from optimizer.lm.openai_http import OpenAIHttp

OPTIONS = Path(__file__).parent / "options"


async def make(arguments: argparse.Namespace, model: LocalModel) -> None:
    task, file = TASKS[arguments.task], Path(arguments.out)
    splits = task.splits()
    examples = (*splits.validation, *splits.test)[: arguments.examples]
    client = (
        SureClient(model.url)
        if arguments.soft
        else OpenAIHttp(model.url, egress=EVERYWHERE, own_engine=True, deadline=600)
    )
    ref = ModelRef(0, model.name, max_tokens=task.reply_tokens)
    answers = Answers(client, ref, file.with_suffix(file.suffix + ".partial"))
    try:
        options = _wanted(task, arguments)
        traces = await right_traces(task, answers, splits.train)
        grid = grid_of(task, options, splits.train, traces)
        table = await _filled(task, grid, answers, examples, model.at_once)
        soft = await _chances(task, grid, answers, examples) if arguments.soft else {}
    finally:
        await client.aclose()
    _write(file, task, model, options, grid, {"table": table, "soft": soft}, examples, answers)
    print(f"{file}: {len(table)} cells, {len(examples)} examples", file=sys.stderr)


def _wanted(task: Task, arguments: argparse.Namespace) -> dict[str, Any]:
    """The options file, cut to so many instructions and demo sets of each module."""
    found = json.loads((OPTIONS / f"{task.name}.json").read_text())
    return {
        name: {
            "instructions": part["instructions"][: arguments.instructions],
            "demo_sets": part["demo_sets"][: arguments.demo_sets],
        }
        for name, part in found.items()
    }


async def _filled(
    task: Task, grid: Grid, answers: Answers, examples: Sequence[Example], at_once: int
) -> dict[str, list[float]]:
    """All cells; as many candidates at a time as the model answers calls."""
    cells = grid.cells()
    waiting, table = iter(cells), {}
    started = time.time()

    async def work() -> None:
        for cell in waiting:
            outcomes = await answers.outcomes(
                task.program, task.metric, grid.candidate(cell), examples
            )
            table[",".join(map(str, cell))] = [score_of(o) for o in outcomes]
            _told(len(table), len(cells), cell, table, answers.asked, time.time() - started)

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())
    return {",".join(map(str, cell)): table[",".join(map(str, cell))] for cell in sorted(cells)}


async def _chances(
    task: Task, grid: Grid, answers: Answers, examples: Sequence[Example]
) -> dict[str, list[float]]:
    """How likely the right choice was, in the same cells."""
    found: dict[str, list[float]] = {}
    for cell in sorted(grid.cells()):
        told = [await answers.chances(task.program, grid.candidate(cell), e) for e in examples]
        found[",".join(map(str, cell))] = [
            chances.get(written(example.expected[task.metric.expected]), 0.0)
            for example, chances in zip(examples, told, strict=True)
        ]
    return found


def _told(
    done: int, cells: int, cell: Sequence[int], table: dict[str, list[float]], asked: int,
    seconds: float,
) -> None:  # fmt: skip
    scores = table[",".join(map(str, cell))]
    print(
        f"{done}/{cells} cells, {asked} calls, {seconds:.0f} s: {cell} "
        f"{sum(scores) / len(scores):.2f}",
        file=sys.stderr,
        flush=True,
    )


def _write(
    file: Path, task: Task, model: LocalModel, options: dict[str, Any], grid: Grid,
    parts: dict[str, dict[str, list[float]]], examples: Sequence[Example], answers: Answers,
) -> None:  # fmt: skip
    modules = [{"name": name, **part} for name, part in options.items()]
    head = {
        "task": task.name, "model": model.name, "source": task.source, "modules": modules,
        "options": grid.sizes(), "examples": len(examples), "calls": answers.calls,
        "seconds": round(answers.seconds, 1),
    }  # fmt: skip
    rows = {
        name: {key: [_short(v) for v in scores] for key, scores in cells.items()}
        for name, cells in parts.items()
        if cells
    }
    text = json.dumps({**head, **rows}, ensure_ascii=False)
    file.write_text(text.replace('], "', '],\n"') + "\n")
    file.with_suffix(file.suffix + ".partial").unlink(missing_ok=True)


def score_of(outcome: Outcome) -> float:
    """A greedy reply that comes to no end within the task's tokens is not right."""
    return outcome.score.value if outcome.score is not None else 0.0


def _short(value: float) -> float:
    return int(value) if value == int(value) else round(value, 4)


@contextmanager
def _model(arguments: argparse.Namespace) -> Iterator[LocalModel]:
    if arguments.api_base:
        yield LocalModel(arguments.api_base.rstrip("/"), arguments.model, at_once=2)
        return
    with local_model(arguments.gguf, slots=arguments.slots) as model:
        yield model


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a table of a real model's answers.")
    parser.add_argument("--task", required=True, choices=sorted(p.stem for p in OPTIONS.iterdir()))
    parser.add_argument("--out", required=True)
    parser.add_argument("--instructions", type=int, default=99, help="of each module, at most")
    parser.add_argument("--demo-sets", type=int, default=99, help="of each module, at most")
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--soft", action="store_true", help="also how likely the right choice was")
    parser.add_argument("--gguf", default="", help="weights other than the embedded model's")
    parser.add_argument("--slots", type=int, default=0, help="see benchmarks.model_server")
    parser.add_argument("--api-base", default="", help="a server instead of a local engine")
    parser.add_argument("--model", default="local", help="the model's name at --api-base")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Stopped; start again to go on."))
    with _model(arguments) as model:
        asyncio.run(make(arguments, model))


if __name__ == "__main__":
    main()

"""`make replay-table`: every instruction x demo set x example, answered by a real model.

Options come from benchmarks/options/TASK.json, rows from benchmarks/data. A table that was broken
off goes on where it was: replies are kept beside it, in FILE.partial, until it is written.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.answers import Answers
from benchmarks.confidence import SureClient
from benchmarks.model_server import LocalModel, local_model
from benchmarks.tasks import TASKS, Task
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.demos.pools import pool_of_labels
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.demo import Choosing, Demo, Demos, NearestDemos
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Module, ModulePrompt
from optimizer.core.programs.signature import written
from optimizer.lm.guard import EVERYWHERE
from optimizer.lm.openai_http import OpenAIHttp

OPTIONS = Path(__file__).parent / "options"
TEACHER_DEMOS = 4

Traces = dict[str, list[Demo]]
"""Demos out of programs' right answers on train, by module."""


@dataclass(frozen=True)
class Grid:
    """What is chosen from: instructions and demo sets by module, in the program's order."""

    instructions: dict[str, list[str]]
    demo_sets: dict[str, list[Demos]]

    def sizes(self) -> dict[str, int]:
        """Number of options by parameter, named as the optimizers name them."""
        found: dict[str, int] = {}
        for name, texts in self.instructions.items():
            found |= {f"{name}:instruction": len(texts), f"{name}:demos": len(self.demo_sets[name])}
        return found

    def cells(self) -> list[tuple[int, ...]]:
        """All choices, those with the same last module after one another: its prefix is shared."""
        ranges = [range(n) for n in self.sizes().values()]
        return sorted(itertools.product(*ranges), key=lambda cell: (cell[-2:], cell))

    def candidate(self, cell: Sequence[int]) -> Candidate:
        pairs = zip(self.instructions, zip(cell[::2], cell[1::2], strict=True), strict=True)
        return Candidate(
            {
                name: ModulePrompt(self.instructions[name][i], self.demo_sets[name][d])
                for name, (i, d) in pairs
            }
        )


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
        traces = await _right_traces(task, answers, splits.train)
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


async def _right_traces(task: Task, answers: Answers, train: Sequence[Example]) -> Traces:
    """What comes out right on train, of the bare program and of one with labelled demos."""
    bare = baseline_of(task.program)
    drawn = random.Random("teacher").sample(list(train), TEACHER_DEMOS)
    taught = Candidate(
        {
            m.name: ModulePrompt(m.signature.instruction, tuple(task.labelled(m, e) for e in drawn))
            for m in task.program.modules
        }
    )
    found: Traces = {m.name: [] for m in task.program.modules}
    for candidate in (bare, taught):
        pupils = [e for e in train if e not in drawn]
        for outcome in await answers.outcomes(task.program, task.metric, candidate, pupils):
            if outcome.score is not None and outcome.score.value >= task.metric.threshold:
                for call in outcome.trace:
                    demo = Demo({**call.inputs, **call.outputs}, augmented=True)
                    if demo not in found[call.module]:
                        found[call.module].append(demo)
    return found


def grid_of(task: Task, options: dict[str, Any], train: Sequence[Example], traces: Traces) -> Grid:
    instructions = {m.name: options[m.name]["instructions"] for m in task.program.modules}
    demo_sets = {
        m.name: [_demos(task, m, wanted, train, traces) for wanted in options[m.name]["demo_sets"]]
        for m in task.program.modules
    }
    return Grid(instructions, demo_sets)


def _demos(
    task: Task, module: Module, wanted: dict[str, Any], train: Sequence[Example], traces: Traces
) -> Demos:
    """A demo set by its description; every kind that draws does so with its own seed."""
    if wanted["kind"] == "none":
        return ()
    if wanted["kind"] == "nearest":
        return _nearest(task, module, wanted, train)
    rng, size = random.Random(f"{module.name}:{wanted['seed']}"), wanted["size"]
    if wanted["kind"] == "bootstrapped":
        pool = traces[module.name]
        return tuple(rng.sample(pool, min(size, len(pool))))
    rows = _pools(task, train)[wanted["kind"]]
    return tuple(task.labelled(module, e) for e in rng.sample(rows, min(size, len(rows))))


def _nearest(
    task: Task, module: Module, wanted: dict[str, Any], train: Sequence[Example]
) -> NearestDemos:
    """So many of the labelled training rows for each input, as the product chooses them."""
    pool = pool_of_labels(task.program, module, train, {task.metric.output: task.metric.expected})
    choosing = Choosing(wanted.get("choosing", Choosing.NEAREST))
    label = task.metric.output if choosing is Choosing.BALANCED else ""
    return NearestDemos(wanted["size"], pool, choosing, label)


def _pools(task: Task, train: Sequence[Example]) -> dict[str, list[Example]]:
    """Rows for labelled sets: all, the shortest quarter, or those with the commonest answer."""

    def answer(example: Example) -> str:
        return written(example.expected[task.metric.expected])

    def length(example: Example) -> int:
        return sum(len(written(v)) for v in example.inputs.values())

    commonest = Counter(answer(e).split()[0] for e in train).most_common(1)[0][0]
    return {
        "labelled": list(train),
        "shortest": sorted(train, key=length)[: len(train) // 4],
        "one_answer": [e for e in train if answer(e).split()[0] == commonest],
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
            table[",".join(map(str, cell))] = [o.score.value for o in outcomes if o.score]
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

"""Ready examples: a task with its data, its program and its metric, as a project of one's own.

Each is a folder of `data`: `example.json` says what it is, `words.py` what it is called,
`examples.jsonl` has the rows with their splits, `corpus.jsonl` the passages where something is
looked up, `README.md` whose they are.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.functional import Promise

from optimizer.codec import from_json
from optimizer.core.evaluation.metric import Metric
from optimizer.core.metrics.feedback import FeedbackRule
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Field
from optimizer.datasets.columns import Role, Use
from optimizer.datasets.mapping import Mapping
from optimizer.datasets.splitting import SplitPlan
from optimizer.files import program_file
from optimizer.retrieval import corpora
from promptlab.accounts.models import Project, User
from promptlab.accounts.services import found_project
from promptlab.datasets.services import import_dataset
from promptlab.demo.words import TOLD
from promptlab.metrics.feedback import set_rules
from promptlab.metrics.services import create_metric
from promptlab.programs.services import create_program

DATA = Path(__file__).parent / "data"
SPLIT = "split"
_ABOUT = "example.json"


@dataclass(frozen=True)
class ReadyExample:
    """A task to begin with. `inputs` and `expected` are columns of its rows; `columns` are those
    that are none of its program's fields. `corpus` is what its passages are called, "" where it has
    none. `feedback` are rules that say what went wrong, where it has some.
    """

    name: str
    title: str | Promise
    about: str | Promise
    licence: str
    inputs: tuple[str, ...]
    expected: tuple[str, ...]
    metric_name: str
    metric: Metric
    program: Program
    data: str
    corpus: str = ""
    columns: tuple[Field, ...] = ()
    feedback: tuple[FeedbackRule, ...] = ()

    @property
    def folder(self) -> Path:
        return DATA / self.data

    @property
    def steps(self) -> int:
        return len(self.program.calls)


@cache
def ready_examples() -> dict[str, ReadyExample]:
    """All there are by name, the smallest programs first."""
    found = [_read(folder) for folder in DATA.iterdir() if (folder / _ABOUT).is_file()]
    ordered = sorted(found, key=lambda e: (e.steps, len(e.program.output_fields()), e.name))
    return {example.name: example for example in ordered}


def _read(folder: Path) -> ReadyExample:
    told = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
    metric = dict(told["metric"])
    return ReadyExample(
        name=folder.name,
        title=TOLD[folder.name][0],
        about=TOLD[folder.name][1],
        licence=told["licence"],
        inputs=tuple(told["inputs"]),
        expected=tuple(told["expected"]),
        metric_name=metric.pop("name"),
        metric=from_json(Metric, metric),
        program=program_file.read(json.dumps(told["program"])),
        data=told.get("data", folder.name),
        corpus=told.get("corpus", ""),
        columns=from_json(tuple[Field, ...], told.get("columns", [])),
        feedback=from_json(tuple[FeedbackRule, ...], told.get("feedback", [])),
    )


def found_example(by: User, example: ReadyExample) -> Project:
    """A project of this person with all that the example needs, ready for a run."""
    with transaction.atomic():
        title = str(example.title)
        project = found_project(by, title)
        with (example.folder / "examples.jsonl").open("rb") as file:
            import_dataset(
                project, by, title, file, Mapping(_uses(example), SplitPlan(column=SPLIT)),
                source_name="examples.jsonl",
            )  # fmt: skip
        program = with_corpus(project.namespace, example)
        created = create_program(project, by, program.name, program)
        if example.feedback:
            set_rules(created, example.feedback)
        create_metric(project, by, example.metric_name, example.metric)
    return project


def _uses(example: ReadyExample) -> tuple[Use, ...]:
    """Columns as the program takes and gives them."""
    own = {f.name: f for f in (*example.columns, *example.program.inputs)}
    own |= example.program.output_fields()
    inputs = (_use(own[name], name, Role.INPUT) for name in example.inputs)
    expected = (_use(own[name], name, Role.EXPECTED) for name in example.expected)
    return (*inputs, *expected, Use(SPLIT, Role.IGNORED, SPLIT))


def _use(field: Field, column: str, role: Role) -> Use:
    return Use(
        column, role, column, field.type, field.choices, field.nullable, field.items, field.fields
    )


def with_corpus(namespace: str, example: ReadyExample) -> Program:
    """The program, whose steps look things up in a corpus that is stored there."""
    if not example.corpus:
        return example.program
    with (example.folder / "corpus.jsonl").open(encoding="utf-8") as lines:
        passages = [json.loads(line) for line in lines]
    columns = list(passages[0])
    rows = ([passage[name] for name in columns] for passage in passages)
    corpus = corpora.store(namespace, example.corpus, columns, rows)
    modules = tuple(_looking_in(module, corpus.digest) for module in example.program.modules)
    return replace(example.program, modules=modules)


def _looking_in(module: Module, digest: str) -> Module:
    own: Collection[str] = {field.name for field in fields(module)}
    changed: dict[str, Any] = {"corpus": digest} if "corpus" in own else {}
    return replace(module, **changed)

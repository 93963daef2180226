"""Every real task is read from its own file, has its program and its true metric, and a run on it
ends. The model is scripted: it is right more often the more its instruction says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import pytest

from optimizer.core.conversation.events import Result
from optimizer.core.conversation.spec import ModelRef, RunSpec, Settings
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import Prediction, Score
from optimizer.core.metrics import combined
from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.metrics.custom_code import CustomCode
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.metrics.numeric import Numeric
from optimizer.core.metrics.parts import Counts, Part
from optimizer.core.metrics.retrieval_recall import RetrievalRecall
from optimizer.core.metrics.set_f1 import SetF1
from optimizer.core.metrics.token_f1 import TokenF1
from optimizer.core.modules.predict import Predict
from optimizer.core.modules.retrieve import Retrieve
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.programs.calls import Call
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Reply, Role
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature, Value
from optimizer.core.programs.steps import Passages, Search
from optimizer.core.runs.checks import checks_of, shape_of
from optimizer.datasets.columns import Role as ColumnRole
from optimizer.datasets.columns import Use, use_of
from optimizer.datasets.guessing import describe
from optimizer.datasets.mapping import Mapping as RowMapping
from optimizer.datasets.mapping import RowReader
from optimizer.datasets.splitting import SplitPlan
from promptlab.metrics.snippets import snippets
from tests.fakes.gold import GoldWorld
from tests.fakes.random_search import RandomSearch
from tests.fakes.steps import held
from tests.optimizer.datasets.test_real_columns import TASKS, head_of

SETTINGS = Settings(trials=4, minibatch_size=4, full_every=3, instructions=3, demo_sets=3)
QUERY = "what is wanted"
FLAGS = """\
ALL = 10


def metric(example, prediction, trace):
    given, wanted = set(prediction["categories"] or []), set(example["categories"] or [])
    return 1 - len(given ^ wanted) / ALL
"""
"""The share of ten flags that are right, as the tutorial has it."""


@dataclass(frozen=True)
class Task:
    """`answers` are the outputs of its program, `metric` judges them; `gold` makes right answers
    where they are not the columns of their names.
    """

    answers: tuple[str, ...]
    metric: Metric
    gold: Callable[[Mapping[str, Value]], dict[str, Value]] | None = None
    retrieves: bool = False


def code(name: str) -> CustomCode:
    return CustomCode("", "", source=snippets()[name].source)


def each(*names: str) -> Metric:
    """Exact match of every field, null where null is expected."""
    return combined([Part(name, ExactMatch(name, name)) for name in names])


def label(name: str = "label") -> Task:
    return Task((name,), ChoiceAccuracy(name, name))


def text(name: str, metric: Metric | None = None) -> Task:
    return Task((name,), metric or ExactMatch(name, name))


SLOTS = ("people", "date", "time", "first_name", "last_name")
CITED = (
    "author",
    "title",
    "container",
    "date",
    "volume",
    "pages",
    "publisher",
    "location",
    "edition",
    "doi",
)
REAL: dict[str, Task] = {
    "banking77": text("label"),
    "bbh": text("target"),
    "blocksworld_plan": Task(("plan",), code("blocksworld_plan")),
    "citation_extraction": Task(CITED, each(*CITED)),
    "facility_support": Task(
        ("urgency", "sentiment", "categories"),
        combined(
            [
                Part("urgency", ExactMatch("urgency", "urgency")),
                Part("sentiment", ExactMatch("sentiment", "sentiment")),
                Part("flags", CustomCode("", "", source=FLAGS)),
            ]
        ),
    ),
    "gsm8k": text("answer", Numeric("answer", "answer")),
    "heart_disease": text("answer"),
    "hotpotqa": Task(
        ("answer",),
        combined(
            [
                Part("exact", ExactMatch("answer", "answer")),
                Part("F1", TokenF1("answer", "answer"), counts=Counts.SHOWN),
            ]
        ),
    ),
    "hotpotqa_conditional": Task(
        ("answer",), code("hotpotqa_conditional"), gold=lambda e: {"answer": formed(e)}
    ),
    "hotpotqa_open": text("answer"),
    "hover": Task(
        ("passages",), RetrievalRecall("passages", "gold_titles", threshold=1.0), retrieves=True
    ),
    "ifbench": Task(("answer",), code("ifbench_rules"), gold=lambda e: {"answer": "word"}),
    "instruction_induction": Task(
        ("output",), ExactMatch("output", "accepted_outputs"),
        gold=lambda e: {"output": e["accepted_outputs"][0]},  # type: ignore[index]
    ),
    "iris": label("answer"),
    "iris_typo": label("answer"),
    "musique_mini": text("answer", TokenF1("answer", "answer")),
    "nlupp_triage": Task(("intents",), SetF1("intents", "intents")),
    "restaurant8k": Task(SLOTS, each(*SLOTS)),
    "scone": text("answer"),
    "sms_spam": label(),
}  # fmt: skip


def formed(expected: Mapping[str, Value]) -> str:
    """An answer in the form of its category."""
    answer, category = str(expected["answer"]), str(expected["answer_category"]).lower()
    if category == "person":
        return answer.lower()
    if category == "place":
        return "".join(c for c in answer if c not in ",.?!;:")
    return f"{answer} Peace!" if category == "date" else answer.upper()


@cache
def read(task: str) -> tuple[tuple[Use, ...], tuple[Example, ...]]:
    """The rows of its own file, as its columns are guessed and then corrected on the page."""
    table = head_of(task)
    inputs, expected = (names.split() for names in TASKS[task])
    columns = describe(table, inputs, expected)
    roles = {
        **dict.fromkeys(inputs, ColumnRole.INPUT), **dict.fromkeys(expected, ColumnRole.EXPECTED),
    }  # fmt: skip
    uses = tuple(
        use_of(c, roles.get(c.name, ColumnRole.IGNORED), c.field, c.type, c.nullable)
        for c in columns
    )
    reader = RowReader(table.columns, RowMapping(uses, SplitPlan()))
    rows = [reader.read(row) for row in table.rows]
    assert all(isinstance(row, Example) for row in rows), rows
    return uses, tuple(row for row in rows if isinstance(row, Example))


def program_of(task: str) -> Program:
    uses, _rows = read(task)
    fields = {use.field: use.as_field() for use in uses}
    inputs = tuple(fields[name] for name in TASKS[task][0].split())
    if REAL[task].retrieves:
        return retrieving(inputs)
    outputs = tuple(
        replace(fields[name], name=name) if name in fields else Field(name)
        for name in REAL[task].answers
    )
    wires = {field.name: f"input.{field.name}" for field in inputs}
    answer = Predict("answer_it", Signature(inputs, outputs, "Answer."))
    gives = {field.name: f"answer_it.{field.name}" for field in outputs}
    return Program(task, inputs, (answer,), (Call("answer_it", "answer_it", wires),), gives)


def retrieving(inputs: tuple[Field, ...]) -> Program:
    """A query is written, and what it finds is judged."""
    (claim,) = inputs
    write = Predict("write", Signature((claim,), (Field("query"),), "Write a query."))
    passages = Field("passages", FieldType.LIST)
    look = Retrieve("look", Signature((Field("query"),), (passages,), ""), corpus="small", k=4)
    calls = (
        Call("write", "write", {claim.name: f"input.{claim.name}"}),
        Call("look", "look", {"query": "write.query"}),
    )
    return Program("hover", inputs, (write, look), calls, {"passages": "look.passages"})


class Tasks(GoldWorld):
    """Answers as the row expects; a query is the right one where it is this word."""

    task: Task

    def gold(self) -> Mapping[str, Value]:
        return {"query": QUERY, **gold_of(self.task, self.row)}

    def look_up(self, request: Search) -> Passages:
        """The titles that are wanted, where the query was the right one."""
        titles = self.row.expected["gold_titles"]
        assert isinstance(titles, list)
        found = titles if request.query == QUERY else titles[:1]
        return Passages(tuple({"title": title, "text": "…"} for title in found))


def gold_of(task: Task, row: Example) -> dict[str, Value]:
    return task.gold(row.expected) if task.gold else dict(row.expected)


def test_every_task_has_its_program_and_its_metric() -> None:
    assert REAL.keys() == TASKS.keys()


@pytest.mark.parametrize("name", REAL)
def test_right_answers_are_right_by_the_true_metric(name: str) -> None:
    task, (_uses, rows) = REAL[name], read(name)
    if name == "ifbench":  # it has no right answers, only rules
        return
    for row in rows:
        gold = gold_of(task, row)
        if task.retrieves:
            gold = {"passages": [{"title": t} for t in row.expected["gold_titles"]]}  # type: ignore[union-attr]
        given = Prediction({answer: gold.get(answer) for answer in task.answers})
        score: Score = held(task.metric.score(row, given), lambda _: Reply(""))
        assert (row.id, score.value) == (row.id, pytest.approx(1.0)), score


@pytest.mark.parametrize("name", REAL)
def test_a_light_run_on_a_real_task_ends(name: str) -> None:
    program, (_uses, rows) = program_of(name), read(name)
    half = len(rows) // 2
    world = Tasks(program, write=lambda text, n: f"Look closely, then answer. ({n})")
    world.task, world.metric = REAL[name], REAL[name].metric
    model = ModelRef(1, "scripted")
    spec = RunSpec(
        program, world.task.metric, "racing", SETTINGS, {Role.TASK: model, Role.OPTIMIZER: model},
        train=rows[:half], validation=rows[half:], seed=3,
    )  # fmt: skip
    optimizer = OPTIMIZERS[spec.optimizer]
    refused = [p.code for p in checks_of(spec, optimizer, shape_of(spec)) if p.refuses]
    assert refused == []
    result = world.hold(optimizer.converse(spec, RandomSearch))
    assert isinstance(result, Result)

"""Real tasks to measure on: a program, a metric and rows (benchmarks/data)."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from pathlib import Path

from optimizer.core.evaluation.metric import Metric
from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.metrics.token_f1 import TokenF1
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.calls import Call
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Field, FieldType, Signature, Value
from optimizer.datasets.from_file import Splits, read_splits

DATA = Path(__file__).parent / "data"
REPLY_TOKENS, PROPOSAL_TOKENS = 64, 400
"""Longest replies of a program's modules, and of the model that writes instructions."""


@dataclass(frozen=True)
class Task:
    """`stand_ins` names the column that stands in for a field which no row has a label for;
    `reply_tokens` bounds each reply of its modules.
    """

    name: str
    program: Program
    metric: Metric
    rows: str
    source: str
    stand_ins: dict[str, str] = field(default_factory=dict)
    reply_tokens: int = REPLY_TOKENS

    def splits(self) -> Splits:
        """train, validation and test as benchmarks/data has them."""
        return read_splits(DATA / self.rows, self.program, seed=0)

    def labelled(self, module: Module, example: Example) -> Demo:
        """A demo of one module from a row's labels, the stand-ins included."""
        known: dict[str, Value] = {**example.inputs, **example.expected}
        fields = (*module.signature.inputs, *module.signature.outputs)
        names = {f.name: self.stand_ins.get(f.name, f.name) for f in fields}
        return Demo({name: known[column] for name, column in names.items()})


INTENTS = (
    "card_arrival", "card_linking", "card_not_working", "cash_withdrawal_charge",
    "declined_card_payment", "exchange_rate", "lost_or_stolen_card", "pending_transfer",
    "refund_not_showing_up", "top_up_failed",
)  # fmt: skip

TOPICS = (
    "account", "affirm", "appointment", "balance", "cancel_close_leave_freeze", "card", "change",
    "cheque", "contactless", "current", "debit", "deny", "direct_debit", "dont_know",
    "fees_interests", "greet", "handoff", "how", "how_much", "international", "less_lower_before",
    "limits", "loan", "lost_stolen", "make_open_apply_setup_get_activate", "more_higher_after",
    "mortgage", "overdraft", "refund", "request_info", "savings", "thank",
    "transfer_payment_deposit", "when", "why", "wrong_notworking_notshowing",
)  # fmt: skip

MESSAGE = Field("message", description="what a guest wrote to the restaurant")
RESTAURANT = "Restaurant-8K, PolyAI task-specific-datasets, CC BY 4.0"


def _single(name: str, takes: Field, gives: Field, instruction: str) -> Program:
    module = Predict(name, Signature((takes,), (gives,), instruction))
    call = Call(name, name, {takes.name: f"input.{takes.name}"})
    return Program(name, (Field(takes.name),), (module,), (call,), {gives.name: f"{name}.{gives.name}"})  # fmt: skip  # noqa: E501


def _two_steps() -> Program:
    quote = Predict(
        "quote",
        Signature(
            (Field("message"),),
            (Field("request"),),
            "Repeat the part of the message that says when the booking is.",
        ),
    )
    find = Predict(
        "find_date",
        Signature(
            (Field("message"), Field("request")), (Field("date"),), "Find the date of the booking."
        ),
    )
    calls = (
        Call("quote", "quote", {"message": "input.message"}),
        Call("find_date", "find_date", {"message": "input.message", "request": "quote.request"}),
    )
    return Program(
        "two_steps", (Field("message"),), (quote, find), calls, {"date": "find_date.date"}
    )


def _in_two(
    name: str, inputs: tuple[Field, ...], first: Predict, second: Predict, answer: str
) -> Program:
    """Two modules; the second takes all that the first takes, and what it says."""
    given = {field.name: f"input.{field.name}" for field in inputs}
    (said,) = first.signature.outputs
    calls = (
        Call(first.name, first.name, given),
        Call(second.name, second.name, {**given, said.name: f"{first.name}.{said.name}"}),
    )
    outputs = {answer: f"{second.name}.{answer}"}
    return Program(name, inputs, (first, second), calls, outputs)


def _triage() -> Program:
    message = Field("message", description="what a customer wrote to the bank")
    request = Field("request", description="what the customer wants, in a few words")
    topics = Field("topics", description=f"those that apply, with commas, of: {', '.join(TOPICS)}")
    said = "Say in a few words what the bank's customer wants."
    found = "Name all topics of the customer's message."
    return _in_two(
        "triage", (Field("message"),),
        Predict("restate", Signature((message,), (request,), said)),
        Predict("find_topics", Signature((message, request), (topics,), found)), "topics",
    )  # fmt: skip


def _negation() -> Program:
    context, question = Field("context"), Field("question")
    reason = Field("reason", description="what the context says about it, in one sentence")
    answer = Field("answer", FieldType.CHOICE, choices=("Yes", "No"))
    said = "Say what follows from the context for the question. Mind every negation."
    found = "Answer the question about the context."
    return _in_two(
        "negation", (context, question),
        Predict("explain", Signature((context, question), (reason,), said)),
        Predict("infer", Signature((context, question, reason), (answer,), found)), "answer",
    )  # fmt: skip


TASKS = {
    task.name: task
    for task in (
        Task(
            "banking10",
            _single(
                "classify",
                Field("text"),
                Field("label", FieldType.CHOICE, choices=INTENTS),
                "Classify the intent of the bank customer's message.",
            ),
            ChoiceAccuracy("label", "label"),
            "banking10.csv",
            "BANKING77, PolyAI task-specific-datasets, CC BY 4.0",
        ),
        Task(
            "dates",
            _single(
                "find_date", MESSAGE, Field("date"), "Find the date of the booking in the message."
            ),
            ExactMatch("date", "date"),
            "dates.csv",
            RESTAURANT,
        ),
        Task(
            "people",
            _single("find_people", MESSAGE, Field("people"), "Find how many people will come."),
            ExactMatch("people", "people"),
            "people.csv",
            RESTAURANT,
        ),
        Task(
            "two_steps",
            _two_steps(),
            ExactMatch("date", "date"),
            "dates.csv",
            RESTAURANT,
            {"request": "date"},
        ),
        Task(
            "triage",
            _triage(),
            TokenF1("topics", "topics"),
            "triage.csv",
            "NLU++, PolyAI task-specific-datasets, CC BY 4.0",
            {"request": "topics"},
        ),
        Task(
            "negation",
            _negation(),
            ChoiceAccuracy("answer", "answer"),
            "scone.csv",
            "ScoNe-NLI, She et al. 2023, CC0 1.0",
            {"reason": "question"},
        ),
    )
}


Sizes = tuple[int, int, int]
"""Rows of train, validation and test."""
WHOLE: Sizes = (60, 100, 100)
SHORT: Sizes = (60, 60, 40)


def dealt(task: Task, seed: int, sizes: Sizes = WHOLE) -> Splits:
    """A task's rows shuffled and dealt anew by the seed, the same for everyone who asks."""
    given = task.splits()
    rows = [*given.train, *given.validation, *given.test]
    random.Random(f"{task.name}:{seed}").shuffle(rows)
    ends = list(itertools.accumulate(sizes))
    return Splits(
        tuple(rows[: ends[0]]), tuple(rows[ends[0] : ends[1]]), tuple(rows[ends[1] : ends[2]])
    )

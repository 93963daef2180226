"""Version contents for tests: programs of each shape, with demos and awkward texts in them."""

from __future__ import annotations

from dataclasses import replace

from optimizer.core.conversation.spec import Settings
from optimizer.core.evaluation.stats import Comparison, FullScore
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.modules.chain_of_thought import ChainOfThought
from optimizer.core.modules.predict import Predict
from optimizer.core.modules.prompted import Prompted
from optimizer.core.programs.calls import Call
from optimizer.core.programs.demo import (
    Choosing,
    Demo,
    DemoPool,
    NearestDemos,
    PooledDemo,
    fixed_of,
)
from optimizer.core.programs.layouts import Layout
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Field, FieldType, Signature, Value
from promptlab.reviews.content import (
    Approval,
    DatasetSource,
    ModelSource,
    Provenance,
    Scores,
    VersionContent,
)
from tests.fakes import flows

CHOICES = ("refund", "delivery", 'say "no"', "別の件")
MESSAGE = Field("message", description="what the customer wrote")
PARTS = (Field("name"), Field("made on", FieldType.DATE), Field("weight", FieldType.NUMBER))
INTENT = Field("intent", FieldType.CHOICE, "the main wish", CHOICES)


def one_choice() -> Program:
    demos = (
        Demo({"message": "Money back, please.\nNow!", "intent": "refund"}, augmented=True),
        Demo({"message": "二重に請求されています。", "intent": "別の件"}),
    )
    instruction = 'Read the {message}.\n\n  Then answer with "one" label; never \\ guess.\u202e'
    classify = Predict("classify", Signature((MESSAGE,), (INTENT,), instruction), demos=demos)
    calls = (Call("classify", "classify", {"message": "input.message"}),)
    return Program("Support triage", (MESSAGE,), (classify,), calls, {"intent": "classify.intent"})


def two_modules() -> Program:
    """Chain of thought after a choice; every type of field once; a demo with its reasoning."""
    outputs = (
        Field("reply"),
        Field("urgent", FieldType.BOOLEAN),
        Field("parcels", FieldType.INTEGER),
        Field("mood", FieldType.NUMBER, "from 0 to 1"),
        Field("topics", FieldType.LIST),
    )
    demo = Demo(
        {
            "message": "Where are my two parcels?", "intent": "delivery",
            "reasoning": "They ask where parcels are.", "reply": "We look for them.",
            "urgent": True, "parcels": 2, "mood": 0.4, "topics": ["parcels", "waiting"],
        },
        augmented=True,
    )  # fmt: skip
    draft = ChainOfThought(
        "draft reply", Signature((MESSAGE, Field("intent")), outputs), demos=(demo,)
    )
    calls = (
        *one_choice().calls,
        Call("draft", "draft reply", {"message": "input.message", "intent": "classify.intent"}),
    )
    return replace(
        one_choice(),
        name="Triage & draft",
        modules=(*one_choice().modules, draft),
        calls=calls,
        outputs={"reply": "draft.reply", "topics": "draft.topics", "class": "classify.intent"},
    )


def shared_module() -> Program:
    """Two calls of one module, names that Python or DSPy keep for themselves."""
    hop = Predict(
        "load",
        Signature((Field("config"), Field("model_name")), (Field("import"),), "Follow the thread."),
    )
    calls = (
        Call("first", "load", {"config": "input.config", "model_name": "input.model_name"}),
        Call("run", "load", {"config": "first.import", "model_name": "input.model_name"}),
    )
    inputs = (Field("config"), Field("model_name"))
    return Program("2 hops", inputs, (hop,), calls, {"answer": "run.import"})


def nearest_demos() -> Program:
    """Two modules that choose their demos for each input, one of them behind a fixed demo."""
    program = two_modules()
    return replace(program, modules=tuple(_with_pool(program, m) for m in program.modules))


def _with_pool(program: Program, module: Module) -> Module:
    known = {f.name for f in program.inputs}
    made = []
    for number in range(12):
        told: dict[str, Value] = {
            f.name: f"Where is row {number} of “{f.name}”?\nNow, 場所 {number}."
            for f in module.signature.inputs
        }
        answers: dict[str, Value] = {
            f.name: _answer(f, number) for f in (*module.signature.inputs, *module.reply_fields)
        }
        given = {name: value for name, value in told.items() if name in known}
        made.append(
            PooledDemo(answers | told, number % 2 == 0, f"r{number}", program.key_of(given))
        )
    pool = DemoPool(tuple(f.name for f in module.signature.inputs), tuple(made))
    if module.name == "classify":
        return replace(module, demos=NearestDemos(4, pool, Choosing.BALANCED, "intent"))
    fixed = fixed_of(module.demos)
    return replace(module, demos=NearestDemos(3, pool, Choosing.DIVERSE, fixed=fixed))


def _answer(field: Field, number: int) -> Value:
    made: dict[str, Value] = {
        "text": f"text {number}", "integer": number, "number": number / 4, "boolean": True,
        "list": ["a", str(number)],
    }  # fmt: skip
    return field.choices[number % len(field.choices)] if field.choices else made[field.type]


def with_nulls() -> Program:
    """Every type may be null, in and out; lists and objects; a demo of nothing but null."""
    inputs = (MESSAGE, Field("note", nullable=True), Field("age", FieldType.INTEGER, nullable=True))
    outputs = (
        *(
            Field(
                f"{kind}_found",
                kind,
                choices=CHOICES if kind is FieldType.CHOICE else (),
                nullable=True,
                fields=PARTS if kind is FieldType.OBJECT else (),
            )
            for kind in FieldType
        ),
        Field("parts", FieldType.LIST, items=FieldType.OBJECT, fields=PARTS),
        Field("tags", FieldType.LIST, choices=CHOICES),
    )
    demos = (
        Demo({"message": "Hello", "note": None, **{f.name: None for f in outputs[:-2]}}),
        Demo({"message": "Two.", "note": "he", "age": 4, "integer_found": 2, "text_found": None}),
    )
    module = Predict("extract", Signature(inputs, outputs, "Find what is said."), demos=demos)
    wires = {f.name: f"input.{f.name}" for f in inputs}
    gives = {f.name: f"extract.{f.name}" for f in outputs[1:3]}
    return Program("Slots", inputs, (module,), (Call("extract", "extract", wires),), gives)


def laid_out(layout: Layout, program: Program) -> Program:
    modules = (replace(m, layout=layout) for m in program.modules if isinstance(m, Prompted))
    return replace(program, modules=tuple(modules))


PROGRAMS = {
    "one choice": one_choice,
    "two modules": two_modules,
    "shared module": shared_module,
    "nearest demos": nearest_demos,
    "nulls": with_nulls,
    "tags": lambda: laid_out(Layout.TAGS, nearest_demos()),
    "json": lambda: laid_out(Layout.JSON, with_nulls()),
    "opinions": flows.opinions,
    "branches": flows.branches,
    "refunded": flows.refunded,
    "tidied": flows.tidied,
    "passes": flows.passes,
}


def content_of(program: Program, note: str = 'Fine. """ \\ "') -> VersionContent:
    best, before = FullScore(0.78, 200, 0.72, 0.83), FullScore(0.612, 200, 0.54, 0.68)
    provenance = Provenance(
        run=12,
        started_by="erin@example.com",
        candidate=7,
        candidate_digest="c" * 64,
        optimizer="mipro",
        settings=Settings(),
        seed=7,
        models={
            Role.TASK: ModelSource("Local", "openai_compatible", "tiny", "openai/tiny", 0.0, 400)
        },
        dataset=DatasetSource("tickets-2k", "d" * 64, 400, "e" * 64, 200, "f" * 64),
        metric_name="label match",
        metric=ExactMatch(next(iter(program.outputs)), "label"),
        scores=Scores(best, before, Comparison(200, 31, 15, 154, 0.168, 0.05, 0.2, 0.03)),
        approval=Approval("bob@example.com", "2026-11-12T10:00:00+00:00", note),
    )
    return VersionContent(program.name, 4, program, provenance)

"""Programs that tests of the core share, and hypothesis strategies for their values."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from optimizer.core.modules.chain_of_thought import ChainOfThought
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.calls import Call
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import REASONING, Field, FieldType, Signature, Value
from optimizer.core.programs.values import is_null

MESSAGE = Field("message", description="what the customer wrote")
SUMMARY = Field("summary")
INTENT = Field("intent", FieldType.CHOICE, choices=("refund", "delivery", "other"))

CLASSIFY = Predict("classify", Signature((MESSAGE,), (INTENT,), "Classify the {message}."))
THINK = ChainOfThought("classify", CLASSIFY.signature)
SUMMARIZE = Predict("summarize", Signature((MESSAGE,), (SUMMARY,), "Summarize the message."))
JUDGE = Predict("judge", Signature((SUMMARY,), (INTENT,), "Name the intent."))

ONE_STEP = Program(
    "one step",
    (MESSAGE,),
    (CLASSIFY,),
    (Call("classify", "classify", {"message": "input.message"}),),
    {"intent": "classify.intent"},
)
TWO_STEPS = Program(
    "two steps",
    (MESSAGE,),
    (SUMMARIZE, JUDGE),
    (
        Call("judge", "judge", {"summary": "summarize.summary"}),
        Call("summarize", "summarize", {"message": "input.message"}),
    ),
    {"intent": "judge.intent"},
)
# Two calls share the module `hop`: what the first finds is the second's context.
HOP = Predict(
    "hop",
    Signature((Field("question"), Field("context")), (Field("query"),), "Write a query."),
)
MULTI_HOP = Program(
    "multi-hop",
    (Field("question"), Field("context")),
    (HOP,),
    (
        Call("hop1", "hop", {"question": "input.question", "context": "input.context"}),
        Call("hop2", "hop", {"question": "input.question", "context": "hop1.query"}),
    ),
    {"query": "hop2.query"},
)

names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(lambda n: n != REASONING)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
labels = st.lists(
    texts.map(str.strip).filter(bool), min_size=2, max_size=5, unique_by=lambda x: x.casefold()
)


@st.composite
def fields(draw: st.DrawFn, name: str = "", depth: int = 2) -> Field:
    kind = draw(st.sampled_from(FieldType))
    items = draw(st.sampled_from([k for k in FieldType if k is not FieldType.LIST]))
    items = items if kind is FieldType.LIST else FieldType.TEXT
    choices = tuple(draw(labels)) if FieldType.CHOICE in (kind, items) else ()
    parts: list[Field] = []
    if FieldType.OBJECT in (kind, items):
        named = draw(st.lists(names, min_size=1, max_size=2 if depth else 1, unique=True))
        parts = [draw(fields(part, depth - 1)) for part in named] if depth else [Field(named[0])]
    nullable = draw(st.booleans())
    label = draw(texts) if depth == 2 else ""
    return Field(
        name or draw(names), kind, draw(texts), choices, nullable, items, tuple(parts), label
    )


def values_of(field: Field) -> st.SearchStrategy[Value]:
    """Every value that a field of this type can hold; where there may be none, a text that says so
    is none.
    """
    if field.nullable:
        present = values_of(replace(field, nullable=False))
        return st.none() | present.filter(lambda value: not is_null(field.kind, value))
    if field.type is FieldType.LIST:
        item = replace(field, type=field.single, items=FieldType.TEXT)
        return st.lists(values_of(item), max_size=4)
    if field.type is FieldType.CHOICE:
        return st.sampled_from(field.choices)
    if field.type is FieldType.OBJECT:
        return st.fixed_dictionaries({part.name: values_of(part) for part in field.fields})
    strategies: dict[FieldType, st.SearchStrategy[Value]] = {
        FieldType.TEXT: texts,
        FieldType.INTEGER: st.integers(),
        FieldType.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
        FieldType.BOOLEAN: st.booleans(),
        FieldType.DATE: st.dates().map(str),
    }
    return strategies[field.type]


@st.composite
def modules(draw: st.DrawFn) -> Module:
    """A sound module with one to three inputs and outputs of any types."""
    chosen = draw(st.lists(names, min_size=2, max_size=6, unique=True))
    split = draw(st.integers(1, len(chosen) - 1))
    made = [draw(fields(name)) for name in chosen]
    signature = Signature(tuple(made[:split]), tuple(made[split:]), draw(texts))
    return draw(st.sampled_from([Predict, ChainOfThought]))("module", signature)


@st.composite
def layered_programs(draw: st.DrawFn) -> Program:
    """A sound program of text fields in which every call reads the input or an earlier call."""
    count = draw(st.integers(1, 5))
    sources, made, calls = ["input.x"], [], []
    for number in range(count):
        inputs = draw(st.lists(st.sampled_from(sources), min_size=1, max_size=3))
        taken = tuple(Field(f"in{i}") for i in range(len(inputs)))
        made.append(Predict(f"m{number}", Signature(taken, (Field("out"),), "Do it.")))
        wires = {f"in{i}": source for i, source in enumerate(inputs)}
        calls.append(Call(f"c{number}", f"m{number}", wires))
        sources.append(f"c{number}.out")
    shuffled = draw(st.permutations(calls))
    last = {"answer": f"c{count - 1}.out"}
    return Program("layers", (Field("x"),), tuple(made), tuple(shuffled), last)

"""Small random programs of every kind of step, with inputs, and a model that says what its prompt
says.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

from optimizer.core.modules.chain_of_thought import ChainOfThought
from optimizer.core.modules.code_step import CodeStep
from optimizer.core.modules.pick import Pick
from optimizer.core.modules.predict import Predict
from optimizer.core.modules.react import ReAct
from optimizer.core.modules.retrieve import Retrieve
from optimizer.core.modules.retrieve_http import RetrieveHttp
from optimizer.core.modules.tools import CodeTool, FetchTool, SearchTool, Tool
from optimizer.core.modules.vote import Vote
from optimizer.core.programs.calls import Call, Repeat, When, fits
from optimizer.core.programs.demo import Demo, DemoPool, NearestDemos, PooledDemo
from optimizer.core.programs.layouts import Layout
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import Field, FieldType, Signature, Value

CHOICES = ("yes", "a b", "No 1")
TYPES = (FieldType.TEXT, FieldType.INTEGER, FieldType.NUMBER, FieldType.BOOLEAN, FieldType.CHOICE,
         FieldType.LIST)  # fmt: skip
PASSAGES: list[dict[str, Any]] = [
    {"title": f"T{n}", "text": f"passage {n} of yes and\u2028no, true\x85 {n % 3}", "page": n % 2}
    for n in range(9)
]
CORPUS = "c" * 64
HALF = """\
def half(whole: int, by: int = 2):
    if not by:
        raise ValueError("by nothing")
    return whole // by
"""
TOOLS: tuple[Tool, ...] = (
    SearchTool("look", "Looks up.", corpus=CORPUS, k=2),
    CodeTool("half", "Halves.", source=HALF),
    FetchTool("page", "Gets a page.", url="http://127.0.0.1:9/{name}/x?q={query}"),
)
KINDS = (Predict, ChainOfThought, CodeStep, CodeStep, Vote, Retrieve, ReAct, Pick)
ENDPOINTS = (
    ("http://127.0.0.1:9/?q={query}&n={k}", "", "hits.it"),
    ("http://127.0.0.1:9/find", '{"q": ["for {query}"], "n": "{k}"}', "hits.it"),
    ("http://127.0.0.1:9/other?q={query}", "", "hits.none"),
)
REPLIES = """
import hashlib, json

def reply_to(messages, schema):
    told = hashlib.sha256(json.dumps(messages, sort_keys=True).encode()).digest()
    if told[0] % 9 == 0 and "tool" in schema["properties"]:
        return "I would rather not."
    parts = zip(schema["properties"].items(), told)
    return json.dumps({name: said(part, number) for (name, part), number in parts})

def found_at(url, body):
    told = {"title": url, "page": len(body), "none": body or None}
    return json.dumps({"hits": [{"it": told}, {"it": {**told, "page": 1}}, {"it": told}]})

def said(schema, number):
    if "anyOf" in schema:
        return said(schema["anyOf"][0], number) if number % 3 else None
    if "enum" in schema:
        return schema["enum"][number % len(schema["enum"])]
    if schema["type"] == "array":
        return [said(schema["items"], number + place) for place in range(number % 4)]
    if schema["type"] == "object":
        return {n: said(part, number + 3 + len(n)) for n, part in schema["properties"].items()}
    made = {"integer": number % 5, "number": number / 4, "boolean": number % 2 == 0}
    return made.get(schema["type"], f"text {number % 4}")
"""
"""Source of a model: equal prompts are told the same."""

SOURCES = (
    "def step({}):\n    return [{}]\n",
    "def step({}):\n    return ({},)\n",
    "def step({}):\n    told = [{}]\n    for each in told:\n        if type(each) is list:\n"
    "            each.append('more')\n    return str(told)\n",
    "def step({}):\n    return str([type(each).__name__ for each in [{}]])\n",
    "def step({}):\n    print('told', {})\n    return len([{}])\n",
    "def step({}):\n    return None in [{}]\n",
    "def step({}):\n    return [{}][0]\n",
)


class Made:
    """A program drawn by `seed`, and inputs for it."""

    def __init__(self, seed: int) -> None:
        self._luck = Random(seed)
        self.inputs = tuple(
            self._field(name, kind) for name, kind in zip("tnxbcl", TYPES, strict=True)
        )
        self._given = {f"input.{f.name}": f for f in self.inputs}
        self._modules: list[Module] = []
        self._calls: list[Call] = []
        for number in range(self._luck.randint(2, 6)):
            self._add(number)
        outputs = {
            f"o{place}": name for place, name in enumerate(self._given) if "input" not in name
        }
        self.program = Program(
            "Made", self.inputs, tuple(self._modules), tuple(self._calls), outputs
        )

    def values(self) -> dict[str, Value]:
        return {f.name: self._value(f) for f in self.inputs}

    def _field(self, name: str, kind: FieldType | None = None) -> Field:
        kind = kind or self._luck.choice(TYPES)
        choices = CHOICES if kind is FieldType.CHOICE else ()
        return Field(name, kind, choices=choices, nullable=self._luck.random() < 0.4)

    def _value(self, field: Field) -> Value:
        if field.nullable and self._luck.random() < 0.4:
            return None
        number = self._luck.randint(0, 3)
        made: dict[FieldType, Value] = {
            FieldType.INTEGER: number, FieldType.NUMBER: number / 2, FieldType.LIST: ["a", "b"],
            FieldType.BOOLEAN: number > 1, FieldType.CHOICE: CHOICES[number % 3],
        }  # fmt: skip
        return made.get(field.type, f"text {number}")

    def _add(self, number: int) -> None:
        module = self._module(f"m{number}")
        wires, constants = {}, {}
        for wanted in module.signature.inputs:
            sources = [name for name, given in self._given.items() if fits(given, wanted)]
            if sources and self._luck.random() < 0.8:
                wires[wanted.name] = self._luck.choice(sources)
            else:
                constants[wanted.name] = self._value(wanted)
        call = Call(f"k{number}", module.name, wires, constants, self._when(), self._repeat(module))
        self._modules.append(module)
        self._calls.append(call)
        self._given |= {f"{call.name}.{f.name}": f for f in module.gives}

    def _module(self, name: str) -> Module:
        luck = self._luck
        taken = tuple(self._field(f"i{place}") for place in range(luck.randint(1, 3)))
        given = tuple(self._field(f"g{place}") for place in range(luck.randint(1, 2)))
        kind = luck.choice(KINDS)
        if kind is ReAct:
            return self._agent(Signature(taken, given, "Do it. {half}: Divides."), name)
        if kind is Retrieve:
            parts = (Field("title"), Field("page", FieldType.INTEGER), Field("none", nullable=True))
            made = {"items": FieldType.OBJECT, "fields": parts} if luck.random() < 0.5 else {}
            found = Field("found", FieldType.LIST, **made)  # type: ignore[arg-type]
            if luck.random() < 0.5:
                url, body, path = luck.choice(ENDPOINTS)
                signature = Signature(taken[:1], (found,))
                return RetrieveHttp(name, signature, url=url, body=body, path=path, k=2)
            return Retrieve(name, Signature(taken[:1], (found,)), corpus=CORPUS, k=2)
        if kind is Pick:
            among = tuple(f.name for f in taken if fits(f, given[0]) or fits(f.item, given[0]))
            layout, samples = luck.choice((*Layout,)), luck.choice((1, 1, 2))
            signature = Signature(taken, given[:1], "Do it.")
            return Pick(
                name, signature, among=among, layout=layout, samples=samples, temperature=0.5
            )
        if kind is Vote:
            return Vote(name, Signature(taken, given[:1]))
        if kind is CodeStep:
            named = ", ".join(f.name for f in taken)
            source = luck.choice(SOURCES)
            return CodeStep(
                name,
                Signature(taken, given[:1]),
                source=source.format(*[named] * source.count("{}")),
            )
        samples = luck.choice((1, 1, 2))
        signature = Signature(taken, given, "Do it.")
        demos = self._demos(signature) if luck.random() < 0.4 else ()
        if not isinstance(demos, NearestDemos):
            demos = ()  # in DSPy, these come with the state
        return kind(name, signature, demos=demos, samples=samples, temperature=0.5)

    def _agent(self, signature: Signature, name: str) -> Module:
        luck = self._luck
        layout = luck.choice((*Layout,))
        tools = tuple(luck.sample(TOOLS, luck.randint(1, 3)))
        samples, demos = luck.choice((1, 1, 2)), self._demos(signature)
        return ReAct(
            name, signature, demos=demos, tools=tools, max_turns=luck.randint(1, 4),
            samples=samples, temperature=0.5, layout=layout,
        )  # fmt: skip

    def _demos(self, signature: Signature) -> tuple[Demo, ...] | NearestDemos:
        """None, some with and without turns, or those that are most like an input."""
        ended = {"thought": "", "tool": "finish", "arguments": {}, "observation": ""}
        looked = {"thought": "t", "tool": "look", "arguments": {"query": "q"}, "observation": "o"}
        fields = (*signature.inputs, *signature.outputs)
        turns: tuple[dict[str, Value], ...] = ({"turns": [looked, ended]}, {"turns": [looked]}, {})
        values = [{f.name: self._value(f) for f in fields} | more for more in turns]
        fixed = tuple(Demo(each) for each in values)
        pool = DemoPool((signature.inputs[0].name,), tuple(PooledDemo(each) for each in values))
        return self._luck.choice(((), fixed, NearestDemos(2, pool)))

    def _when(self) -> When | None:
        deciding = (FieldType.CHOICE, FieldType.BOOLEAN, FieldType.TEXT)
        sources = {name: f for name, f in self._given.items() if f.type in deciding}
        if self._luck.random() > 0.35:
            return None
        name, field = self._luck.choice(list(sources.items()))
        values = {FieldType.CHOICE: ("a b", "yes"), FieldType.BOOLEAN: ("true",)}
        return When(name, values.get(field.type, ("text 1", "text 2")))

    def _repeat(self, module: Module) -> Repeat | None:
        done = [f.name for f in module.gives if f.type is FieldType.BOOLEAN]
        if not done or self._luck.random() < 0.3:
            return None
        feeds = {
            wanted.name: given.name
            for wanted in module.signature.inputs
            for given in module.gives
            if fits(given, wanted) and self._luck.random() < 0.7
        }
        return Repeat(3, done[0], feeds)


def lines() -> str:
    """The corpus as a version's files read it."""
    return "".join(json.dumps(passage, ensure_ascii=False) + "\n" for passage in PASSAGES)

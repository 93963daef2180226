"""The replies of tests/data/replies, and the modules that they are replies to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimizer.core.modules.chain_of_thought import ChainOfThought
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.calls import Call
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import REASONING, Field, FieldType, Signature

DATA = Path(__file__).parents[1] / "data" / "replies"
LABEL = Field("label", FieldType.CHOICE, choices=("refund", "delivery", "praise"))
MESSAGE = Field("message")
CHOICE = Predict("choice", Signature((MESSAGE,), (LABEL,)))
CHAIN = ChainOfThought(
    "chain of thought",
    Signature(
        (MESSAGE,),
        (
            LABEL,
            Field("urgency", FieldType.INTEGER),
            Field("tags", FieldType.LIST),
            Field("escalate", FieldType.BOOLEAN),
            Field("summary"),
        ),
    ),
)


@dataclass(frozen=True)
class Said:
    """A reply to a module, of a shape, and the outputs that must be read; None: nothing may be."""

    module: Module
    shape: str
    reply: str
    right: dict[str, Any] | None


def cases() -> list[Said]:
    """The replies from the field; of their outputs only the label is given."""
    modules = {"choice": CHOICE, "chain_of_thought": CHAIN}
    return [
        Said(
            modules[row["program"]],
            row["shape"],
            row["reply"],
            {"label": row["label"]} if row["label"] else None,
        )
        for row in _rows("cases.jsonl")
    ]


def siblings() -> list[Said]:
    modules: dict[str, Module] = {}
    found = []
    for row in _rows("siblings.jsonl"):
        key = json.dumps(row["outputs"])
        module = modules.setdefault(key, _module(f"module {len(modules) + 1}", row["outputs"]))
        found.append(Said(module, row["reply"][:40], row["reply"], row["right"]))
    return found


def instructions() -> list[tuple[str, str]]:
    """What an optimizer model writes, and the instruction in it, "" where there is none."""
    return [(row["reply"], row["right"] or "") for row in _rows("instructions.jsonl")]


def program_of(modules: list[Module]) -> Program:
    """A program that calls each of these modules on its input."""
    names = [f"call_{number}" for number, _ in enumerate(modules)]
    return Program(
        "replies",
        (MESSAGE,),
        tuple(modules),
        tuple(
            Call(name, module.name, {"message": "input.message"})
            for name, module in zip(names, modules, strict=True)
        ),
        {
            f"out_{number}": f"{name}.{module.signature.outputs[0].name}"
            for number, (name, module) in enumerate(zip(names, modules, strict=True))
        },
    )


def _module(name: str, outputs: dict[str, Any]) -> Module:
    fields = tuple(
        Field(output, FieldType.CHOICE, choices=tuple(kind))
        if isinstance(kind, list)
        else Field(output, FieldType(kind))
        for output, kind in outputs.items()
        if output != REASONING
    )
    kind = ChainOfThought if REASONING in outputs else Predict
    return kind(name, Signature((MESSAGE,), fields))


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").split("\n") if line]

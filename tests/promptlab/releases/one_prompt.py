"""Versions of one prompt with all that template engines stumble over, and what is asked of them."""

from __future__ import annotations

from dataclasses import replace

from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from optimizer.core.modules.chain_of_thought import ChainOfThought
from optimizer.core.programs.calls import Call
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.layouts import Layout
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature
from promptlab.reviews.content import VersionContent
from tests.promptlab.releases.contents import CHOICES, content_of, one_choice

MESSAGE, NOTE = Field("message"), Field("note", description="by staff", nullable=True)
INTENT = Field("intent", FieldType.CHOICE, choices=CHOICES)
SIGNS = (
    "{a} {{message}} {% raw %} {# no #} {{{x}}} ${HOME} `x` 'y' \"z\" \\n \\{{b}} %s <b>&amp; 「é」"
)
ASKED = {
    "message": f"Where is “it”?\n{SIGNS}\n{{{{ 1 + 1 }}}} {{% if x %}} $(id) 返金",
    "note": "user said: {x} }} \\",
}


def signs() -> Program:
    """Two inputs, a demo, a fixed one among the inputs, and signs that mean something elsewhere."""
    module = ChainOfThought(
        "sort out",
        Signature((MESSAGE, NOTE, Field("tone")), (INTENT,), f"Sort it.\n\n  {SIGNS}"),
        demos=(
            Demo(
                {
                    "message": SIGNS,
                    "note": None,
                    "tone": "x",
                    "reasoning": SIGNS,
                    "intent": "refund",
                }
            ),
        ),
    )
    wires = {"message": "input.message", "note": "input.note"}
    call = Call("sort", "sort out", wires, constants={"tone": "{dry} {{tone}}"})
    return Program("Signs & marks", (MESSAGE, NOTE), (module,), (call,), {"intent": "sort.intent"})


def tagged() -> Program:
    program = signs()
    module = program.modules[0]
    assert isinstance(module, ChainOfThought)
    return replace(program, modules=(replace(module, layout=Layout.TAGS),))


SHAPES = {"one choice": one_choice, "signs": signs, "tagged": tagged}


def version_of(shape: str) -> VersionContent:
    content = content_of(SHAPES[shape]())
    judged = replace(content.provenance, metric=ChoiceAccuracy("intent", "label"))
    return replace(content, provenance=judged)


def asked_of(content: VersionContent) -> dict[str, str]:
    return {f.name: ASKED[f.name] for f in content.program.inputs}


def fillable(content: VersionContent) -> dict[str, str]:
    """The same without what promptfoo fills in, whatever one does."""
    return {
        name: text.replace("{{message}}", "{{no}}\n") for name, text in asked_of(content).items()
    }

"""Programs that are more than prompts one after the other: votes, branches, code, passes."""

from __future__ import annotations

from dataclasses import replace

from optimizer.core.modules.chain_of_thought import ChainOfThought
from optimizer.core.modules.code_step import CodeStep
from optimizer.core.modules.predict import Predict
from optimizer.core.modules.vote import Vote
from optimizer.core.programs.calls import Call, Repeat, When
from optimizer.core.programs.lm import OwnModel
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature

MESSAGE = Field("message")
KIND = Field("kind", FieldType.CHOICE, choices=("refund", "delivery", "other"))
ANSWER = Field("answer")


def opinions() -> Program:
    """Three draws of one module, three more of one call, and what most of them say."""
    doctor = Predict("doctor", Signature((MESSAGE,), (KIND,), "Sort it."), temperature=0.7)
    panel = ChainOfThought(
        "panel", Signature((MESSAGE,), (KIND,), "Sort it."), samples=3, temperature=0.7
    )
    names = ("first", "second", "third")
    inputs = (*(Field(name) for name in names), Field("more", FieldType.LIST))
    vote = Vote("vote", Signature(inputs, (KIND,)))
    calls = (
        *(Call(name, "doctor", {"message": "input.message"}) for name in names),
        Call("panel", "panel", {"message": "input.message"}),
        Call("vote", "vote", {**{name: f"{name}.kind" for name in names}, "more": "panel.kind"}),
    )
    return Program("Opinions", (MESSAGE,), (doctor, panel, vote), calls, {"kind": "vote.kind"})


def branches() -> Program:
    """A choice decides who answers; what needs the other answer is not made either."""
    sort = Predict("sort", Signature((MESSAGE,), (KIND,), "Sort it."))
    refund = Predict("refund", Signature((MESSAGE,), (ANSWER,), "Answer on {message}: money back."))
    polish = Predict("polish", Signature((Field("draft"),), (ANSWER,), "Make it polite."))
    others = Predict("others", Signature((MESSAGE,), (ANSWER,), "Answer it."))
    merge = Vote("merge", Signature((Field("a"), Field("b")), (ANSWER,)))
    calls = (
        Call("sort", "sort", {"message": "input.message"}),
        Call("refund", "refund", {"message": "input.message"}, when=When("sort.kind", ("refund",))),
        Call("polish", "polish", {"draft": "refund.answer"}),
        Call(
            "others", "others", {"message": "input.message"},
            when=When("sort.kind", ("delivery", "other")),
        ),
        Call("merge", "merge", {"a": "polish.answer", "b": "others.answer"}),
    )  # fmt: skip
    outputs = {"answer": "merge.answer", "polished": "polish.answer", "asked": "input.message"}
    return Program("Branches", (MESSAGE,), (sort, refund, polish, others, merge), calls, outputs)


def refunded() -> Program:
    """The same where the other branch is taken."""
    program = branches()
    sort, *rest = program.modules
    turned = replace(sort, signature=replace(sort.signature, outputs=(_turned(KIND),)))
    return replace(program, name="Refunded", modules=(turned, *rest))


def _turned(field: Field) -> Field:
    return replace(field, choices=field.choices[::-1])


def tidied() -> Program:
    """Code before and after a prompt, one of its inputs a constant."""
    tidy = CodeStep(
        "tidy",
        Signature((MESSAGE,), (Field("tidied"), Field("words", FieldType.INTEGER))),
        source=(
            "def step(message):\n"
            "    words = message.split()\n"
            '    return {"tidied": " ".join(words), "words": len(words)}\n'
        ),
    )
    answer = Predict(
        "answer", Signature((MESSAGE, Field("language")), (ANSWER,), "Answer in {language}.")
    )
    sign = CodeStep(
        "sign",
        Signature((ANSWER, Field("words")), (Field("signed"),)),
        source='def step(answer, words):\n    return answer + " (to " + words + " words)"\n',
    )
    calls = (
        Call("tidy", "tidy", {"message": "input.message"}),
        Call("answer", "answer", {"message": "tidy.tidied"}, {"language": "French"}),
        Call("sign", "sign", {"answer": "answer.answer", "words": "tidy.words"}),
    )
    return Program("Tidied", (MESSAGE,), (tidy, answer, sign), calls, {"answer": "sign.signed"})


def two_models(provider: int) -> Program:
    """A cheap step on a model of its own, then one on the run's."""
    sort = Predict(
        "sort", Signature((MESSAGE,), (KIND,), "Sort it."), temperature=0.3,
        model=OwnModel(provider, "cheap"),
    )  # fmt: skip
    answer = Predict("answer", Signature((MESSAGE, Field("kind")), (ANSWER,), "Answer it."))
    calls = (
        Call("sort", "sort", {"message": "input.message"}),
        Call("answer", "answer", {"message": "input.message", "kind": "sort.kind"}),
    )
    outputs = {"answer": "answer.answer", "kind": "sort.kind"}
    return Program("Two models", (MESSAGE,), (sort, answer), calls, outputs)


def passes() -> Program:
    """A draft that is made better until it is good."""
    better = Predict(
        "better",
        Signature(
            (MESSAGE, Field("draft")),
            (Field("better"), Field("good", FieldType.BOOLEAN)),
            "Improve.",
        ),
    )
    calls = (
        Call(
            "better", "better", {"message": "input.message"}, {"draft": ""},
            repeat=Repeat(3, "good", {"draft": "better"}),
        ),
    )  # fmt: skip
    return Program("Passes", (MESSAGE,), (better,), calls, {"draft": "better.better"})

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.vote import Vote
from optimizer.core.programs.calls import INPUT, Call
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, Signature
from promptlab.programs.kinds.kind import Beginning, Fields, ModuleKind
from promptlab.programs.starters import module_of, named_apart

OPINIONS = ("first", "second", "third")
WARM = 0.7
"""The temperature at which opinions differ."""


def _voted(inputs: Fields, outputs: Fields, corpus: str) -> Program:
    """One module is asked three times; of each output, what most of them say."""
    opinion = replace(module_of(inputs, outputs, "opinion"), temperature=WARM)  # type: ignore[call-arg]
    given = {f.name: f"{INPUT}.{f.name}" for f in inputs}
    asked = tuple(Call(name, opinion.name, dict(given)) for name in OPINIONS)
    votes = tuple(_vote(output, "vote" if len(outputs) == 1 else f"vote_{n}")
                  for n, output in enumerate(outputs, 1))  # fmt: skip
    counted = tuple(
        Call(vote.name, vote.name, {
            said.name: f"{name}.{output.name}"
            for said, name in zip(vote.signature.inputs, OPINIONS, strict=True)
        })
        for vote, output in zip(votes, outputs, strict=True)
    )  # fmt: skip
    gives = {o.name: f"{v.name}.{o.name}" for o, v in zip(outputs, votes, strict=True)}
    return Program("", inputs, (opinion, *votes), (*asked, *counted), gives)


def _vote(output: Field, name: str) -> Vote:
    plain = (replace(output, name=opinion, description="", label="") for opinion in OPINIONS)
    return Vote(name, Signature(tuple(named_apart(one, (output,)) for one in plain), (output,)))


VOTE = ModuleKind(
    Vote,
    _("Vote"),
    _("Gives what most of its inputs say, of equals the first. Asks no model."),
    beginning=Beginning(
        _("Three opinions and a vote"),
        _("Asks three times, warmly, and takes what most say."),
        _voted,
    ),
)

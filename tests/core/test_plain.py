"""Instructions made from the signature, and the probe of the model that writes others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.conversation.events import InstructionProposed, Noted, ProposalRefused
from optimizer.core.conversation.spec import RunSpec, Settings
from optimizer.core.instructions import prompts
from optimizer.core.instructions.guards import refusal
from optimizer.core.instructions.model_probe import REWRITINGS, Rewriting, followed, too_weak
from optimizer.core.instructions.plain import plain_instructions
from optimizer.core.instructions.proposals import propose
from optimizer.core.modules.chain_of_thought import ChainOfThought
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.program import Module
from optimizer.core.programs.signature import Field, FieldType, Signature
from tests.core.test_guards import spec_with
from tests.fakes.rewriting import rewritten
from tests.fakes.telling import told
from tests.fakes.world import World, two_module_program

TRIAGE = Predict(
    "triage",
    Signature(
        (Field("message", description="what the customer wrote"), Field("plan")),
        (
            Field("team", FieldType.CHOICE, "who can help", ("billing", "parcels")),
            Field("urgent", FieldType.BOOLEAN),
        ),
        "Sort the {message}.",
    ),
)


def test_the_direct_instruction_says_task_fields_choices_and_form() -> None:
    direct, _ = plain_instructions(TRIAGE)
    assert direct == (
        "Sort the {message}.\n\n"
        "You are given:\n"
        "- message: what the customer wrote\n"
        "- plan\n\n"
        "You give:\n"
        '- team, one of "billing", "parcels": who can help\n'
        "- urgent, true or false\n\n"
        "Give every answer in the form named here, without any further words."
    )


def test_its_variant_asks_to_think_step_by_step() -> None:
    direct, steps = plain_instructions(TRIAGE)
    assert steps.startswith(f"{direct}\n\nThink step by step before you answer")
    thinking = ChainOfThought(TRIAGE.name, TRIAGE.signature)
    assert "Think step by step in `reasoning`" in plain_instructions(thinking)[1]


def test_without_an_instruction_the_note_or_the_fields_say_the_task() -> None:
    bare = replace(TRIAGE, signature=replace(TRIAGE.signature, instruction=""))
    assert plain_instructions(bare)[0].startswith("Find team and urgent for the message and plan")
    noted = replace(bare, description="Send it to the right desk.")
    assert plain_instructions(noted)[0].startswith("Send it to the right desk.\n\nYou are given")


@given(st.text(max_size=60), st.sampled_from([Predict, ChainOfThought]), st.sampled_from([0, 1]))
def test_a_plain_instruction_gives_itself_again(said: str, kind: type[Module], which: int) -> None:
    module = kind(TRIAGE.name, replace(TRIAGE.signature, instruction=said))
    made = plain_instructions(module)
    again = replace(module, signature=replace(module.signature, instruction=made[which]))
    assert plain_instructions(again) == made


@given(st.text(alphabet="ab {}.\n", min_size=1, max_size=30).filter(str.strip))
def test_plain_instructions_keep_what_is_locked(said: str) -> None:
    locked = (said.strip(),)
    module = replace(TRIAGE, signature=replace(TRIAGE.signature, instruction=said), locked=locked)
    program = replace(spec_with().program, modules=(module,))
    for text in plain_instructions(module):
        found = refusal(spec_with(program), module, text, ())
        assert found is None or found.code != "proposal.loses_phrase"


def test_plain_instructions_follow_the_current_one_and_are_not_counted() -> None:
    world = World(two_module_program())
    spec = spec_with(world.program, settings=Settings(instructions=4))
    world.hold(propose(spec, None, {}))
    mine = [e for e in world.events_of(InstructionProposed) if e.module == "decide"]
    assert [e.index for e in mine] == [0, 1, 2, 3, 4, 5]
    assert [e.source for e in mine[:3]] == ["current", "direct", "step by step"]
    assert all(e.source.startswith("grounded") for e in mine[3:])


def test_a_plain_instruction_that_stands_already_is_not_tried_twice() -> None:
    spec = spec_with()
    module = spec.program.modules[0]
    signature = replace(module.signature, instruction=plain_instructions(module)[0])
    program = replace(spec.program, modules=(replace(module, signature=signature),))
    world = World(program)
    found = world.hold(propose(replace(spec, program=program), None, {}))
    assert len(set(found[module.name])) == len(found[module.name])
    assert [e.source for e in world.events_of(ProposalRefused)] == ["direct"]


def test_a_model_that_follows_small_requests_is_not_called_weak() -> None:
    world = World(two_module_program())
    assert world.hold(too_weak(3)) is False
    assert not world.events
    (asked,) = world.asked
    assert len(asked.prompts) == len(REWRITINGS) <= 3


def test_a_weak_model_writes_fewer_and_the_plain_ones_are_tried_as_always() -> None:
    world = World(two_module_program(), rewrite=lambda text: "")
    world.hold(
        propose(spec_with(two_module_program(), settings=Settings(instructions=4)), None, {})
    )
    (note,) = [e for e in world.events_of(Noted) if e.warning]
    assert "too weak" in told(note.message)
    assert "1 for each module instead of 3" in told(note.message)
    assert "connect a stronger optimizer model" in told(note.message)
    mine = [e.source for e in world.events_of(InstructionProposed) if e.module == "decide"]
    assert mine[:3] == ["current", "direct", "step by step"]
    assert len(mine) == 4
    assert {a.purpose for a in world.asked} <= {
        "trial of the optimizer model", "instructions for extract", "instructions for decide",
    }  # fmt: skip


def test_where_nothing_is_to_be_written_nothing_is_asked() -> None:
    program = two_module_program()
    spec = spec_with(program, settings=Settings(instructions=1))
    world = World(program)
    found = world.hold(propose(spec, None, {}))
    assert not world.asked
    assert {len(texts) for texts in found.values()} == {3}


REQUEST = REWRITINGS[0]
GOOD = "Judge if the review is negative or positive, and return that as verdict."


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "   ",
        REQUEST.sentence,
        f'"{REQUEST.sentence}"',
        f"The instruction is to {REQUEST.sentence.replace('Decide', 'decide')}",
        prompts.rewrite(REQUEST.sentence, REQUEST.names).messages[0].content,
        "Judge if the text is good or bad.",
        f"{GOOD} " + "review verdict positive negative " * 3,
        GOOD + " and so on and on" * 30,
        " ".join(f"{GOOD} Word {n} to {n + 1}." for n in range(9)),
    ],
)
def test_an_empty_an_echoing_a_forgetful_or_a_rambling_reply_is_no_rewriting(reply: str) -> None:
    assert not followed(REQUEST, reply)


@pytest.mark.parametrize("reply", [GOOD, f'Instruction: "{GOOD}"', f"Sure!\n\n{GOOD}"])
def test_the_sentence_in_other_words_is_one(reply: str) -> None:
    assert followed(REQUEST, reply)


@pytest.mark.parametrize("request_", REWRITINGS)
def test_every_small_request_can_be_followed(request_: Rewriting) -> None:
    said = prompts.rewrite(request_.sentence, request_.names).messages[0].content
    assert request_.sentence in said
    assert followed(request_, rewritten(said))


def test_the_optimizer_model_is_told_what_to_keep() -> None:
    signature = replace(TRIAGE.signature, instruction="Sort the {message}. Be kind.")
    module = replace(TRIAGE, signature=signature, locked=("Be kind.",))
    assert prompts.to_keep(module) == (
        "The new instruction must contain each of these word for word:\n- Be kind.\n- {message}"
    )
    world = World(replace(two_module_program(), modules=(module,)))
    spec: RunSpec = spec_with(world.program, settings=Settings(instructions=2))
    world.hold(propose(spec, None, {}))
    assert prompts.to_keep(module) in world.asked[-1].prompts[0].messages[0].content
    assert prompts.to_keep(replace(TRIAGE, signature=replace(signature, instruction="x"))) == ""

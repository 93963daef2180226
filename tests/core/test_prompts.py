"""Every prompt that an optimizer says, as the optimizer model reads it."""

from __future__ import annotations

import inspect
from dataclasses import replace

from optimizer.core.instructions import prompts
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Prompt
from optimizer.core.programs.program import ModulePrompt
from tests.fakes.world import messages, two_module_program

PROGRAM = two_module_program()
EXTRACT, DECIDE = PROGRAM.modules
CODE = """\
module extract (chain_of_thought): message: text -> reasoning: text, topic: text
module decide (predict): message: text, topic: text -> label: one of ham, spam
program(message: text):
    extract = extract(message=message)
    decide = decide(message=message, topic=extract.topic)
    return label=decide.label"""
DEMO = Demo({"message": "win a prize", "topic": "prizes", "label": "spam"})


def said(prompt: Prompt) -> str:
    (message,) = prompt.messages
    assert message.role == "user"
    return message.content


def test_observations_of_a_first_batch() -> None:
    assert said(prompts.observe(messages(2), "", 0.7)) == (
        "Below are examples of a dataset. Write down what you notice that holds for most of them: "
        "topics, content, syntax, length, style, and what task they are probably for. Be creative, "
        "and think of what a person who must solve the task would want to know.\n\n"
        "Examples:\n\n"
        "message: m message 0\nlabel: ham\n\n"
        "message: m message 1\nlabel: spam\n\n"
        "Observations:"
    )


def test_observations_of_a_further_batch_may_be_complete() -> None:
    text = said(prompts.observe(messages(1), "Short messages.", 0.7))
    assert (
        "These observations were made before:\nShort messages.\n\nAdd only what is new. If nothing "
        "is left to say, answer with the single word COMPLETE."
    ) in text


def test_a_long_example_is_cut() -> None:
    text = said(prompts.observe((Example("1", {"message": "x" * 5000}),), "", 0.7))
    assert "x" * 600 + "…" in text
    assert "x" * 601 not in text


def test_observations_are_summed_up() -> None:
    assert said(prompts.summarize("Short messages.\nSome sell.", 0.7)) == (
        "Here are observations about a dataset:\n\n"
        "Short messages.\nSome sell.\n\n"
        "Sum them up in two or three sentences that say only what matters most for someone who "
        "has to solve the task.\n\n"
        "Summary:"
    )


def test_a_program_is_described_from_its_code() -> None:
    assert said(prompts.describe_program(PROGRAM, 0.7)) == (
        f"Here is a program made of language-model modules:\n\n{CODE}\n\n"
        "Say in a few sentences what task it is made for and how it appears to work.\n\n"
        "Description:"
    )


def test_a_module_is_described_within_its_program() -> None:
    assert said(prompts.describe_module(PROGRAM, DECIDE, "Finds spam.", 0.7)) == (
        f"Here is a program made of language-model modules:\n\n{CODE}\n\n"
        "The program as a whole: Finds spam.\n\n"
        "Say in one or two sentences what the module `decide` is there for.\n\n"
        "Description:"
    )


def test_a_grounded_proposal_shows_all_that_it_is_given() -> None:
    module = replace(DECIDE, locked=("spam",))
    prompt = prompts.propose_instruction(
        module,
        baseline_of(PROGRAM).modules["decide"],
        dataset_summary="Short messages.",
        program=PROGRAM,
        program_summary="Finds spam.",
        module_description="Says which.",
        demos=(DEMO,),
        history=(("Say which.", 0.5), ("Say spam or ham.", 0.625)),
        tip="Be creative.",
        temperature=0.7,
        sample=3,
    )
    assert said(prompt) == (
        "Write an instruction that makes a language model solve the task below well.\n\n"
        "The dataset: Short messages.\n\n"
        f"The program that the instruction is for:\n{CODE}\n\n"
        "What the program does: Finds spam.\n\n"
        "What the module `decide` does: Says which.\n\n"
        "The module's fields:\n"
        "- input message: text\n"
        "- input topic: text\n"
        "- output label: one of ham, spam\n\n"
        "Worked examples of the module:\n\n"
        "message: win a prize\ntopic: prizes\nlabel: spam\n\n"
        "Instructions tried before, with their scores out of 100:\n"
        "- 50.0: Say which.\n"
        "- 62.5: Say spam or ham.\n\n"
        "The current instruction: Decide whether the message is spam.\n\n"
        "Tip: Be creative.\n\n"
        "The new instruction must contain each of these word for word:\n"
        "- spam\n\n"
        "The model that follows the instruction sees the fields' values after it; do not copy any "
        "example into it. Answer with the new instruction only.\n\n"
        "Instruction:"
    )
    assert (prompt.temperature, prompt.sample) == (0.7, 3)


def test_a_bare_proposal_leaves_out_what_it_is_not_given() -> None:
    bare = replace(EXTRACT, signature=replace(EXTRACT.signature, instruction=""))
    assert said(prompts.propose_instruction(bare, ModulePrompt(""), temperature=0.7)) == (
        "Write an instruction that makes a language model solve the task below well.\n\n"
        "The module's fields:\n"
        "- input message: text\n"
        "- output reasoning: text (think step by step before answering)\n"
        "- output topic: text\n\n"
        "The current instruction: Given the fields `message`, produce the fields `topic`.\n\n"
        "The model that follows the instruction sees the fields' values after it; do not copy any "
        "example into it. Answer with the new instruction only.\n\n"
        "Instruction:"
    )


def test_instructions_for_a_whole_program_are_written_in_one_reply() -> None:
    kept = replace(DECIDE, locked=("spam",))
    prompt = prompts.propose_program(
        PROGRAM,
        (EXTRACT, kept),
        baseline_of(PROGRAM).modules,
        dataset_summary="Short messages.",
        program_summary="Finds spam.",
        demos={"decide": (DEMO,)},
        history=(({"extract": "Topic?", "decide": "Spam?"}, 0.5),),
        tip="Be creative.",
        temperature=0.7,
    )
    assert said(prompt) == (
        "Write instructions for the modules of a program made of language-model modules, so that "
        "the program as a whole solves its task well.\n\n"
        f"The program:\n{CODE}\n\n"
        "The dataset: Short messages.\n\n"
        "What the program does: Finds spam.\n\n"
        "The fields of `extract`:\n"
        "- input message: text\n"
        "- output reasoning: text (think step by step before answering)\n"
        "- output topic: text\n\n"
        "The fields of `decide`:\n"
        "- input message: text\n"
        "- input topic: text\n"
        "- output label: one of ham, spam\n\n"
        "Worked examples of `decide`:\n\n"
        "message: win a prize\ntopic: prizes\nlabel: spam\n\n"
        "For `decide`: The new instruction must contain each of these word for word:\n"
        "- spam\n\n"
        "Instructions tried before, with their scores out of 100:\n"
        '- 50.0: {"extract": "Topic?", "decide": "Spam?"}\n\n'
        "The current instructions: "
        '{"extract": "Name the message\'s topic.", "decide": "Decide whether the message is spam."}'
        "\n\n"
        "Tip: Be creative.\n\n"
        "The models that follow the instructions see the fields' values after them; do not copy "
        "any example into them. Answer with a JSON object that has one new instruction for each "
        "of: extract, decide."
    )
    assert prompt.schema is not None
    assert prompt.schema["required"] == ["extract", "decide"]


def test_a_small_request_to_rewrite() -> None:
    prompt = prompts.rewrite("Sort the `letter`.", ("letter",))
    assert said(prompt) == (
        "Say the instruction below in other words. Keep these words as they are: letter. Answer "
        "with the new sentence only.\n\n"
        "Instruction: Sort the `letter`.\n\n"
        "In other words:"
    )
    assert prompt.temperature == 0.0


def test_no_prompt_of_an_optimizer_is_without_its_test() -> None:
    """When this fails: render the new prompt here, or beside the part that says it."""
    made = {
        name
        for name, found in vars(prompts).items()
        if inspect.isfunction(found) and inspect.signature(found).return_annotation == "Prompt"
    }
    assert {name for name in made if not name.startswith("_")} == {
        "observe", "summarize", "describe_program", "describe_module", "propose_instruction",
        "propose_program", "rewrite",
        "reflect_instruction",  # test_reflection.py
    }  # fmt: skip

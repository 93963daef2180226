"""Every request that an optimizer itself makes of a model, one function a prompt.

How what it is about is written out stands in `shown.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from optimizer.core.conversation.spec import Rewrite
from optimizer.core.evaluation.cases import Case
from optimizer.core.instructions.shown import (
    current_text,
    fields_of,
    pseudo_code,
    shown_case,
    shown_demo,
    shown_example,
)
from optimizer.core.instructions.wording import REWRITING_WORDS
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Message, Prompt
from optimizer.core.programs.program import Module, ModulePrompt, Program
from optimizer.core.programs.signature import placeholders

TIPS: dict[str, str] = {
    "none": "",
    "creative": "Do not be afraid to be creative.",
    "simple": "Keep the instruction clear and concise.",
    "description": "Make the instruction very informative and descriptive.",
    "high_stakes": "Include a scenario of high stakes in which the task must be done right.",
    "persona": "Give the model a persona that suits the task.",
}
"""The paper's six tips (§3.1): one is drawn for each proposal so that proposals differ."""

COMPLETE = "COMPLETE"
REWRITE = "Say the instruction below in other words."

OBSERVATION_TOKENS, SUMMARY_TOKENS, INSTRUCTION_TOKENS = 250, 200, 600
"""Reply limits: a summary is asked in sentences, an instruction may be a page."""


_WRITE = "Write an instruction that makes a language model solve the task below well."
_WRITE_ALL = (
    "Write instructions for the modules of a program made of language-model modules, so that "
    "the program as a whole solves its task well."
)
_TRIED = "Instructions tried before, with their scores out of 100"
_KEEP = "The new instruction must contain each of these word for word"
_VERIFIED = "Rewritings of instructions that raised the score of like tasks"
_SEES = (
    "The model that follows the instruction sees the fields' values after it; do not copy "
    "any example into it."
)
_ALL_SEE = (
    "The models that follow the instructions see the fields' values after them; do not copy "
    "any example into them."
)
_ONLY = "Answer with the new instruction only."
_ONE_EACH = "Answer with a JSON object that has one new instruction for each"
_FIND_OUT = "Find out why, and write a better instruction for it."
_FAILED = "Examples that did not come out right with it"
_CONTRASTS = "The same example with two different instructions, once right and once wrong"
_REFLECT_TASK = (
    "Think about what the failures have in common, and what the current instruction leaves unsaid "
    "or says wrongly. Then write an instruction with general rules that are right for examples "
    "that are not shown here, too. Keep what works. Do not copy the examples and do not list "
    "their answers: the model that follows the instruction sees other ones."
)
_OTHERS_FAULT = (
    " A failure may be the fault of another module: change only what this module can do better."
)

PROPOSAL_WORDS: tuple[str, ...] = (
    *filter(None, TIPS.values()),
    _WRITE,
    _WRITE_ALL,
    _TRIED,
    _VERIFIED,
    _KEEP,
    _SEES,
    _ALL_SEE,
    _ONLY,
    _ONE_EACH,
    _FIND_OUT,
    _FAILED,
    _CONTRASTS,
    _REFLECT_TASK,
    _OTHERS_FAULT,
    *REWRITING_WORDS,
)
"""What requests for instructions say of their own: an instruction has no use for it."""


def observe(batch: Sequence[Example], before: str, temperature: float, sample: int = 0) -> Prompt:
    """Observations about a batch of the dataset, adding to earlier ones or answering COMPLETE."""
    parts = [
        "Below are examples of a dataset. Write down what you notice that holds for most of them: "
        "topics, content, syntax, length, style, and what task they are probably for. "
        "Be creative, and think of what a person who must solve the task would want to know."
    ]
    if before:
        parts.append(
            "These observations were made before:\n" + before + "\n\nAdd only what is new. "
            f"If nothing is left to say, answer with the single word {COMPLETE}."
        )
    parts.append("Examples:\n\n" + "\n\n".join(shown_example(e) for e in batch))
    parts.append("Observations:")
    return _said("\n\n".join(parts), temperature, OBSERVATION_TOKENS, sample)


def summarize(observations: str, temperature: float) -> Prompt:
    """Two or three sentences out of all observations."""
    return _said(
        "Here are observations about a dataset:\n\n"
        f"{observations}\n\n"
        "Sum them up in two or three sentences that say only what matters most for someone who "
        "has to solve the task.\n\nSummary:",
        temperature,
        SUMMARY_TOKENS,
    )


def describe_program(program: Program, temperature: float) -> Prompt:
    """What task the program seems to solve, and how."""
    return _said(
        "Here is a program made of language-model modules:\n\n"
        f"{pseudo_code(program)}\n\n"
        "Say in a few sentences what task it is made for and how it appears to work.\n\n"
        "Description:",
        temperature,
        SUMMARY_TOKENS,
    )


def describe_module(program: Program, module: Module, summary: str, temperature: float) -> Prompt:
    """The part that one module plays in the program."""
    about = f"The program as a whole: {summary}\n\n" if summary else ""
    return _said(
        "Here is a program made of language-model modules:\n\n"
        f"{pseudo_code(program)}\n\n{about}"
        f"Say in one or two sentences what the module `{module.name}` is there for.\n\n"
        "Description:",
        temperature,
        SUMMARY_TOKENS,
    )


def propose_instruction(
    module: Module,
    current: ModulePrompt,
    *,
    dataset_summary: str = "",
    program: Program | None = None,
    program_summary: str = "",
    module_description: str = "",
    demos: Sequence[Demo] = (),
    history: Sequence[tuple[str, float]] = (),
    rewrites: Sequence[Rewrite] = (),
    tip: str = "",
    temperature: float,
    sample: int = 0,
) -> Prompt:
    """The grounded proposal (§3.1): one call that writes one instruction for one module."""
    parts = [_WRITE]
    if dataset_summary:
        parts.append(f"The dataset: {dataset_summary}")
    if program is not None:
        parts.append(f"The program that the instruction is for:\n{pseudo_code(program)}")
    if program_summary:
        parts.append(f"What the program does: {program_summary}")
    if module_description:
        parts.append(f"What the module `{module.name}` does: {module_description}")
    parts.append(f"The module's fields:\n{fields_of(module)}")
    if demos:
        shown = "\n\n".join(shown_demo(module, demo) for demo in demos)
        parts.append(f"Worked examples of the module:\n\n{shown}")
    if history:
        told = "\n".join(f"- {100 * score:.1f}: {text}" for text, score in history)
        parts.append(f"{_TRIED}:\n{told}")
    if rewrites:
        parts.append(f"{_VERIFIED}:\n\n" + "\n\n".join(map(_shown_rewrite, rewrites)))
    parts.append(f"The current instruction: {current_text(module, current)}")
    if tip:
        parts.append(f"Tip: {tip}")
    if to_keep(module):
        parts.append(to_keep(module))
    parts.append(f"{_SEES} {_ONLY}\n\nInstruction:")
    return _said("\n\n".join(parts), temperature, INSTRUCTION_TOKENS, sample)


def propose_program(
    program: Program,
    modules: Sequence[Module],
    current: Mapping[str, ModulePrompt],
    *,
    dataset_summary: str = "",
    program_summary: str = "",
    demos: Mapping[str, Sequence[Demo]],
    history: Sequence[tuple[Mapping[str, str], float]] = (),
    rewrites: Sequence[Rewrite] = (),
    tip: str = "",
    temperature: float,
    sample: int = 0,
) -> Prompt:
    """New instructions for all these modules in one reply (Program-Level OPRO, the paper's §4).

    `history` are whole programs tried before: instructions by module with the score, ascending.
    """
    names = [module.name for module in modules]
    parts = [_WRITE_ALL, f"The program:\n{pseudo_code(program)}"]
    if dataset_summary:
        parts.append(f"The dataset: {dataset_summary}")
    if program_summary:
        parts.append(f"What the program does: {program_summary}")
    for module in modules:
        parts.append(f"The fields of `{module.name}`:\n{fields_of(module)}")
        if demos.get(module.name):
            shown = "\n\n".join(shown_demo(module, demo) for demo in demos[module.name])
            parts.append(f"Worked examples of `{module.name}`:\n\n{shown}")
        if to_keep(module):
            parts.append(f"For `{module.name}`: {to_keep(module)}")
    if history:
        told = "\n".join(f"- {100 * score:.1f}: {_object(texts)}" for texts, score in history)
        parts.append(f"{_TRIED}:\n{told}")
    if rewrites:
        parts.append(f"{_VERIFIED}:\n\n" + "\n\n".join(map(_shown_rewrite, rewrites)))
    now = {module.name: current_text(module, current[module.name]) for module in modules}
    parts.append(f"The current instructions: {_object(now)}")
    if tip:
        parts.append(f"Tip: {tip}")
    parts.append(f"{_ALL_SEE} {_ONE_EACH} of: {', '.join(names)}.")
    schema = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": names,
        "additionalProperties": False,
    }
    tokens = INSTRUCTION_TOKENS * len(names)
    said = _said("\n\n".join(parts), temperature, tokens, sample)
    return replace(said, schema=schema)


def reflect_instruction(
    program: Program,
    module: Module,
    current: ModulePrompt,
    failures: Sequence[Case],
    contrasts: Sequence[tuple[Case, Case]] = (),
    *,
    temperature: float,
    sample: int = 0,
) -> Prompt:
    """A better instruction out of what went wrong with the current one (GEPA's reflection).

    `contrasts` are pairs of the same example, come out right and come out wrong.
    """
    parts = [
        f"The module `{module.name}` of a program made of language-model modules makes mistakes. "
        + _FIND_OUT,
        f"The program:\n{pseudo_code(program)}",
        f"The module's fields:\n{fields_of(module)}",
        f"The module's current instruction:\n{current_text(module, current)}",
    ]
    if failures:
        told = "\n\n".join(
            f"--- Example {n} ---\n{shown_case(program, module, case)}"
            for n, case in enumerate(failures, 1)
        )
        parts.append(f"{_FAILED}:\n\n{told}")
    if contrasts:
        told = "\n\n".join(
            f"--- Pair {n} ---\nCame out right:\n{shown_case(program, module, right)}\n"
            f"Came out wrong:\n{shown_case(program, module, wrong)}"
            for n, (right, wrong) in enumerate(contrasts, 1)
        )
        parts.append(f"{_CONTRASTS}:\n\n{told}")
    if to_keep(module):
        parts.append(to_keep(module))
    parts.append(_REFLECT_TASK + (_OTHERS_FAULT if len(program.modules) > 1 else ""))
    parts.append(f"{_ONLY}\n\nInstruction:")
    # Room for all of the current instruction (some three characters a token) and for what is new.
    tokens = INSTRUCTION_TOKENS + len(current.instruction) // 3
    return _said("\n\n".join(parts), temperature, tokens, sample)


def rewrite(sentence: str, names: Sequence[str]) -> Prompt:
    """A request that any model fit to write instructions can follow (see model_probe.py)."""
    return _said(
        f"{REWRITE} Keep these words as they are: {', '.join(names)}. "
        f"Answer with the new sentence only.\n\nInstruction: {sentence}\n\nIn other words:",
        0.0,
        SUMMARY_TOKENS,
    )


def to_keep(module: Module) -> str:
    """What a new instruction of this module must have word for word, "" when that is nothing."""
    spoken_of = placeholders(module.signature.instruction)
    fields = [f"{{{name}}}" for name in spoken_of if name in module.signature.names]
    phrases = [*module.locked, *fields]
    if not phrases:
        return ""
    listed = "\n".join(f"- {phrase}" for phrase in phrases)
    return f"{_KEEP}:\n{listed}"


def _shown_rewrite(rewrite: Rewrite) -> str:
    gained = f"{100 * rewrite.gain:.0f} points more on {rewrite.n} examples"
    return f"Before: {rewrite.before}\nAfter ({gained}): {rewrite.after}"


def _said(text: str, temperature: float, max_tokens: int, sample: int = 0) -> Prompt:
    messages = (Message("user", text),)
    return Prompt(messages, temperature=temperature, max_tokens=max_tokens, sample=sample)


def _object(texts: Mapping[str, str]) -> str:
    return json.dumps(dict(texts), ensure_ascii=False)

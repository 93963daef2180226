"""Program-Level OPRO: one reply with new instructions for all modules (the paper's §4)."""

from __future__ import annotations

from optimizer.core.conversation.events import ProposalRefused, Result
from optimizer.core.conversation.requests import Ask, Conversation, ask
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.demos.demo_sets import SHOWN_DEMOS
from optimizer.core.instructions import guards, prompts
from optimizer.core.instructions.cleaning import clean, not_taken, text_of
from optimizer.core.instructions.drafting import REDRAWS
from optimizer.core.instructions.guidance import HISTORY_SHOWN, SAMPLES_OF_A_ROUND, Guidance
from optimizer.core.optimizers.module_opro import climb
from optimizer.core.optimizers.optimizer import OF_TRIALS, Optimizer, few_full_evaluations
from optimizer.core.programs.demo import a_few
from optimizer.core.programs.lm import Prompt
from optimizer.core.programs.reply import read_texts
from optimizer.core.search.search import NewSearch
from optimizer.core.strategies import cost_model
from optimizer.core.strategies.rounds import Rounds


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """All instructions are written in one reply, from whole programs tried before."""
    return (yield from climb(spec, write_together))


def write_together(rounds: Rounds, guidance: Guidance) -> Conversation[dict[str, str]]:
    """Ask for all instructions at once; what is missing or refused is asked for again."""
    found: dict[str, str] = {}
    rounds.round += 1
    for draw in range(REDRAWS + 1 if rounds.modules else 0):
        (reply,) = yield from ask(
            Ask((_prompt(rounds, guidance, draw),), f"instructions of round {rounds.round}")
        )
        told = read_texts([module.name for module in rounds.modules], text_of(reply))
        for module in rounds.modules:
            text = clean(told.get(module.name, ""))
            if module.name in found:
                continue
            written = rounds.written[module.name]
            reason = not_taken(reply, text) or guards.refusal(
                rounds.board.spec, module, text, written
            )
            if reason:
                shown = text[: guards.MAX_LENGTH]
                yield ProposalRefused(module.name, shown, reason, guidance.source)
            else:
                found[module.name] = text
        if len(found) == len(rounds.modules):
            break
    return (yield from rounds.keep(found, guidance.source))


def _prompt(rounds: Rounds, guidance: Guidance, draw: int) -> Prompt:
    board, shows = rounds.board, rounds.board.spec.settings.grounding
    return prompts.propose_program(
        board.spec.program,
        rounds.modules,
        board.baseline.modules,
        dataset_summary=rounds.ground.dataset_summary,
        program_summary=rounds.ground.program_summary,
        demos={name: a_few(demos, SHOWN_DEMOS) for name, demos in guidance.demos.items()},
        history=board.program_history()[-HISTORY_SHOWN:] if shows.history else (),
        rewrites=board.spec.rewrites,
        tip=prompts.TIPS[guidance.tip],
        temperature=board.spec.settings.proposal_temperature,
        sample=rounds.round * SAMPLES_OF_A_ROUND + draw,
    )


OPTIMIZER = Optimizer(
    name="program_opro",
    converse=converse,
    uses=OF_TRIALS,
    uses_instructions=True,
    steps=cost_model.full_evaluations,
    asks=cost_model.asks_once_a_trial,
    sized=few_full_evaluations,
)

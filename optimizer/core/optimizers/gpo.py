"""GPO: rewriting by steps, each within a budget of words that shrinks (Tang et al. 2024, arXiv
2402.17564).

A step has several rewritings of the current instruction written, beside the attempts that are most
like it; all of them are scored, and the best of the step is the next one's current. The paper tunes
one prompt; in a program of several modules every step has the next module's turn.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from optimizer.core.conversation.events import (
    InstructionDescended,
    Phase,
    PhaseStarted,
    Result,
)
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.instructions.drafting import Draft, drafted
from optimizer.core.instructions.edits import (
    FORMAT_EXAMPLES,
    Attempt,
    budget_at,
    edited_words,
    related_attempts,
    rewrite_within,
)
from optimizer.core.instructions.guidance import SAMPLES_OF_A_ROUND
from optimizer.core.instructions.shown import current_text
from optimizer.core.optimizers.optimizer import OF_TRIALS, Optimizer, eights_of_trials
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.lm import Prompt
from optimizer.core.programs.program import Module
from optimizer.core.runs.board import Board, is_perfect
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.runs.trials import full_trial
from optimizer.core.search.search import NewSearch
from optimizer.core.strategies import cost_model
from optimizer.core.strategies.rounds import Rounds, rounds_without_ground

OF_EDITS = frozenset({"edit_budget", "edit_budget_end", "related"})
WARM = 1.0
"""The temperature at which a step's rewritings are drawn, as in the paper: one prompt gives all."""


@dataclass(frozen=True)
class Step:
    """One step's turn: `current` is rewritten `count` times in at most `budget` changed words."""

    number: int
    module: Module
    current: Candidate
    budget: int
    count: int
    related: tuple[Attempt, ...]

    @property
    def text(self) -> str:
        return current_text(self.module, self.current.modules[self.module.name])


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """T rewritings in steps of a few, every one fully evaluated."""

    def search(board: Board) -> Conversation[None]:
        rounds = yield from rounds_without_ground(board)
        current, size, done = board.baseline, spec.settings.step_candidates, 0
        yield PhaseStarted(Phase.SEARCH, spec.settings.trials)
        while rounds.modules and done < spec.settings.trials and not rounds.given_up:
            step = _step(rounds, current, done // size, min(size, spec.settings.trials - done))
            done += step.count
            tried = yield from _take(rounds, step)
            if is_perfect(board):
                return
            scored = [c for c in tried if board.full[c].n and not board.fails(c)]
            current = max(scored, key=lambda c: board.full[c].mean, default=current)

    return (yield from run_loop(spec, search))


def _step(rounds: Rounds, current: Candidate, number: int, count: int) -> Step:
    settings, module = rounds.board.spec.settings, rounds.modules[number % len(rounds.modules)]
    steps = -(-settings.trials // settings.step_candidates)
    budget = budget_at(number, steps, settings.edit_budget, settings.edit_budget_end)
    known = rounds.written[module.name]
    attempts = [
        Attempt(known.index(text), text, score)
        for text, score in rounds.board.history().get(module.name, ())
        if text in known
    ]
    text = current.modules[module.name].instruction
    related = related_attempts(text, attempts, settings.related)
    return Step(number, module, current, budget, count, tuple(related))


def _take(rounds: Rounds, step: Step) -> Conversation[list[Candidate]]:
    """Have a step's rewritings written and scored; returns those that are candidates now."""
    board, name = rounds.board, step.module.name
    source = f"rewriting of at most {step.budget} words"
    draft = Draft(step.module, partial(_said, board.spec, step), source, partial(_too_far, step))
    purpose = f"rewritings of step {step.number + 1}"
    texts = yield from drafted(board.spec, [draft] * step.count, rounds.written, purpose)
    parent = rounds.written[name].index(step.current.modules[name].instruction)
    shown = tuple(attempt.index for attempt in step.related)
    found: list[Candidate] = []
    for text in filter(None, texts):
        yield from rounds.keep({name: text}, source)
        index, edited = len(rounds.written[name]) - 1, edited_words(step.text, text)
        yield InstructionDescended(name, index, parent, shown, edited, step.budget)
        found.append(rounds.install({name: text}, step.current)[0])
    if not found:
        yield from rounds.keep({}, source)
    tried: Sequence[Candidate] = [c for c in found if c not in board.full]
    for candidate in tried:
        yield from full_trial(board, candidate, rounds.choice_of(candidate))
        if is_perfect(board):
            break
    return [c for c in found if c in board.full]


def _said(spec: RunSpec, step: Step, sample: int) -> Prompt:
    """A step's prompt; its draws are other draws, beside other examples."""
    rng = random.Random(f"{spec.seed}:gpo:{step.number}")
    examples = rng.sample(spec.train, min(FORMAT_EXAMPLES, len(spec.train)))
    drawn = step.number * SAMPLES_OF_A_ROUND + sample
    budget, related = step.budget, step.related
    return rewrite_within(
        step.module, step.text, related, examples, budget, temperature=WARM, sample=drawn
    )


def _too_far(step: Step, text: str) -> Problem | None:
    edited = edited_words(step.text, text)
    if edited <= step.budget:
        return None
    return problem("proposal.over_budget", edited=edited, budget=step.budget)


OPTIMIZER = Optimizer(
    name="gpo",
    converse=converse,
    uses=OF_TRIALS | OF_EDITS | {"step_candidates"},
    uses_instructions=True,
    shown_sets=0,
    steps=cost_model.full_evaluations,
    asks=cost_model.asks_by_steps,
    sized=eights_of_trials,
)

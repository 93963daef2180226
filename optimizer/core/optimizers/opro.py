"""OPRO: large language models as optimizers (Yang et al. 2023, arXiv 2309.03409).

A step has one meta-prompt: the best instructions so far in ascending order with their scores, a few
exemplars, and the wish for a better one. Eight replies are drawn from it at temperature 1, and all
of them are scored. People may pin, hide and add to the history: it is asked for before every step.
The paper has one prompt; in a program of several modules every step has the next module's turn.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from optimizer.core.conversation.events import (
    Phase,
    PhaseStarted,
    ProposalRefused,
    Result,
    StepAsked,
)
from optimizer.core.conversation.requests import (
    Consult,
    Conversation,
    Evaluate,
    Purpose,
    ask,
    evaluate,
)
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.cases import cases_of, failures_of
from optimizer.core.instructions.drafting import Draft, drafted
from optimizer.core.instructions.guards import refusal
from optimizer.core.instructions.guidance import SAMPLES_OF_A_ROUND
from optimizer.core.instructions.history_board import (
    EXEMPLARS,
    Entry,
    Sign,
    Wish,
    dropped,
    meta_prompt,
    polished,
    shown_entries,
    wishes_in,
)
from optimizer.core.optimizers.optimizer import OF_TRIALS, Optimizer, eights_of_trials
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Prompt
from optimizer.core.programs.program import Module
from optimizer.core.runs.board import Board, is_perfect
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.runs.trials import full_trial
from optimizer.core.search.search import NewSearch
from optimizer.core.strategies import cost_model
from optimizer.core.strategies.pool import batches
from optimizer.core.strategies.rounds import Rounds, rounds_without_ground

HEAT = 1.0
"""All draws of a step have one prompt and differ by their temperature alone."""
OWN = "added by hand"


@dataclass
class Search:
    """Where a search stands; `failed` counts how often training examples came out wrong."""

    rounds: Rounds
    draws: Iterator[tuple[Example, ...]]
    failed: Counter[str] = field(default_factory=Counter)
    refused: set[Wish] = field(default_factory=set)  # texts of people, by the guards
    step: int = 0
    done: int = 0

    @property
    def spec(self) -> RunSpec:
        return self.rounds.board.spec

    @property
    def left(self) -> int:
        return self.spec.settings.trials - self.done


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """T instructions in steps of a few, every one fully evaluated."""

    def search(board: Board) -> Conversation[None]:
        rounds = yield from rounds_without_ground(board)
        rng = random.Random(f"{spec.seed}:opro:looked at")
        at = Search(rounds, batches(spec.train, cost_model.LOOKED_AT, rng))
        yield PhaseStarted(Phase.SEARCH, spec.settings.trials)
        while rounds.modules and at.left > 0 and not rounds.given_up and not is_perfect(board):
            yield from _step(at, rounds.modules[at.step % len(rounds.modules)])
            at.step += 1

    return (yield from run_loop(spec, search))


def _step(at: Search, module: Module) -> Conversation[None]:
    told = yield from ask(Consult())
    wishes = wishes_in(reply for reply in told if isinstance(reply, str))
    yield from _add(at, wishes)
    count = min(at.spec.settings.step_candidates, at.left)
    if count == 0 or is_perfect(at.rounds.board):
        return
    if at.spec.settings.failed_exemplars and at.spec.train:
        yield from _look(at)
    prompt = partial(_said, at, module, _entries(at, module, wishes), _exemplars(at))
    yield StepAsked(at.step, module.name, prompt(0).messages[0].content)
    current = at.rounds.board.baseline.modules[module.name].instruction
    draft = Draft(module, prompt, f"step {at.step + 1}", partial(dropped, module, current))
    at.done += count
    purpose = f"instructions of step {at.step + 1}"
    texts = yield from drafted(at.spec, [draft] * count, at.rounds.written, purpose)
    for found in filter(None, texts):
        yield from _try(at, module.name, polished(module, found), draft.source)
        if is_perfect(at.rounds.board):
            return
    if not any(texts):
        yield from at.rounds.keep({}, draft.source)


def _entries(at: Search, module: Module, wishes: tuple[Wish, ...]) -> tuple[Entry, ...]:
    own = [wish for wish in wishes if wish.module == module.name]
    tried = at.rounds.board.history().get(module.name, ())
    return shown_entries(
        [Entry(text, score) for text, score in tried], own, at.spec.settings.history_least
    )


def _add(at: Search, wishes: tuple[Wish, ...]) -> Conversation[None]:
    """Try what people added and nobody has tried yet; it counts as a trial like any other."""
    for wish in wishes:
        module = next((m for m in at.rounds.modules if m.name == wish.module), None)
        if wish.sign is not Sign.ADD or module is None or at.left <= 0:
            continue
        known = at.rounds.written[module.name]
        if wish.text in known:
            continue
        reason = refusal(at.spec, module, wish.text, known)
        if reason:
            if wish not in at.refused:
                yield ProposalRefused(module.name, wish.text, reason, OWN)
            at.refused.add(wish)
            continue
        at.done += 1
        yield from _try(at, module.name, wish.text, OWN)


def _try(at: Search, name: str, text: str, source: str) -> Conversation[None]:
    board = at.rounds.board
    yield from at.rounds.keep({name: text}, source)
    candidate, choice = at.rounds.install({name: text}, board.best or board.baseline)
    if candidate not in board.full:
        yield from full_trial(board, candidate, choice)


def _look(at: Search) -> Conversation[None]:
    """Run the best on training examples, to know which come out wrong most often."""
    board, batch = at.rounds.board, next(at.draws)
    best = board.best or board.baseline
    outcomes = yield from evaluate(Evaluate(best, batch, Purpose.REFLECTION))
    at.failed.update(case.example_id for case in failures_of(cases_of(batch, outcomes)))


def _exemplars(at: Search) -> tuple[Example, ...]:
    """Training examples, the most often failed first, others drawn anew in each step."""
    train = at.spec.train
    rng = random.Random(f"{at.spec.seed}:opro:{at.step}")
    drawn = rng.sample(train, len(train))
    wanted = min(at.spec.settings.failed_exemplars, EXEMPLARS)
    hard = sorted((e for e in drawn if at.failed[e.id]), key=lambda e: -at.failed[e.id])[:wanted]
    others = [example for example in drawn if example not in hard]
    return tuple([*hard, *others][:EXEMPLARS])


def _said(
    at: Search,
    module: Module,
    entries: tuple[Entry, ...],
    exemplars: tuple[Example, ...],
    sample: int,
) -> Prompt:
    drawn = at.step * SAMPLES_OF_A_ROUND + sample
    return meta_prompt(module, entries, exemplars, temperature=HEAT, sample=drawn)


OPTIMIZER = Optimizer(
    name="opro",
    converse=converse,
    uses=OF_TRIALS | {"step_candidates", "failed_exemplars", "history_least"},
    uses_instructions=True,
    shown_sets=0,
    steps=cost_model.history_steps,
    asks=cost_model.asks_by_steps,
    sized=eights_of_trials,
    consults=True,
)

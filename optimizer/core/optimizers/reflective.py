"""Reflective search in the manner of GEPA (Agrawal et al. 2025, arXiv 2507.19457).

Parents come from a Pareto front over validation examples; a child gets a better instruction for one
module, written from what went wrong on training examples, and is kept when it does better on them.
"""

from __future__ import annotations

import random
from dataclasses import replace

from optimizer.core.conversation.events import (
    InstructionProposed,
    Phase,
    PhaseStarted,
    ProposalRefused,
    Result,
    noted,
)
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.conversation.splits import validation_of
from optimizer.core.evaluation import pareto
from optimizer.core.evaluation.stats import Comparison
from optimizer.core.instructions.drafting import drafted
from optimizer.core.instructions.model_probe import WEAK_PROPOSALS, too_weak
from optimizer.core.instructions.plain import SOURCES
from optimizer.core.instructions.proposals import current_instructions, unwritten
from optimizer.core.instructions.reflection import reflect
from optimizer.core.optimizers.optimizer import OF_MINIBATCHES, OF_TRIALS, Optimizer
from optimizer.core.problems import Problem, fine, problem, warning
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.program import Module
from optimizer.core.runs.board import Board, is_perfect
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.runs.trials import doubt_minibatches
from optimizer.core.search.search import NewSearch
from optimizer.core.strategies import cost_model
from optimizer.core.strategies.pool import Pool, batches

MERGES = 5
"""Mergers tried in a run, as in GEPA."""
FUTILE = 5
"""After this many rounds in a row that gave nothing to try, the search ends."""
GAIN = 1e-9
"""A mean difference of scores beyond this is no rounding error."""


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """Reflect on failures round by round: at most T rounds, and for no more examples than MIPRO
    scores with the same settings.
    """

    def search(board: Board) -> Conversation[None]:
        steps = cost_model.reflections(spec.settings, len(validation_of(spec)))
        pool = _pool(board, steps.examples[1])
        if not spec.train or not pool.modules or not pool.front():
            yield noted(_nothing_to_learn(pool))
            return
        yield from doubt_minibatches(board)
        rounds = yield from _start(pool)
        yield PhaseStarted(Phase.SEARCH, steps.trials)
        yield from _try_plain(pool)
        yield from _reflect(pool, rounds)

    return (yield from run_loop(spec, search))


def _pool(board: Board, allowance: int) -> Pool:
    spec = board.spec
    options = {name: list(texts) for name, texts in current_instructions(spec.program).items()}
    rng = random.Random(f"{spec.seed}:reflective:batches")
    draws = batches(spec.train, spec.settings.minibatch_size, rng)
    return Pool(board, allowance, options, {}, {board.baseline: ()}, draws)


def _start(pool: Pool) -> Conversation[int]:
    """Announce the instructions that cost no call; returns the number of rounds to go."""
    spec = pool.board.spec
    yield PhaseStarted(Phase.PROPOSE, len(SOURCES) * len(pool.modules))
    for module in pool.modules:
        pool.options[module.name] = yield from unwritten(spec, module)
        pool.written[module.name] = [*pool.options[module.name]]
    weak = yield from too_weak(max(spec.settings.trials // len(pool.modules), 1))
    return WEAK_PROPOSALS * len(pool.modules) if weak else spec.settings.trials


def _try_plain(pool: Pool) -> Conversation[None]:
    """Try the plain instructions of all modules at once, as children of the baseline."""
    baseline = pool.board.baseline
    batch = next(pool.draws)
    for index in range(1, len(SOURCES) + 1):
        child = baseline
        for module in pool.modules:
            texts = pool.options[module.name]
            if index < len(texts):
                prompt = replace(baseline.modules[module.name], instruction=texts[index])
                child = child.with_module(module.name, prompt)
        # What is left must still pay for a round of reflection.
        if child != baseline and pool.affords_rounds(2):
            found = yield from pool.compare(baseline, child, batch)
            if found.gain > GAIN:
                yield from pool.admit(child, (baseline,))


def _reflect(pool: Pool, rounds: int) -> Conversation[None]:
    seed = pool.board.spec.seed
    parents = random.Random(f"{seed}:reflective:parents")
    merges = random.Random(f"{seed}:reflective:merges")
    futile = 0
    for number in range(rounds):
        if is_perfect(pool.board) or not pool.affords_rounds():
            return
        module = pool.modules[number % len(pool.modules)]
        parent = pareto.drawn(pool.front(), parents)
        found = yield from _mutate(pool, module, parent, number)
        futile = futile + 1 if found is None else 0
        if futile == FUTILE:
            yield noted(fine("note.nothing_to_try", rounds=FUTILE))
            return
        if found is not None and found.gain > GAIN and len(pool.merged) < MERGES:
            yield from _merge(pool, merges)


def _mutate(
    pool: Pool, module: Module, parent: Candidate, number: int
) -> Conversation[Comparison | None]:
    """One round: run the parent, reflect on its failures, try the child on the same examples.

    Returns child against parent, None when there was no child.
    """
    failed = yield from pool.failures(parent)
    if failed is None:
        return None
    batch, failures = failed
    spec, prompt = pool.board.spec, parent.modules[module.name]
    contrasts = pool.contrasts(batch, parent, failures)
    source = f"reflection on {len(failures)} of {len(batch)}"
    draft = reflect(spec, module, prompt, failures, contrasts, source, number)
    (text,) = yield from drafted(spec, (draft,), pool.written, f"reflection for {module.name}")
    if text is None:
        return None
    pool.written[module.name].append(text)
    child = parent.with_module(module.name, replace(prompt, instruction=text))
    found = yield from pool.compare(parent, child, batch)
    if found.gain > GAIN:
        pool.options[module.name].append(text)
        number = len(pool.options[module.name]) - 1
        yield InstructionProposed(module.name, number, text, source)
        yield from pool.admit(child, (parent,))
    else:
        yield ProposalRefused(module.name, text, _no_better(found), source)
    return found


def _merge(pool: Pool, rng: random.Random) -> Conversation[None]:
    """Try the improvements of two front members together, against the better of the two."""
    found = pool.next_merge(rng) if pool.affords_rounds() else None
    if found is not None:
        child, parents = found
        pool.merged.add(child)
        against = yield from pool.compare(parents[0], child, next(pool.draws))
        if against.gain > GAIN:
            yield from pool.admit(child, parents)


def _no_better(found: Comparison) -> Problem:
    if found.n == 0:
        return problem("proposal.failed")
    return problem("proposal.no_better", n=found.n, wins=found.wins, losses=found.losses)


def _nothing_to_learn(pool: Pool) -> Problem:
    if not pool.board.spec.train:
        return warning("note.nothing_to_reflect_on")
    if not pool.modules:
        return warning("note.all_frozen")
    return warning("note.baseline_unscored")


OPTIMIZER = Optimizer(
    name="reflective",
    converse=converse,
    uses=OF_TRIALS | OF_MINIBATCHES,
    uses_instructions=True,
    shown_sets=0,
    steps=cost_model.reflections,
    asks=cost_model.asks_once_a_round,
    reflects=True,
)

"""PROMST: a tree of prompts, grown from kinds of errors and screened before any call (Chen et al.
2024, arXiv 2402.08702).

A level has children written of the best two of the level before: their failures on training
examples are told apart by people's feedback rules, each kind is summed up, and a rewriting sees the
summaries and all that its parent descends from. It ends when the best of a level falls twice in a
row.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from optimizer.core.conversation.events import (
    Phase,
    PhaseStarted,
    Result,
    noted,
)
from optimizer.core.conversation.requests import Ask, Conversation, Evaluate, Purpose, ask, evaluate
from optimizer.core.conversation.spec import RunSpec, Settings
from optimizer.core.evaluation.cases import failures_of
from optimizer.core.instructions.cleaning import clean, text_of
from optimizer.core.instructions.drafting import Draft, drafted
from optimizer.core.instructions.error_kinds import (
    ErrorKind,
    kinds_of,
    rewrite_by_kinds,
    summarize_kind,
)
from optimizer.core.instructions.guidance import SAMPLES_OF_A_ROUND
from optimizer.core.metrics.feedback import told_cases
from optimizer.core.optimizers.optimizer import OF_TRIALS, SIZES, Optimizer, few_full_evaluations
from optimizer.core.problems import fine, warning
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Prompt
from optimizer.core.programs.program import Module
from optimizer.core.runs.board import Board, is_perfect
from optimizer.core.runs.run_loop import run_loop
from optimizer.core.runs.trials import doubt_minibatches
from optimizer.core.search.search import NewSearch
from optimizer.core.strategies import cost_model
from optimizer.core.strategies.pool import batches
from optimizer.core.strategies.prompt_tree import Child, Tree
from optimizer.core.strategies.rounds import rounds_without_ground

FALLS = 2
"""Levels in a row whose best is below the one before, after which it ends."""

Summaries = tuple[tuple[ErrorKind, str], ...]


@dataclass
class Level:
    """Where a search stands: level `number` has `nodes`; `fallen` levels in a row were worse."""

    number: int
    nodes: list[Candidate]
    fallen: int = 0


def converse(spec: RunSpec, new_search: NewSearch) -> Conversation[Result]:
    """Grow the tree level by level, of at most T children."""

    def search(board: Board) -> Conversation[None]:
        tree = yield from _rooted(board)
        if not tree.rounds.modules:
            yield noted(warning("note.all_frozen"))
            return
        if not spec.train:
            yield noted(warning("note.nothing_to_reflect_on"))
            return
        yield from doubt_minibatches(board)
        yield PhaseStarted(Phase.SEARCH, spec.settings.trials)
        draws = batches(
            spec.train, spec.settings.minibatch_size, random.Random(f"{spec.seed}:tree")
        )
        yield from tree.screened(_grow(tree, draws))

    return (yield from run_loop(spec, search))


def _rooted(board: Board) -> Conversation[Tree]:
    rounds = yield from rounds_without_ground(board)
    tree = Tree(rounds, random.Random(f"{board.spec.seed}:screen"), {board.baseline: None})
    tree.learn(board.baseline)
    return tree


def _grow(tree: Tree, draws: Iterator[tuple[Example, ...]]) -> Conversation[None]:
    board, left = tree.board, tree.board.spec.settings.trials
    level = Level(0, [board.baseline])
    while left > 0 and level.nodes and level.fallen < FALLS:
        grown: list[Candidate] = []
        for parent in tree.best(level.nodes, cost_model.BEAM):
            count = min(board.spec.settings.step_candidates, left)
            if count == 0:
                break
            module = tree.rounds.modules[level.number % len(tree.rounds.modules)]
            summaries = yield from _errors(tree, parent, module, next(draws))
            if summaries:
                left -= count
                grown += yield from _children(tree, parent, module, summaries, count, level.number)
            if is_perfect(board):
                return
        if not grown:
            yield noted(fine("note.level_without_children", level=level.number + 1))
            return
        before, after = (tree.best(nodes, 1)[0] for nodes in (level.nodes, grown))
        fallen = level.fallen + 1 if tree.score(after) < tree.score(before) else 0
        level = Level(level.number + 1, grown, fallen)


def _errors(
    tree: Tree, parent: Candidate, module: Module, batch: Sequence[Example]
) -> Conversation[Summaries]:
    """What goes wrong with a prompt on training examples: a summary of each kind of error."""
    spec = tree.board.spec
    outcomes = yield from evaluate(Evaluate(parent, tuple(batch), Purpose.REFLECTION))
    failures = failures_of(told_cases(batch, outcomes, spec.feedback_rules))
    kinds = kinds_of(module, failures, spec.feedback_rules)
    if not kinds:
        return ()
    heat = spec.settings.proposal_temperature
    asked = tuple(summarize_kind(spec.program, module, kind, heat) for kind in kinds)
    replies = yield from ask(Ask(asked, f"errors of {module.name}"))
    return tuple((k, clean(text_of(reply))) for k, reply in zip(kinds, replies, strict=True))


def _children(
    tree: Tree,
    parent: Candidate,
    module: Module,
    summaries: Summaries,
    count: int,
    number: int,
) -> Conversation[list[Candidate]]:
    """Have a parent's rewritings written; those that are not left out are scored."""
    source = f"level {number + 1}: {len(summaries)} kinds of errors"
    said = partial(_said, tree, parent, module, summaries, number)
    drafts = [Draft(module, said, source)] * count
    purpose = f"children of level {number + 1}"
    texts = yield from drafted(tree.board.spec, drafts, tree.rounds.written, purpose)
    bar = min(map(tree.score, tree.best(list(tree.parents), cost_model.BEAM)))
    grown: list[Candidate] = []
    for text in filter(None, texts):
        candidate = yield from tree.grow(Child(module, parent, text, source), bar)
        grown += [candidate] if candidate is not None else []
        if is_perfect(tree.board):
            break
    return grown


def _said(
    tree: Tree, parent: Candidate, module: Module, summaries: Summaries, number: int, sample: int
) -> Prompt:
    spec = tree.board.spec
    return rewrite_by_kinds(
        spec.program,
        module,
        tree.chain(parent, module),
        summaries,
        temperature=spec.settings.proposal_temperature,
        sample=number * SAMPLES_OF_A_ROUND + sample,
    )


def levels_of_sixteen(settings: Settings) -> Settings:
    """Two levels, four, or eight; as many examples as other full evaluations have."""
    size = SIZES.get(settings.effort, 0)
    few = few_full_evaluations(settings)
    children = cost_model.BEAM * few.step_candidates
    return replace(few, trials=children * (2, 4, 8)[size], minibatch_size=20)


OPTIMIZER = Optimizer(
    name="promst",
    converse=converse,
    uses=OF_TRIALS | {"step_candidates", "minibatch_size"},
    uses_instructions=True,
    shown_sets=0,
    steps=cost_model.tree,
    asks=cost_model.asks_in_tree,
    sized=levels_of_sixteen,
    reflects=True,
)

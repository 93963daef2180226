"""A pool of fully evaluated candidates with their descent, and what training examples showed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from optimizer.core.conversation.requests import Conversation, Evaluate, Outcomes, Purpose, evaluate
from optimizer.core.conversation.splits import validation_of
from optimizer.core.evaluation import pareto
from optimizer.core.evaluation.cases import Case, contrasts_of, failures_of
from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.evaluation.stats import Comparison, compare
from optimizer.core.metrics.feedback import told_cases
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Module
from optimizer.core.runs.board import Board
from optimizer.core.runs.trials import full_trial
from optimizer.core.search.search import Choice

DRAWS = 4
"""Minibatches drawn for one parent, as long as it is right on all of them."""


@dataclass
class Pool:
    """What a reflective search knows.

    `parents` has the members in order of admission, the baseline first, with what each was made
    from. `options` are the instructions by module as they were announced, `written` all texts that
    new ones must differ from. `seen` are outcomes on training examples, by candidate and example.
    `draws` are minibatches of training examples. `allowance` is the number of examples that the
    search may score, `spent` how many it has.
    """

    board: Board
    allowance: int
    options: dict[str, list[str]]
    written: dict[str, list[str]]
    parents: dict[Candidate, tuple[Candidate, ...]]
    draws: Iterator[tuple[Example, ...]]
    seen: dict[Candidate, dict[str, Outcome]] = field(default_factory=dict)
    merged: set[Candidate] = field(default_factory=set)
    spent: int = 0

    @property
    def modules(self) -> list[Module]:
        """Those whose instruction may change and that are called at all."""
        program = self.board.spec.program
        called = {call.module for call in program.calls}
        return [m for m in program.modules if m.name in called and m.writable]

    def affords_rounds(self, count: int = 1) -> bool:
        """Whether parent and child on a minibatch, and the child's full evaluation, can be paid."""
        spec = self.board.spec
        batch = min(spec.settings.minibatch_size, len(spec.train))
        size = 2 * batch + len(validation_of(spec))
        return self.spent + count * size <= self.allowance

    def front(self) -> dict[Candidate, int]:
        """The members that are best on some validation example and dominated by none."""
        known = self.board.full_outcomes
        return pareto.front(
            {
                member: {o.example_id: o.score.value for o in known[member] if o.score is not None}
                for member in self.parents
            }
        )

    def choice(self, candidate: Candidate) -> Choice:
        """The options that make up a candidate, for people."""
        return {
            f"{m.name}:instruction": self.options[m.name].index(
                candidate.modules[m.name].instruction
            )
            for m in self.modules
        }

    def run(self, candidate: Candidate, batch: Sequence[Example]) -> Conversation[Outcomes]:
        """A candidate's outcomes on training examples; those known before are not asked again."""
        known = self.seen.setdefault(candidate, {})
        unknown = tuple(e for e in batch if e.id not in known)
        if unknown:
            self.spent += len(unknown)
            outcomes = yield from evaluate(Evaluate(candidate, unknown, Purpose.REFLECTION))
            known |= {o.example_id: o for o in outcomes}
        found = tuple(known[e.id] for e in batch)
        # A call that failed is asked again when the example is next drawn.
        self.seen[candidate] = {key: o for key, o in known.items() if o.score is not None}
        return found

    def failures(
        self, candidate: Candidate
    ) -> Conversation[tuple[tuple[Example, ...], tuple[Case, ...]] | None]:
        """A minibatch that a candidate does not solve completely, with its failures on it."""
        for _ in range(DRAWS):
            if not self.affords_rounds():
                break
            batch = next(self.draws)
            outcomes = yield from self.run(candidate, batch)
            failures = failures_of(self._cases(batch, outcomes))
            if failures:
                return batch, failures
        return None

    def compare(
        self, parent: Candidate, child: Candidate, batch: Sequence[Example]
    ) -> Conversation[Comparison]:
        """Child against parent on the same training examples."""
        before = yield from self.run(parent, batch)
        after = yield from self.run(child, batch)
        return compare(before, after)

    def admit(self, candidate: Candidate, parents: tuple[Candidate, ...]) -> Conversation[None]:
        """Evaluate a candidate on the whole validation split; it is a member from now on."""
        score = yield from full_trial(self.board, candidate, self.choice(candidate))
        self.spent += score.n + score.errors
        self.parents[candidate] = parents

    def contrasts(
        self, batch: Sequence[Example], parent: Candidate, failures: Sequence[Case]
    ) -> tuple[tuple[Case, Case], ...]:
        """Failures of the parent that another candidate, kept or not, has got right; one each."""
        found: dict[str, tuple[Case, Case]] = {}
        for other, known in self.seen.items():
            if other != parent:
                shared = [e for e in batch if e.id in known]
                right = self._cases(shared, [known[e.id] for e in shared])
                for pair in contrasts_of(right, failures):
                    found.setdefault(pair[0].example_id, pair)
        return tuple(found.values())

    def _cases(self, rows: Sequence[Example], outcomes: Sequence[Outcome]) -> tuple[Case, ...]:
        return told_cases(rows, outcomes, self.board.spec.feedback_rules)

    def ancestors(self, candidate: Candidate) -> list[Candidate]:
        """All that a member descends from, the nearest first."""
        found = list(self.parents[candidate])
        for ancestor in found:
            found += [c for c in self.parents[ancestor] if c not in found]
        return found

    def next_merge(self, rng: random.Random) -> tuple[Candidate, tuple[Candidate, ...]] | None:
        """A merger of two front members that was not tried yet, with the two, the better first."""
        pairs = list(combinations(self.front(), 2))
        rng.shuffle(pairs)
        full = self.board.full
        for pair in pairs:
            first, second = sorted(pair, key=lambda c: -full[c].mean)
            theirs = self.ancestors(second)
            for ancestor in self.ancestors(first):
                if ancestor not in theirs or full[ancestor].mean >= full[second].mean:
                    continue
                child = crossed(first, second, ancestor)
                if child is not None and child not in self.parents and child not in self.merged:
                    return child, (first, second)
        return None


def crossed(first: Candidate, second: Candidate, ancestor: Candidate) -> Candidate | None:
    """The ancestor with the changes of both; None unless they changed different modules."""
    ours, theirs = (
        {name for name, prompt in c.modules.items() if prompt != ancestor.modules[name]}
        for c in (first, second)
    )
    if not ours or not theirs or ours & theirs:
        return None
    return Candidate({**first.modules, **{name: second.modules[name] for name in theirs}})


def batches(
    examples: Sequence[Example], size: int, rng: random.Random
) -> Iterator[tuple[Example, ...]]:
    """Minibatches without end: every example comes before any comes again, but for a remainder."""
    size = min(size, len(examples))
    while True:
        order = rng.sample(examples, len(examples))
        for start in range(0, len(order) - size + 1, size):
            yield tuple(order[start : start + size])

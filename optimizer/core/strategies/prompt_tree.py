"""A tree of prompts: what was made of what, and which proposals are worth a call."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from optimizer.core.conversation.events import InstructionDescended, ProposalRefused, noted
from optimizer.core.conversation.requests import BudgetSpent, Conversation
from optimizer.core.evaluation.shrinkage import own_variance
from optimizer.core.instructions.edits import edited_words
from optimizer.core.instructions.shown import current_text
from optimizer.core.problems import Problem, fine, problem
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.program import Module
from optimizer.core.runs.board import Board
from optimizer.core.runs.trials import full_trial
from optimizer.core.search.screening import Outlook, Screen
from optimizer.core.strategies.rounds import Rounds

AUDITED = 0.1
"""Share of the proposals that the screen would leave out, and that are tried all the same."""


@dataclass(frozen=True)
class Child:
    """A rewriting of one module's instruction in `parent`."""

    module: Module
    parent: Candidate
    text: str
    source: str


@dataclass
class Tree:
    """`parents` has every scored candidate's, the root's is None.

    `foretold` are the outlooks of those that were scored, `audited` of those that were tried
    although their outlook was poor; `left_out` counts those that were not.
    """

    rounds: Rounds
    rng: random.Random
    parents: dict[Candidate, Candidate | None]
    screen: Screen = field(default_factory=Screen)
    foretold: dict[Candidate, Outlook] = field(default_factory=dict)
    audited: list[Candidate] = field(default_factory=list)
    left_out: int = 0

    @property
    def board(self) -> Board:
        return self.rounds.board

    def score(self, candidate: Candidate) -> float:
        """0 where nothing is known, so that nobody descends from who fails."""
        known = self.board.full.get(candidate)
        return known.mean if known and known.n and not self.board.fails(candidate) else 0.0

    def best(self, level: Sequence[Candidate], count: int) -> list[Candidate]:
        """The best so many of a level, the earlier one of equals first."""
        return sorted(level, key=lambda candidate: -self.score(candidate))[:count]

    def chain(self, candidate: Candidate, module: Module) -> list[tuple[str, float]]:
        """A module's instructions from the root's to a candidate's, with the candidates' scores."""
        found: list[tuple[str, float]] = []
        node: Candidate | None = candidate
        while node is not None:
            text = current_text(module, node.modules[module.name])
            if not found or found[-1][0] != text:
                found.append((text, self.score(node)))
            node = self.parents[node]
        return found[::-1]

    def learn(self, candidate: Candidate) -> None:
        """Show a scored candidate to the screen."""
        known = self.board.full.get(candidate)
        if known and known.n and not self.board.fails(candidate):
            self.screen.observe(self.text_of(candidate), known.mean)

    def outlook(self, candidate: Candidate) -> Outlook | None:
        """What the screen expects of a candidate."""
        tables = [
            {o.example_id: o.score.value for o in outcomes if o.score is not None}
            for outcomes in self.board.full_outcomes.values()
        ]
        luck = own_variance([table for table in tables if table])
        return None if luck is None else self.screen.outlook(self.text_of(candidate), luck)

    def text_of(self, candidate: Candidate) -> str:
        """The instructions that may change, in a row."""
        return "\n".join(candidate.modules[m.name].instruction for m in self.rounds.modules)

    def grow(self, child: Child, bar: float) -> Conversation[Candidate | None]:
        """Score a child, unless it is expected to stay below `bar`; the candidate that it became,
        None where it was left out or known.
        """
        name = child.module.name
        prompt = replace(child.parent.modules[name], instruction=child.text)
        candidate = child.parent.with_module(name, prompt)
        if candidate in self.parents:
            return None
        outlook = self.outlook(candidate)
        poor = outlook is not None and outlook.mean + outlook.deviation < bar
        if outlook is not None and poor and self.rng.random() >= AUDITED:
            self.left_out += 1
            yield ProposalRefused(name, child.text, _screened(outlook), child.source)
            return None
        yield from self.rounds.keep({name: child.text}, child.source)
        yield self._descent(child)
        self.parents[candidate] = child.parent
        yield from full_trial(self.board, candidate, self.rounds.choice_of(candidate))
        if outlook is not None:
            self.foretold[candidate] = outlook
            self.audited += [candidate] if poor else []
        self.learn(candidate)
        return candidate

    def _descent(self, child: Child) -> InstructionDescended:
        name, texts = child.module.name, self.rounds.written[child.module.name]
        before = child.parent.modules[name].instruction
        edited = edited_words(current_text(child.module, child.parent.modules[name]), child.text)
        return InstructionDescended(name, len(texts) - 1, texts.index(before), (), edited)

    def screened(self, growing: Conversation[None]) -> Conversation[None]:
        """Grow, and tell how well the screen foretold, at a cap as well."""
        try:
            yield from growing
        except BudgetSpent:
            yield from self._tell_screen()
            raise
        yield from self._tell_screen()

    def _tell_screen(self) -> Conversation[None]:
        """How well the screen foretold: what it left out, and what became of what it would have."""
        known = [c for c in self.foretold if self.board.full[c].n]
        if not known:
            return
        off = [abs(self.foretold[c].mean - self.board.full[c].mean) for c in known]
        best = self.board.full[self.board.best].mean if self.board.best is not None else 0.0
        missed = sum(self.board.full[c].mean >= best for c in self.audited if c in known)
        yield noted(
            fine(
                "note.screened",
                left_out=self.left_out,
                audited=len(self.audited),
                missed=missed,
                off=round(100 * sum(off) / len(off), 1),
                n=len(known),
            )
        )


def _screened(outlook: Outlook) -> Problem:
    return problem(
        "proposal.screened",
        expected=round(100 * outlook.mean),
        give=round(100 * outlook.deviation),
    )

"""Which cards a run shows to the model that writes: the nearest three that still help."""

from __future__ import annotations

from optimizer.core.conversation.spec import Rewrite
from optimizer.core.programs.likeness import Index
from optimizer.core.programs.program import Program
from promptlab.accounts.models import Project
from promptlab.runs.library.cards import cards_for, task_kind, task_text
from promptlab.runs.library.standing import standings
from promptlab.runs.models import RewriteCard

SHOWN = 3


def nearest(project: Project, program: Program, model: str) -> tuple[Rewrite, ...]:
    """By kind of task first, then by the likeness of what the tasks say, then by model; equal
    rewritings once.
    """
    modules = [module for module in program.modules if module.writable]
    cards = list(cards_for(project)) if modules else []
    if not cards:
        return ()
    known = standings(cards)
    cards = [card for card in cards if not known[card.pk].leaves]
    index = Index([card.task_text for card in cards])
    kinds = {task_kind(module) for module in modules}
    likeness = [index.scores(task_text(program, module)) for module in modules]

    def place(at: int) -> tuple[bool, float, bool, int]:
        card = cards[at]
        alike = max(scores.get(at, 0.0) for scores in likeness)
        return card.task_kind in kinds, alike, card.model == model, card.pk

    ordered = [cards[at] for at in sorted(range(len(cards)), key=place, reverse=True)]
    distinct = {(card.before, card.after): card for card in reversed(ordered)}
    chosen = [card for card in ordered if distinct[card.before, card.after] is card]
    return tuple(map(_as_rewrite, chosen[:SHOWN]))


def _as_rewrite(card: RewriteCard) -> Rewrite:
    return Rewrite(str(card.pk), card.before, card.after, card.gain, card.n)

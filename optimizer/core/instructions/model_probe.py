"""Whether the optimizer model can write instructions at all: three small requests to rewrite."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from optimizer.core.conversation.events import StopReason, noted
from optimizer.core.conversation.requests import Ask, BudgetSpent, Conversation, Unfinished, ask
from optimizer.core.instructions import prompts
from optimizer.core.instructions.cleaning import clean
from optimizer.core.instructions.guards import words
from optimizer.core.problems import warning
from optimizer.core.programs.lm import Prompt

PURPOSE = "trial of the optimizer model"
WEAK_PROPOSALS = 1
"""Instructions a module that a weak model is still asked for."""
MAX_WORDS = 80
"""A sentence said in other words is no longer than this, with all that a model adds."""
REPETITION = 0.75
"""A text repeats itself when fewer of its word pairs than this share are distinct."""
ECHO = 0.8
"""A reply that has this share of the sentence's word pairs is the sentence again."""


@dataclass(frozen=True)
class Rewriting:
    """A sentence to be said in other words, and the names that must stay as they are."""

    sentence: str
    names: tuple[str, ...]


REWRITINGS = (
    Rewriting(
        "Decide whether the `review` is positive or negative and give the result as `verdict`.",
        ("review", "positive", "negative", "verdict"),
    ),
    Rewriting(
        "Sort the `question` into billing, delivery or other and give that word as `team`.",
        ("question", "billing", "delivery", "other", "team"),
    ),
    Rewriting(
        "Read the `letter`, find out who wrote it, and give the name as `sender`.",
        ("letter", "sender"),
    ),
)


def probe() -> Conversation[StopReason]:
    """The same small requests by themselves; the answers stay in the record."""
    try:
        yield from ask(Ask(_asked(), PURPOSE))
    except BudgetSpent as spent:
        return StopReason.of(spent.cap)
    return StopReason.COMPLETED


def _asked() -> tuple[Prompt, ...]:
    return tuple(prompts.rewrite(r.sentence, r.names) for r in REWRITINGS)


def too_weak(wanted: int) -> Conversation[bool]:
    """Whether the optimizer model fails most of the small requests, which is told with advice.

    `wanted`: instructions a module that it was to write. The requests are the same in every run, so
    they are paid for once.
    """
    replies = yield from ask(Ask(_asked(), PURPOSE))
    failed = sum(not followed(r, reply) for r, reply in zip(REWRITINGS, replies, strict=True))
    if 2 * failed <= len(REWRITINGS):
        return False
    counts = {"failed": failed, "asked": len(REWRITINGS), "written": WEAK_PROPOSALS}
    if wanted > WEAK_PROPOSALS:
        yield noted(warning("note.weak_model_fewer", wanted=wanted, **counts))
    else:
        yield noted(warning("note.weak_model", **counts))
    return True


def followed(request: Rewriting, reply: str | Unfinished) -> bool:
    """Whether a reply is the sentence in other words, every name kept."""
    if isinstance(reply, Unfinished):
        return False
    text = clean(reply)
    said = words(text)
    if not said or len(said) > MAX_WORDS or repeats_itself(said):
        return False
    echoes = _shared(request.sentence, text) >= ECHO or prompts.REWRITE in text
    return not echoes and all(name in said for name in request.names)


def _shared(sentence: str, text: str) -> float:
    there = set(pairwise(words(text)))
    pairs = list(pairwise(words(sentence)))
    return sum(pair in there for pair in pairs) / len(pairs)


def repeats_itself(said: list[str]) -> bool:
    """Whether a text goes in circles, as small models do."""
    pairs = list(pairwise(said))
    return len(set(pairs)) < REPETITION * len(pairs)

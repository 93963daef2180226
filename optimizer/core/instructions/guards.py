"""Why a proposed instruction may not be tried: told in words, and no trial is spent on it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optimizer.core.instructions.prompts import PROPOSAL_WORDS
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import (
    Field,
    Value,
    placeholders,
    unknown_placeholders,
    written,
)

MAX_LENGTH = 3000
"""Characters that an instruction may have, or as many as the program's own has."""
NEAR_SHARE, NEAR_PAIRS = 0.1, 6
"""Near-duplicates differ in at most a tenth of their word pairs, and in no more than six."""
LEAK_WORDS = 8
"""An instruction that shares a run of this many words with the data has copied it."""
CIRCLE_WORDS, CIRCLE_SHARE, CIRCLE_TIMES = 4, 0.3, 3
"""A text goes in circles when it has one sentence of so many words so many times, or when fewer
than this share of its runs of so many words are distinct."""
SENTENCE_WORDS = 5
"""A sentence of the request for a proposal counts as copied from this many words on."""
WHOLE_WORDS = 4
"""A whole input of this many words or more counts as copied, however short it is."""


_DECLINED = re.compile(
    r"\W*(?:(?:i['’]m|i am)\s+(?:very |so |truly )?(?:sorry|afraid|unable|not able)\b"
    r"|(?:sorry|apologies|my apologies|i apologi[sz]e)\b[,.;:!]"
    r"|(?:unfortunately,?\s+)?i\s+(?:can['’]?t|cannot|can not|won['’]t|will not|must decline)\b"
    r"|as an? (?:ai|artificial|large|language)\b[^.\n]{0,40}\bi\s*(?:['’]m|can|do|have|am)"
    r"|(?:(?:could|can|would) you )?(?:please )?(?:provide|share|give|clarify|specify)\b"
    r"[^.?!\n]{0,40}\b(?:more|further|the (?:current|original)) "
    r"(?:context|details?|information|instructions?)\b)",
    re.IGNORECASE,
)


class Material(Protocol):
    """What a text may have been copied from."""

    @property
    def program(self) -> Program: ...

    @property
    def train(self) -> tuple[Example, ...]: ...

    @property
    def validation(self) -> tuple[Example, ...]: ...


def refusal(spec: Material, module: Module, text: str, kept: Sequence[str]) -> Problem | None:
    """Why `text` may not be tried as an instruction of `module`, None when it may.

    `kept` are the instructions that it must differ from, the current one among them.
    """
    return (
        _form_fault(module, text)
        or _declines(text)
        or _circles(text)
        or _lost(module, text)
        or _repeats(text, kept)
        or _copies(spec, text)
        or _parrots(spec, text)
    )


def near_duplicate(text: str, other: str) -> bool:
    """Whether two instructions differ in next to nothing: a word or three of a longer text.

    Case, space and punctuation do not count; order does.
    """
    ours, theirs = _pairs(text), _pairs(other)
    apart = max((ours - theirs).total(), (theirs - ours).total())
    return apart <= min(NEAR_PAIRS, NEAR_SHARE * max(ours.total(), theirs.total()))


def words(text: str) -> list[str]:
    """The words of a text, folded; each Han or kana character is one, as nothing parts them."""
    return _WORD.findall(text.casefold())


def _form_fault(module: Module, text: str) -> Problem | None:
    if not text.strip():
        return problem("proposal.empty")
    longest = max(MAX_LENGTH, len(module.signature.instruction))
    if len(text) > longest:
        return problem("proposal.long", most=longest)
    own = placeholders(module.signature.instruction)
    unknown = unknown_placeholders(text, [*module.spoken_names, *own])
    return problem("proposal.no_such_field", name=unknown[0]) if unknown else None


def _declines(text: str) -> Problem | None:
    """Who will not write, or asks back, says so to who asked and not to the task model."""
    return problem("proposal.declined", text=_short(text)) if _DECLINED.match(text) else None


def _circles(text: str) -> Problem | None:
    """Small models seldom come to an end: they say one sentence over and over."""
    parts = map(words, _SENTENCE.split(text))
    said = Counter(" ".join(part) for part in parts if len(part) >= CIRCLE_WORDS)
    for sentence, times in said.most_common(1):
        if times >= CIRCLE_TIMES:
            return problem("proposal.said_again", text=_short(sentence), times=times)
    runs = list(_runs(words(text), CIRCLE_WORDS))
    again = len(set(runs)) < CIRCLE_SHARE * len(runs)
    return problem("proposal.circles") if again else None


def _lost(module: Module, text: str) -> Problem | None:
    for phrase in module.locked:
        if phrase not in text:
            return problem("proposal.loses_phrase", phrase=_short(phrase))
    there = placeholders(text)
    spoken_of = placeholders(module.signature.instruction)
    gone = [n for n in spoken_of if n in module.signature.names and n not in there]
    return problem("proposal.loses_field", name=gone[0]) if gone else None


def _repeats(text: str, kept: Sequence[str]) -> Problem | None:
    alike = next((other for other in kept if near_duplicate(text, other)), None)
    if alike is None:
        return None
    same = words(text) == words(alike)
    return problem("proposal.repeats") if same else problem("proposal.near_duplicate")


def _copies(spec: Material, text: str) -> Problem | None:
    """Copied is what the data has and the program's own text has not."""
    known = _data_text(spec.train, spec.validation)
    own = _program_text(spec.program)
    found = words(text)
    for run in _runs(found, LEAK_WORDS):
        if known.has_run(run) and f" {run} " not in own:
            return problem("proposal.copies_data", text=_short(run))
    for size in range(WHOLE_WORDS, LEAK_WORDS):
        for run in _runs(found, size):
            if run in known.inputs and f" {run} " not in own:
                return problem("proposal.copies_input", text=_short(run))
    return None


def _parrots(spec: Material, text: str) -> Problem | None:
    """Weak models answer with pieces of the request itself, such as its tip."""
    own = _program_text(spec.program)
    found = words(text)
    for size in range(SENTENCE_WORDS, LEAK_WORDS + 1):
        for run in _runs(found, size):
            if run in _request_runs() and f" {run} " not in own:
                return problem("proposal.copies_request", text=_short(run))
    return None


@lru_cache(maxsize=1)
def _request_runs() -> frozenset[str]:
    """What a request says of its own: whole short sentences, and runs of longer ones."""
    told = [words(part) for said in PROPOSAL_WORDS for part in _SENTENCE.split(said)]
    whole = [" ".join(w) for w in told if SENTENCE_WORDS <= len(w) < LEAK_WORDS]
    return frozenset((*whole, *(run for w in told for run in _runs(w, LEAK_WORDS))))


@dataclass(frozen=True)
class _DataText:
    """What the examples say: hashes of every run of LEAK_WORDS words, sorted, and short inputs."""

    runs: NDArray[np.int64]
    inputs: frozenset[str]

    def has_run(self, run: str) -> bool:
        place = int(np.searchsorted(self.runs, hash(run)))
        return place < len(self.runs) and int(self.runs[place]) == hash(run)


@lru_cache(maxsize=2)
def _data_text(*splits: tuple[Example, ...]) -> _DataText:
    runs = (
        hash(run)
        for split in splits
        for example in split
        for text in _texts((*example.inputs.values(), *example.expected.values()))
        for run in _runs(words(text), LEAK_WORDS)
    )
    inputs = (
        words(text)
        for split in splits
        for example in split
        for text in _texts(tuple(example.inputs.values()))
    )
    short = frozenset(" ".join(w) for w in inputs if WHOLE_WORDS <= len(w) < LEAK_WORDS)
    return _DataText(np.unique(np.fromiter(runs, dtype=np.int64)), short)


def _program_text(program: Program) -> str:
    """The program's own words, with a space at both ends: these are not copied from the data."""
    parts = [program.description]
    for module in program.modules:
        parts += [module.rewritable(module.signature.instruction), module.description]
        for field in (*module.signature.inputs, *module.signature.outputs):
            parts += _words_of_field(field)
    return " " + " | ".join(" ".join(words(part)) for part in parts) + " "


def _words_of_field(field: Field) -> Iterator[str]:
    yield from (field.meaning, *field.choices)
    for part in field.fields:
        yield from (part.name, *_words_of_field(part))


def _texts(values: Sequence[Value]) -> Iterator[str]:
    for value in values:
        if isinstance(value, list):
            yield from map(written, value)
        else:
            yield written(value)


def _runs(found: Sequence[str], size: int) -> Iterator[str]:
    return (" ".join(found[i : i + size]) for i in range(len(found) - size + 1))


def _pairs(text: str) -> Counter[tuple[str, str]]:
    found = ["", *words(text), ""]
    return Counter(pairwise(found))


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + "…"


_ALONE = "\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(rf"[{_ALONE}]|[^\W{_ALONE}]+")
_SENTENCE = re.compile(r"[.:;!?。！？\n]")

"""Which texts of a pool are most like a text: BM25 on words, and on pairs of characters where a
script has no spaces. Standard library only: a version's Python file carries this very text.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Any

# ----------------------------------------------------------------------------------------------

SATURATION, LENGTH = 1.2, 0.75
"""BM25's k1 and b, as its authors advise."""
MOST_POSTINGS = 8_000
"""Places of words that are looked at for one text, the rarest words first: what is left out then
stands nearly everywhere and tells little.
"""
RELEVANCE = 0.7
"""Of maximal marginal relevance: the share of likeness to the text, the rest is novelty."""
SHORTLIST, LABELLED = 4, 24
"""So many times the wanted number are looked at where they are to differ, or to be balanced."""

_RUN = re.compile(r"\w+")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
"""Thai, Lao, Burmese, Khmer, kana and Han are written without spaces between words."""


def terms(text: str) -> list[str]:
    """The words of a text in lower case; pairs of characters where words are not told apart."""
    found: list[str] = []
    for run in _RUN.findall(text.casefold()):
        last = 0
        for unspaced in _UNSPACED.finditer(run):
            found += filter(None, [run[last : unspaced.start()]])
            part, last = unspaced[0], unspaced.end()
            found += [part[i : i + 2] for i in range(max(len(part) - 1, 1))]
        found += filter(None, [run[last:]])
    return found


def key_of(texts: Iterable[str]) -> str:
    """Equal for equal inputs, whatever their case and spaces: 16 hex digits."""
    plain = "\x1f".join(" ".join(text.casefold().split()) for text in texts)
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()[:16]


class Index:
    """Texts made ready to be compared with others; building it takes time linear in their size."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(terms(text)) for text in texts]
        self.size = len(counts)
        self.words = [frozenset(count) for count in counts]
        lengths = [sum(count.values()) for count in counts]
        mean = sum(lengths) / max(len(lengths), 1) or 1.0
        places: dict[str, list[int]] = {}
        for number, count in enumerate(counts):
            for term in count:
                places.setdefault(term, []).append(number)
        self._postings: dict[str, list[tuple[int, float]]] = {}
        for term, where in places.items():
            rarity = math.log(1 + (len(texts) - len(where) + 0.5) / (len(where) + 0.5))
            postings = []
            for number in where:
                often = counts[number][term]
                norm = SATURATION * (1 - LENGTH + LENGTH * lengths[number] / mean)
                postings.append((number, rarity * often * (SATURATION + 1) / (often + norm)))
            self._postings[term] = postings

    def scores(self, text: str, most: int = 0) -> dict[int, float]:
        """Likeness of the texts that share a word with this one, by their number."""
        known = {term: self._postings[term] for term in terms(text) if term in self._postings}
        found: dict[int, float] = {}
        looked_at = 0
        for _, postings in sorted(known.items(), key=lambda pair: (len(pair[1]), pair[0])):
            looked_at += len(postings)
            if looked_at > MOST_POSTINGS and found:
                break
            if not found:
                found.update(postings)
                continue
            for number, weight in postings:
                found[number] = found.get(number, 0.0) + weight
        return found

    def shared(self, one: int, other: int) -> float:
        """The share of words that two of the texts have in common (Jaccard)."""
        union = len(self.words[one] | self.words[other])
        return len(self.words[one] & self.words[other]) / union if union else 0.0


def most_alike(
    index: Any,
    asked: Any,
    count: int,
    choosing: str = "nearest",
    labels: Sequence[str] = (),
    without: frozenset[int] = frozenset(),
) -> list[int]:
    """Numbers of the texts to show with the one that is `asked`, the best match last. `index` is
    an `Index` of texts, or what compares vectors in its place.

    `choosing`: "nearest"; "diverse", the near ones that differ most from one another (maximal
    marginal relevance); or "balanced", of every label equally many of the nearest. `labels` are
    those of all texts, for "balanced". `without`: texts that are not to be shown.
    """
    size = index.size
    wanted = count * {"diverse": SHORTLIST, "balanced": LABELLED}.get(choosing, 1)
    scores = index.scores(asked, wanted + len(without))
    for number in without:
        scores.pop(number, None)
    ranked = [n for _, n in nsmallest(wanted, [(-score, n) for n, score in scores.items()])]
    if len(ranked) < wanted:
        rest = (n for n in range(size) if n not in scores and n not in without)
        ranked += [n for _, n in zip(range(wanted - len(ranked)), rest, strict=False)]
    if choosing == "diverse":
        ranked = _diverse(index, ranked, scores, count)
    elif choosing == "balanced":
        ranked = _balanced(ranked, labels, count)
    return ranked[:count][::-1]


def _diverse(index: Any, ranked: list[int], scores: dict[int, float], count: int) -> list[int]:
    best = max((scores.get(n, 0.0) for n in ranked), default=0.0) or 1.0
    told = dict.fromkeys(ranked, 0.0)
    chosen: list[int] = []
    while told and len(chosen) < count:
        pick = max(
            told,
            key=lambda n: RELEVANCE * scores.get(n, 0.0) / best - (1 - RELEVANCE) * told[n],
        )
        chosen.append(pick)
        del told[pick]
        for number, most in told.items():
            told[number] = max(most, index.shared(number, pick))
    return chosen


def _balanced(ranked: list[int], labels: Sequence[str], count: int) -> list[int]:
    """The nearest of every label first, then the second nearest of every label, and so on."""
    seen: Counter[str] = Counter()
    rounds = []
    for place, number in enumerate(ranked):
        rounds.append((seen[labels[number]], place, number))
        seen[labels[number]] += 1
    chosen = sorted(rounds)[:count]
    return [number for _, _, number in sorted(chosen, key=lambda turn: turn[1])]

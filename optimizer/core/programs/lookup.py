"""Looking things up in passages: BM25 by the bm25s library, on the terms of `likeness`.

Everything below the line of dashes is copied into the files that a version is downloaded as.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from optimizer.core.programs.likeness import LENGTH, SATURATION, terms
from optimizer.core.programs.values import ListOf, ObjectOf, read_value

# ----------------------------------------------------------------------------------------------


def passage_text(passage: dict[str, Any]) -> str:
    """A passage as one text: its only value, or a line for each column."""
    told = {name: value for name, value in passage.items() if value is not None}
    parts = [
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for value in told.values()
    ]
    if len(passage) == 1:
        return "".join(parts)
    return "\n".join(f"{name}: {part}" for name, part in zip(told, parts, strict=True))


class PassageIndex:
    """Texts made ready to be looked things up in. Equal texts and queries find equal places."""

    def __init__(self, vocabulary: dict[str, int], ranker: Any) -> None:
        self.vocabulary, self.ranker = vocabulary, ranker

    @classmethod
    def of(cls, texts: Iterable[str]) -> PassageIndex:
        import bm25s

        vocabulary: dict[str, int] = {}
        rows = [[vocabulary.setdefault(t, len(vocabulary)) for t in terms(text)] for text in texts]
        # The library refuses texts without any word: this one is in none of them.
        nothing = vocabulary.setdefault("", len(vocabulary))
        ranker = bm25s.BM25(k1=SATURATION, b=LENGTH)
        ranker.index(([row or [nothing] for row in rows], vocabulary), show_progress=False)
        return cls(vocabulary, ranker)

    @classmethod
    def load(cls, folder: Path) -> PassageIndex:
        """One that was saved; of its arrays only what is looked at is read."""
        import bm25s

        vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        return cls(vocabulary, bm25s.BM25.load(str(folder), mmap=True, load_vocab=False))

    def save(self, folder: Path) -> None:
        self.ranker.save(str(folder), show_progress=False)
        told = json.dumps(self.vocabulary, ensure_ascii=False)
        (folder / "vocabulary.json").write_text(told, encoding="utf-8")

    def best(self, query: str, k: int) -> Sequence[int]:
        """The places of the `k` texts that say most about it, the best first; of equals the first.
        Texts that share no term with it are never among them.
        """
        import numpy

        asked = [self.vocabulary[t] for t in terms(query) if t in self.vocabulary]
        if not asked:
            return []
        scores = self.ranker.get_scores_from_ids(asked)
        least = float(numpy.partition(scores, -k)[-k]) if k < len(scores) else 0.0
        places = [int(place) for place in (scores >= least).nonzero()[0] if scores[place] > 0]
        return sorted(places, key=lambda place: (-float(scores[place]), place))[:k]


class Lookup:
    """A step that gives the passages of a file of JSON lines that say most about its input."""

    def __init__(self, file: str, k: int, output: str, kind: Any) -> None:
        self.file, self.k, self.output, self.kind = file, k, output, kind
        self.index: Any = None
        self.passages: list[dict[str, Any]] = []

    def __call__(self, values: dict[str, Any]) -> dict[str, Any]:
        if self.index is None:
            lines = Path(self.file).read_text(encoding="utf-8").splitlines()
            self.passages = [json.loads(line) for line in lines if line]
            self.index = PassageIndex.of(passage_text(passage) for passage in self.passages)
        (query,) = values.values()
        found = [self.passages[place] for place in self.index.best(query, self.k)]
        return {self.output: passages_as(self.kind, found)}


def passages_as(kind: Any, found: Sequence[dict[str, Any]]) -> Any:
    """Passages as a value of a list: objects with the parts that these have, or texts."""
    if not isinstance(kind, ListOf) or not isinstance(kind.kind, ObjectOf):
        return read_value(kind, [passage_text(passage) for passage in found])
    names = kind.kind.kinds
    return read_value(kind, [{n: passage.get(n) for n in names} for passage in found])

"""Looking things up in passages: BM25 by the bm25s library, on the terms that likeness is told by.

Everything below the line of dashes is copied into the files that a version is downloaded as.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import bm25s
import numpy

from optimizer.core.programs.layouts import spelled_out
from optimizer.core.programs.likeness import LENGTH, SATURATION, terms
from optimizer.core.programs.passages import passage_text, passages_as, passages_told

# ----------------------------------------------------------------------------------------------


class PassageIndex:
    """Texts made ready to be looked things up in. Equal texts and queries find equal places."""

    def __init__(self, vocabulary: dict[str, int], ranker: Any) -> None:
        self.vocabulary, self.ranker = vocabulary, ranker

    @classmethod
    def of(cls, texts: Iterable[str]) -> Any:
        vocabulary: dict[str, int] = {}
        rows = [[vocabulary.setdefault(t, len(vocabulary)) for t in terms(text)] for text in texts]
        # The library refuses texts without any word: this one is in none of them.
        nothing = vocabulary.setdefault("", len(vocabulary))
        ranker = bm25s.BM25(k1=SATURATION, b=LENGTH)
        ranker.index(([row or [nothing] for row in rows], vocabulary), show_progress=False)
        return cls(vocabulary, ranker)

    @classmethod
    def load(cls, folder: Path) -> Any:
        """One that was saved; of its arrays only what is looked at is read."""
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
        asked = [self.vocabulary[t] for t in terms(query) if t in self.vocabulary]
        if not asked:
            return []
        scores = self.ranker.get_scores_from_ids(asked)
        least = float(numpy.partition(scores, -k)[-k]) if k < len(scores) else 0.0
        places = [int(place) for place in (scores >= least).nonzero()[0] if scores[place] > 0]
        return sorted(places, key=lambda place: (-float(scores[place]), place))[:k]


class Lookup:
    """A step that gives the passages of a file of JSON lines, which lies beside this one, that say
    most about its input.
    """

    def __init__(self, file: str, k: int, output: str, kind: Any) -> None:
        self.file, self.k, self.output, self.kind = file, k, output, kind
        self.index: Any = None
        self.passages: list[dict[str, Any]] = []

    def __call__(self, values: dict[str, Any]) -> dict[str, Any]:
        if self.index is None:
            told = Path(__file__).with_name(self.file).read_text(encoding="utf-8")
            # Not splitlines(), which knows more ends of lines than JSON lines have.
            self.passages = [json.loads(line) for line in told.split("\n") if line]
            self.index = PassageIndex.of(passage_text(passage) for passage in self.passages)
        (query,) = values.values()
        found = [self.passages[p] for p in self.index.best(spelled_out(query), self.k)]
        return {self.output: passages_as(self.kind, found)}


class Searching(Lookup):
    """The same as a tool, which gives its passages as a text."""

    def __init__(self, file: str, k: int) -> None:
        super().__init__(file, k, "passages", "list")

    def __call__(self, values: dict[str, Any]) -> Any:
        return passages_told(super().__call__(values)["passages"])

"""Demos of a prompt: a fixed set, or those of a pool that are most like the input at hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from optimizer.core.programs.likeness import Index, key_of, most_alike
from optimizer.core.programs.lm import EmbeddingModel
from optimizer.core.programs.meanings import matrix_of
from optimizer.core.programs.signature import Value, written
from optimizer.core.programs.steps import Embed, Steps, embedded
from optimizer.core.programs.vectors import Meanings, told_of


def digest_of(content: object) -> str:
    """SHA-256 (hex) of a value's canonical JSON."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Demo:
    """One worked example in a prompt: every field's value, and `reasoning` where there is one."""

    values: dict[str, Value]
    augmented: bool = False
    """True when a model wrote it (a bootstrapped trace), False for the dataset's own label."""

    @property
    def content(self) -> list[object]:
        """What tells it from others."""
        return [self.values, self.augmented]


@dataclass(frozen=True)
class PooledDemo(Demo):
    """A demo of a pool. `example` is the id of the training row that it was made of, `key` stands
    for what the program was given in that row: who is given the same must not be shown its answer.
    """

    example: str = ""
    key: str = ""


@dataclass(frozen=True)
class DemoPool:
    """Demos of one module to choose from, made of training rows only; its inputs are `inputs`."""

    inputs: tuple[str, ...]
    demos: tuple[PooledDemo, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content."""
        told = [[d.values, d.augmented, d.example, d.key] for d in self.demos]
        return digest_of([self.inputs, told])

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """By which its demos are compared with inputs."""
        return tuple(self.text_of(demo.values) for demo in self.demos)

    @cached_property
    def index(self) -> Index:
        return Index(self.texts)

    def embed(self, model: EmbeddingModel) -> Embed:
        """The request for its vectors: equal for all inputs, so that it is answered once."""
        return Embed(self._begun, model)

    @cached_property
    def _begun(self) -> tuple[str, ...]:
        return tuple(map(told_of, self.texts))

    @cached_property
    def alike(self) -> dict[str, frozenset[int]]:
        """Numbers of the demos that are no news for an input: those of the same row or of its
        duplicates by `key`, and those that show the same input of the module.
        """
        found: dict[str, set[int]] = {}
        for number, demo in enumerate(self.demos):
            for key in (demo.key, self.key_of(demo.values)):
                found.setdefault(key, set()).add(number)
        return {key: frozenset(numbers) for key, numbers in found.items() if key}

    def text_of(self, values: Mapping[str, Value]) -> str:
        """The text by which inputs are compared."""
        return "\n".join(written(values.get(name)) for name in self.inputs)

    def key_of(self, values: Mapping[str, Value]) -> str:
        return key_of(part for name in self.inputs for part in (name, written(values.get(name))))

    def labels(self, field: str) -> list[str]:
        return [written(demo.values.get(field)) for demo in self.demos]


class Choosing(StrEnum):
    """How demos are chosen among those that are like an input: the nearest; near ones that differ
    from one another (maximal marginal relevance); of each label the nearest.
    """

    NEAREST = "nearest"
    DIVERSE = "diverse"
    BALANCED = "balanced"


@dataclass(frozen=True)
class NearestDemos:
    """Demos chosen anew for every input: `fixed` first, then `k` of the pool, the best match last.

    `label`: the output field by which "balanced" tells labels apart. `embedding`: the model by
    whose vectors demos are like an input; None: they are by their words.
    """

    k: int
    pool: DemoPool
    choosing: Choosing = Choosing.NEAREST
    label: str = ""
    fixed: tuple[Demo, ...] = ()
    embedding: EmbeddingModel | None = None

    @property
    def content(self) -> list[object]:
        """What tells it from others."""
        fixed = [demo.content for demo in self.fixed]
        by = [[self.embedding.provider, self.embedding.model]] if self.embedding else []
        return ["nearest", self.k, self.pool.digest, self.choosing, self.label, fixed, *by]

    def choose(self, values: Mapping[str, Value], given: str = "") -> Steps[tuple[Demo, ...]]:
        """The demos for these inputs of the module, in the order in which they are shown.

        `given` is the `Program.key_of` what the program was given: neither that row nor a duplicate
        of it is among them, nor is one that shows these very inputs.
        """
        if self.embedding is None or not self.pool.demos:
            return self.demos_by_words(values, given)
        own = Embed((told_of(self.pool.text_of(values)),), self.embedding)
        pool, (asked,) = yield from embedded(self.pool.embed(self.embedding), own)
        return self._shown(matrix_of(pool), asked, values, given)

    def demos_by_words(self, values: Mapping[str, Value], given: str = "") -> tuple[Demo, ...]:
        """The same by likeness of words: those that are shown where no model embeds, and else as
        long as others would be.
        """
        return self._shown(self.pool.index, self.pool.text_of(values), values, given)

    def _shown(
        self, index: Index | Meanings, asked: object, values: Mapping[str, Value], given: str
    ) -> tuple[Demo, ...]:
        pool, nothing = self.pool, frozenset[int]()
        without = pool.alike.get(given, nothing) | pool.alike.get(pool.key_of(values), nothing)
        labels = pool.labels(self.label) if self.choosing is Choosing.BALANCED else ()
        numbers = most_alike(index, asked, self.k, self.choosing, labels, without)
        return (*self.fixed, *(pool.demos[number] for number in numbers))


FixedDemos = tuple[Demo, ...]
Demos = FixedDemos | NearestDemos
"""What a prompt shows: always the same demos, or for each input its own."""


def fixed_of(demos: Demos) -> tuple[Demo, ...]:
    """The demos that are shown whatever the input is."""
    return demos.fixed if isinstance(demos, NearestDemos) else demos


def renamed(demos: Demos, names: Mapping[str, str], kept: Collection[str]) -> Demos:
    """The demos with the values of renamed fields, and without those of fields not in `kept`."""

    def values(demo: Demo) -> dict[str, Value]:
        moved = {names.get(name, name): value for name, value in demo.values.items()}
        return {name: value for name, value in moved.items() if name in kept}

    fixed = tuple(replace(demo, values=values(demo)) for demo in fixed_of(demos))
    if not isinstance(demos, NearestDemos):
        return fixed
    pool = DemoPool(
        tuple(n for name in demos.pool.inputs if (n := names.get(name, name)) in kept),
        tuple(replace(demo, values=values(demo)) for demo in demos.pool.demos),
    )
    return replace(demos, fixed=fixed, pool=pool, label=names.get(demos.label, demos.label))


def a_few(demos: Demos, most: int) -> tuple[Demo, ...]:
    """A few of the demos, to show what they are like."""
    pool = demos.pool.demos[:most] if isinstance(demos, NearestDemos) else ()
    return (*fixed_of(demos), *pool)[:most]


def with_fixed(demos: Demos, fixed: FixedDemos) -> Demos:
    """The same choice with other demos that are shown whatever the input is."""
    return replace(demos, fixed=fixed) if isinstance(demos, NearestDemos) else fixed


def most_shown(demos: Demos) -> int:
    """How many demos a prompt shows at most."""
    own = len(fixed_of(demos))
    return own + min(demos.k, len(demos.pool.demos)) if isinstance(demos, NearestDemos) else own


def contents_of(demos: Demos) -> list[object]:
    """What tells these demos from others, as plain JSON data."""
    return demos.content if isinstance(demos, NearestDemos) else [d.content for d in demos]

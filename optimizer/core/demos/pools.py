"""Pools of demos, and the ways to choose from them for each input that a search starts with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from optimizer.core.conversation.spec import RunSpec
from optimizer.core.demos.labels import demo_of_row, labelled_demo
from optimizer.core.demos.traces import Accepted
from optimizer.core.programs.demo import (
    Choosing,
    Demo,
    DemoPool,
    Demos,
    NearestDemos,
    PooledDemo,
    contents_of,
    fixed_of,
)
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import Module, Program
from optimizer.core.programs.signature import FieldType
from optimizer.core.search.arms import Floats

FEW, MANY, MOST = 4, 8, 16
"""Demos for each input: what a search begins with, and the most that it grows to."""
BEFORE = 2
"""Fixed demos that stand before the nearest ones in what a race puts together."""


def nearest_sets(
    spec: RunSpec, module: Module, accepted: Sequence[Accepted]
) -> tuple[NearestDemos, ...]:
    """What a search may choose beside fixed sets: few and many of the nearest, few that differ, of
    each label the nearest; out of labels with what traces add, and out of labels alone. By words,
    and the first also by meaning where the run has an embedding model.

    Pools are made of training rows only. Empty where a pool would hold fewer than two demos.
    """
    labels = _pool(module, _labels(spec, module))
    both = _pool(module, _with_traces(spec, module, accepted))
    found = [
        NearestDemos(FEW, both),
        *([NearestDemos(FEW, both, embedding=spec.embedding)] if spec.embedding else ()),
        NearestDemos(MANY, both),
        NearestDemos(FEW, both, Choosing.DIVERSE),
    ]
    label = _label_of(module)
    if label:
        several = min(max(len(set(both.labels(label))), FEW), MANY)
        found.append(NearestDemos(several, both, Choosing.BALANCED, label))
    if labels.digest != both.digest:
        found.append(NearestDemos(FEW, labels))
    return _distinct(_sized(each) for each in found if len(each.pool.demos) > 1)


def pool_of_labels(
    program: Program, module: Module, rows: Iterable[Example], columns: Mapping[str, str]
) -> DemoPool:
    """A pool of the labels of these training rows; see `demo_of_row`. Empty where none fits."""
    found = ((row, demo_of_row(program, module, row, columns)) for row in rows)
    labelled = {row.id: [_pooled(program, demo, row)] for row, demo in found if demo is not None}
    return _pool(module, labelled)


def more_nearest(
    sets: Sequence[Demos], effects: Floats, fixed: Sequence[Demo]
) -> tuple[NearestDemos, ...]:
    """Near relatives of the best way to choose, none of them known: twice as many demos, half as
    many, and the best fixed demos before them. Empty unless it is the best of all sets.

    `effects`, shape (sets,): what is believed of the sets' effects on the score.
    """
    best = max(range(len(sets)), key=lambda i: (round(float(effects[i]), 9), -i))
    leader = sets[best]
    if not isinstance(leader, NearestDemos):
        return ()
    found = [
        replace(leader, fixed=tuple(fixed[:BEFORE])),
        replace(leader, k=min(2 * leader.k, MOST)),
        replace(leader, k=max(leader.k // 2, 1)),
    ]
    known = [contents_of(each) for each in sets]
    return _distinct(each for each in map(_sized, found) if each.content not in known)


def fixed_sets(sets: Iterable[Demos]) -> list[tuple[Demo, ...]]:
    """Those that show the same demos whatever the input is."""
    return [fixed_of(each) for each in sets if not isinstance(each, NearestDemos)]


def _label_of(module: Module) -> str:
    """The output that says what kind of answer it is; "" where none does."""
    kinds = (FieldType.CHOICE, FieldType.BOOLEAN)
    return next((f.name for f in module.signature.outputs if f.type in kinds), "")


def _labels(spec: RunSpec, module: Module) -> dict[str, list[PooledDemo]]:
    """By training row: the demo of its label, where it has one."""
    if not spec.settings.max_labeled_demos:
        return {}
    found: dict[str, list[PooledDemo]] = {}
    for example in spec.train:
        demo = labelled_demo(spec.program, spec.metric, module, example)
        if demo is not None:
            found[example.id] = [_pooled(spec.program, demo, example)]
    return found


def _with_traces(
    spec: RunSpec, module: Module, accepted: Sequence[Accepted]
) -> dict[str, list[PooledDemo]]:
    """A trace that scored stands for its row: it also shows what no label says."""
    traced = {
        each.example.id: [
            _pooled(spec.program, demo, each.example) for demo in each.demos[module.name]
        ]
        for each in accepted
        if each.demos.get(module.name)
    }
    return _labels(spec, module) | traced


def _pool(module: Module, by_row: dict[str, list[PooledDemo]]) -> DemoPool:
    inputs = tuple(f.name for f in module.signature.inputs)
    return DemoPool(inputs, tuple(demo for demos in by_row.values() for demo in demos))


def _pooled(program: Program, demo: Demo, example: Example) -> PooledDemo:
    return PooledDemo(demo.values, demo.augmented, example.id, program.key_of(example.inputs))


def _sized(nearest: NearestDemos) -> NearestDemos:
    """No more of the pool than it has: showing all of it is no choice."""
    return replace(nearest, k=min(nearest.k, len(nearest.pool.demos) - 1))


def _distinct(found: Iterable[NearestDemos]) -> tuple[NearestDemos, ...]:
    return tuple({digest: each for each in found if (digest := str(each.content))}.values())

"""Demos as a pool: sets put together anew from the demos that did well, and from harvested ones."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.core.demos.demo_sets import DemoSet, inputs_of
from optimizer.core.demos.pools import more_nearest
from optimizer.core.programs.demo import Demo, FixedDemos, NearestDemos, fixed_of
from optimizer.core.programs.program import Module
from optimizer.core.search.arms import Floats


def worth_of(sets: Sequence[FixedDemos], effects: Floats) -> list[tuple[Demo, float]]:
    """What each demo of these sets is worth, best first: the mean effect of the sets that have it.

    `effects`, shape (sets,): what is believed of the sets' effects on the score.
    """
    found: list[tuple[Demo, list[float]]] = []
    for demos, effect in zip(sets, effects, strict=True):
        for demo in demos:
            known = next((e for d, e in found if d == demo), None)
            if known is None:
                found.append((demo, [float(effect)]))
            else:
                known.append(float(effect))
    means = [(demo, sum(told) / len(told)) for demo, told in found]
    return sorted(means, key=lambda pair: -round(pair[1], 9))


def new_sets(
    module: Module,
    sets: Sequence[FixedDemos],
    effects: Floats,
    harvested: Sequence[Demo],
    most: int,
) -> list[FixedDemos]:
    """Sets that are worth a try, none of them known: the best demos together; the best set with
    half as many; and the best set with a harvested demo in the place of its poorest.

    `most`: demos that a set may have. An example is shown with its label or with a trace, not both.
    """
    if most < 1 or not sets:
        return []
    ranked = [demo for demo, _ in worth_of(sets, effects)]
    best = max(sets, key=lambda demos: round(float(effects[list(sets).index(demos)]), 9))
    kept = sorted(best, key=ranked.index)
    fresh = [demo for demo in harvested if demo not in ranked]
    room = min(most, max(len(best), 1))
    found = [
        tuple(_distinct(module, ranked)[:most]),
        tuple(kept[: max(len(kept) // 2, 1)]),
        tuple(_distinct(module, [*kept[: room - 1], *fresh[:1]])) if fresh else (),
    ]
    unknown: list[FixedDemos] = []
    for demos in found:
        if demos and not _held(demos, [*sets, *unknown]):
            unknown.append(demos)
    return unknown


def _distinct(module: Module, demos: Sequence[Demo]) -> list[Demo]:
    """The first demo of each example, told by its inputs."""
    found: list[Demo] = []
    for demo in demos:
        if inputs_of(module, demo) not in [inputs_of(module, other) for other in found]:
            found.append(demo)
    return found


def _held(demos: FixedDemos, sets: Sequence[FixedDemos]) -> bool:
    """Whether some set has the same demos, in whatever order."""
    return any(len(demos) == len(other) and all(d in other for d in demos) for other in sets)


def more_demos(
    module: Module, sets: Sequence[DemoSet], effects: Floats, harvested: Sequence[Demo], most: int
) -> list[DemoSet]:
    """Options that are worth a try, none of them known: new fixed sets, and near relatives of the
    best way to choose demos for each input, where that is the best of all.

    `effects`, shape (sets,): what is believed of the sets' effects on the score.
    """
    fixed = [i for i, demos in enumerate(sets) if not isinstance(demos, NearestDemos)]
    known = [fixed_of(sets[i]) for i in fixed]
    ranked = [demo for demo, _ in worth_of(known, effects[fixed])]
    found: list[DemoSet] = [*new_sets(module, known, effects[fixed], harvested, most)]
    return [*found, *more_nearest(sets, effects, _distinct(module, ranked))]

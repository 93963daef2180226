"""Demo sets: bootstrapped from traces that scored (the paper's §3.1), or the data's own labels."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from optimizer.core.conversation.events import DemoSetFound, Phase, PhaseStarted, noted
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import RunSpec, Settings
from optimizer.core.demos.labels import labelled_demo
from optimizer.core.demos.pools import nearest_sets
from optimizer.core.demos.traces import Accepted, TraceDemos, accepted_traces
from optimizer.core.problems import warning
from optimizer.core.programs.demo import Demo, Demos, NearestDemos
from optimizer.core.programs.program import Module
from optimizer.core.programs.signature import Value

SHOWN_DEMOS = 3
"""Demos shown to the optimizer model in one proposal."""

DemoSet = Demos
"""One option for the demos of a module."""


@dataclass(frozen=True)
class DemoSets:
    """Demo-set candidates by module; set 0 is the module as it stands, usually without demos."""

    by_module: dict[str, tuple[DemoSet, ...]]

    def count(self, module: str) -> int:
        return len(self.by_module[module])


@dataclass(frozen=True)
class Mix:
    """What a demo set is made of: so many bootstrapped demos, and labelled ones up to `size`.

    Where a module has no labels, bootstrapped ones take their place.
    """

    bootstrapped: int
    size: int


def bootstrap(spec: RunSpec, mixes: Sequence[Mix] = ()) -> Conversation[DemoSets]:
    """Find `spec.settings.demo_sets` demo sets for every module (§3.1, §4).

    Frozen demos are their module's only set. `mixes`: what the sets are made of, one after the
    other and round again; where none are given, every set has as many bootstrapped demos as the
    settings allow, and labelled ones only for want of those.
    """
    rng = random.Random(f"{spec.seed}:demos")
    settings = spec.settings
    wanted = settings.max_bootstrapped_demos * max(settings.demo_sets - 1, 0)
    if not any(module.takes_new_demos for module in spec.program.modules):
        wanted = 0
    accepted: list[Accepted] = []
    yield PhaseStarted(Phase.BOOTSTRAP, min(len(spec.train), wanted))
    if wanted:
        accepted = yield from accepted_traces(spec, wanted, rng)
        if len(accepted) < settings.max_bootstrapped_demos:
            yield noted(warning("note.few_demos", n=len(accepted)))
    traces = [each.demos for each in accepted]
    by_module: dict[str, tuple[DemoSet, ...]] = {}
    for module in spec.program.modules:
        module_rng = random.Random(f"{spec.seed}:{module.name}")
        sets = _sets_of(spec, module, traces, module_rng, mixes)
        if settings.nearest_demos and module.takes_new_demos:
            sets = (*sets, *nearest_sets(spec, module, accepted)[: settings.nearest_demos])
        by_module[module.name] = sets
    for name, sets in by_module.items():
        for index, demos in enumerate(sets):
            yield DemoSetFound(name, index, demos, source_of(demos))
    return DemoSets(by_module)


def demos_to_show(spec: RunSpec, sets: int = 1) -> Conversation[DemoSets | None]:
    """Demo sets that ground proposals and go into no candidate; None when none are to be shown."""
    settings = settings_to_show(spec.settings, sets)
    if settings is None:
        return None
    return (yield from bootstrap(replace(spec, settings=settings)))


def settings_to_show(settings: Settings, sets: int) -> Settings | None:
    """What demos that are only shown are bootstrapped with: so many sets beside the empty one."""
    if not settings.grounding.demos or not sets:
        return None
    return replace(
        settings,
        demo_sets=sets + 1,
        max_bootstrapped_demos=SHOWN_DEMOS,
        max_labeled_demos=SHOWN_DEMOS,
        nearest_demos=0,
    )


def _sets_of(
    spec: RunSpec,
    module: Module,
    traces: Sequence[TraceDemos],
    rng: random.Random,
    mixes: Sequence[Mix],
) -> tuple[DemoSet, ...]:
    settings = spec.settings
    most = max(settings.max_bootstrapped_demos, settings.max_labeled_demos)
    mixes = mixes or [Mix(settings.max_bootstrapped_demos, most)]
    if not module.takes_new_demos:
        return (module.demos,)
    labelled = _labelled(spec, module) if settings.max_labeled_demos else []
    sets: list[DemoSet] = [module.demos, ()] if module.demos else [()]
    solved = any(trace.get(module.name) for trace in traces)
    if labelled and len(sets) + solved < settings.demo_sets:
        sets.append(_drawn(labelled, settings.max_labeled_demos, rng))
    for number in range(4 * settings.demo_sets):
        if len(sets) >= settings.demo_sets:
            break
        mix = mixes[number % len(mixes)]
        own = min(settings.max_bootstrapped_demos, mix.bootstrapped if labelled else mix.size)
        demos = _bootstrapped(traces, module.name, own, rng)
        room = min(settings.max_labeled_demos, mix.size) - len(demos)
        seen = [inputs_of(module, demo) for demo in demos]
        fresh = [d for d in labelled if inputs_of(module, d) not in seen]
        demos = (*demos, *_drawn(fresh, room, rng)) if room > 0 else demos
        if demos and demos not in sets:
            sets.append(demos)
    return tuple(sets)


def _labelled(spec: RunSpec, module: Module) -> list[Demo]:
    found = (labelled_demo(spec.program, spec.metric, module, e) for e in spec.train)
    return [demo for demo in found if demo is not None]


def _bootstrapped(
    traces: Sequence[TraceDemos], module: str, count: int, rng: random.Random
) -> tuple[Demo, ...]:
    usable = [trace[module] for trace in traces if trace.get(module)]
    picked = rng.sample(usable, min(count, len(usable)))
    return tuple(rng.choice(calls) for calls in picked)


def _drawn(demos: Sequence[Demo], count: int, rng: random.Random) -> tuple[Demo, ...]:
    return tuple(rng.sample(list(demos), min(count, len(demos))))


def inputs_of(module: Module, demo: Demo) -> list[Value]:
    """What a demo shows its module as given: two demos of one example have the same."""
    return [demo.values.get(f.name) for f in module.signature.inputs]


def source_of(demos: DemoSet) -> str:
    """Where the demos of a set come from, in a few words."""
    if isinstance(demos, NearestDemos):
        return f"{demos.choosing} {demos.k} of {len(demos.pool.demos)} for each input"
    if not demos:
        return "no demos"
    made = sum(d.augmented for d in demos)
    if made == len(demos):
        return "bootstrapped"
    return "labelled" if made == 0 else f"{made} bootstrapped, {len(demos) - made} labelled"

"""A demo as pages draw it."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.core.programs.demo import Demo
from optimizer.core.programs.program import Module


@dataclass(frozen=True)
class ShownDemo:
    """A demo as the page draws it. `augmented`: written by a model, not taken from the data."""

    inputs: list[tuple[str, object]]
    outputs: list[tuple[str, object]]
    augmented: bool


def shown_demo(module: Module, demo: Demo) -> ShownDemo:
    """A demo's values in the order of a call: inputs, then what the module writes."""
    outputs = [f.name for f in module.reply_fields]
    return ShownDemo(
        [(f.name, demo.values.get(f.name)) for f in module.signature.inputs],
        [(name, demo.values[name]) for name in outputs if demo.values.get(name) is not None],
        demo.augmented,
    )

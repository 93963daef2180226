from __future__ import annotations

from ninja import Schema

from optimizer.core.conversation.spec import Effort
from optimizer.core.optimizers import Optimizer
from optimizer.core.programs.program import Program
from optimizer.core.runs.validation import OWN_SETTINGS
from optimizer.sentences.optimizers import description_of, title_of

PRESETS = (Effort.LIGHT, Effort.MEDIUM, Effort.HEAVY)


class OptimizerOut(Schema):
    """`instructions` and `demos` say what it may change, `compares_writers` whether it makes use of
    `further_optimizers`. `efforts`: by effort, the settings that count with it.
    """

    name: str
    title: str
    description: str
    instructions: bool
    demos: bool
    compares_writers: bool
    efforts: dict[str, dict[str, int]]

    @classmethod
    def of(cls, optimizer: Optimizer, program: Program) -> OptimizerOut:
        counting = [name for name in OWN_SETTINGS if name in optimizer.uses]
        presets = {effort: optimizer.settings(effort, program) for effort in PRESETS}
        return cls(
            name=optimizer.name,
            title=title_of(optimizer),
            description=description_of(optimizer),
            instructions=optimizer.uses_instructions,
            demos=optimizer.uses_demos,
            compares_writers=optimizer.compares_writers,
            efforts={
                effort.value: {name: getattr(settings, name) for name in counting}
                for effort, settings in presets.items()
            },
        )

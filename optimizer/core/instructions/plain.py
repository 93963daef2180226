"""Instructions made from a module's own signature: no model is asked, and they are always tried.

With a weak optimizer model these are often the best there are (Zhang et al. 2024, "Revisiting
OPRO", arXiv 2405.10276).
"""

from __future__ import annotations

from optimizer.core.programs.program import Module
from optimizer.core.programs.render import shape_of
from optimizer.core.programs.signature import Field

DIRECT, STEP_BY_STEP = "direct", "step by step"
SOURCES = (DIRECT, STEP_BY_STEP)
"""Where `plain_instructions` come from, in their order."""


def plain_instructions(module: Module) -> tuple[str, str]:
    """The direct instruction, and the same with the request to think step by step.

    The task as the current instruction says it, or the module's note, or the names of its fields;
    then what is given, and what to give in which form. An instruction that was made here before
    gives itself again.
    """
    steps = _steps(module)
    parts = _parts(module)
    said = module.signature.instruction.strip()
    task = said.removesuffix(steps).rstrip().removesuffix(parts).rstrip()
    direct = f"{task or _task(module)}\n\n{parts}"
    return direct, f"{direct}\n\n{steps}"


def _task(module: Module) -> str:
    if module.description.strip():
        return module.description.strip()
    given, wanted = module.signature.inputs, module.signature.outputs
    return f"Find {_names(wanted)} for the {_names(given)} that you are given."


def _parts(module: Module) -> str:
    given = "\n".join(f"- {_told(f.name, f)}" for f in module.signature.inputs)
    wanted = "\n".join(
        f"- {_told(f'{f.name}, {shape_of(f)}', f)}" for f in module.signature.outputs
    )
    form = "Give every answer in the form named here, without any further words."
    return f"You are given:\n{given}\n\nYou give:\n{wanted}\n\n{form}"


def _steps(module: Module) -> str:
    where = f" in `{module.thinks_in}`" if module.thinks_in else ""
    return (
        f"Think step by step{where} before you answer: look at everything that you are given, say "
        "what speaks for each possible answer, and only then choose."
    )


def _told(what: str, field: Field) -> str:
    return f"{what}: {field.description}" if field.description else what


def _names(fields: tuple[Field, ...]) -> str:
    return " and ".join(f.name for f in fields)

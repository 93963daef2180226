from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from keyword import iskeyword

from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.code_step import FUNCTION, CodeStep
from optimizer.core.problems import Problem
from optimizer.core.programs.program import Module
from optimizer.sandbox.jail import jail
from promptlab.programs.kinds.kind import ModuleKind
from promptlab.ui.source_field import SourceField

EXAMPLE = """\
def step(text):
    return " ".join(text.split())
"""


def tried(module: Module) -> Sequence[Problem]:
    """What the sandbox says of the source before it is kept."""
    assert isinstance(module, CodeStep)
    return [fault.at("source") for fault in jail().check(module.source, FUNCTION, module.arguments)]


def _begun(module: Module) -> Module:
    """Gives what it takes, by the names of its inputs."""
    assert isinstance(module, CodeStep)
    if module.source != EXAMPLE:
        return module
    fields = module.signature.inputs
    names = [f"{f.name}_" if iskeyword(f.name) else f.name for f in fields]
    source = f"def step({', '.join(names)}):\n    return {names[0] if names else None}\n"
    return replace(module, source=source)


CODE_STEP = ModuleKind(
    CodeStep,
    _("Code"),
    _("A small function of your own in Python, in a sandbox. Asks no model."),
    fields={
        "source": SourceField(
            initial=EXAMPLE,
            help_text=_(
                "def step(…) with the names of the inputs, in their order. Return the value of the "
                "output, or a dict with one for each. At most one second and 64 MB of memory."
            ),
        )
    },
    check=tried,
    begin=_begun,
)

"""How long prompts are before any input stands in them."""

from __future__ import annotations

from optimizer.core.optimizers.estimate import tokens_of
from optimizer.core.programs.demo import fixed_of
from optimizer.core.programs.program import Module, ModulePrompt, Program
from optimizer.core.programs.signature import Value
from promptlab.programs.shown_demos import shown_nearest


def prompt_tokens(program: Program) -> int:
    """Tokens that the prompts of all calls take, guessed from their characters; demos that are
    chosen for each input count as they are on average.
    """
    modules = {module.name: module for module in program.modules}
    return sum(module_tokens(modules[call.module]) for call in program.calls)


def module_tokens(module: Module) -> int:
    """The same of one module's prompt."""
    blank: dict[str, Value] = dict.fromkeys((f.name for f in module.signature.inputs), "")
    own = ModulePrompt(module.signature.instruction, fixed_of(module.demos))
    chosen = shown_nearest(module, module.demos, "")
    return tokens_of(module, own, blank) + (chosen.tokens if chosen else 0)

"""The part of a downloaded Python file that is its own: its text is copied, behind the reader's.

Everything below the line of dashes goes into the file, where `complete` asks the model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from optimizer.core.programs.answers import UnreadableReply
from optimizer.core.programs.layouts import laid_out
from optimizer.core.programs.reply import read_reply
from optimizer.core.programs.values import Kind


def complete(messages: list[dict[str, str]], schema: dict[str, Any], **settings: Any) -> str:
    """Stands here for the function of the file's head, which asks the model."""
    raise NotImplementedError


# ----------------------------------------------------------------------------------------------


class Module(NamedTuple):
    """One prompt. `outputs` maps each output to its type, or to the tuple of its choices;
    `nullable` are inputs that may be null; `nearest` chooses further demos for each input;
    `samples` replies are drawn, with these `settings` of its own; `layout` is how inputs are laid
    out, and `reminder` stands behind them.
    """

    system: str
    demos: list[tuple[str, str]]
    inputs: list[str]
    outputs: dict[str, Kind]
    schema: dict[str, Any]
    nullable: tuple[str, ...] = ()
    nearest: Any = None
    samples: int = 1
    settings: dict[str, Any] = {}
    layout: str = "lines"
    reminder: str = ""


class NoAnswer(RuntimeError):
    """The reply was cut off, refused or withheld: nothing is read of it."""


def ask(module: Module, values: dict[str, Any], given: str = "") -> dict[str, Any]:
    """Ask the model; returns the module's outputs by name, lists of them where several replies are
    drawn. `given` stands for what the program was given.
    """
    messages = messages_of(module, values, given)

    def once() -> dict[str, Any]:
        return parse(module, complete(messages, module.schema, **module.settings))

    return drawn(module.samples, once)


def drawn(samples: int, once: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What one use gives by name, or lists of what so many give; a reply that cannot be read is
    left out, unless it is the last and none could.
    """
    if samples == 1:
        return once()
    found: list[dict[str, Any]] = []
    for number in range(samples):
        try:
            found.append(once())
        except (NoAnswer, UnreadableReply):
            if number == samples - 1 and not found:
                raise
    return {name: [each[name] for each in found] for name in found[0]}


def messages_of(module: Module, values: dict[str, Any], given: str = "") -> list[dict[str, str]]:
    messages = [{"role": "system", "content": module.system}]
    chosen = module.nearest.demos_for(values, given) if module.nearest else []
    for shown, reply in [*module.demos, *chosen]:
        messages.append({"role": "user", "content": shown})
        messages.append({"role": "assistant", "content": reply})
    told = {name: values.get(name) for name in module.inputs}
    asked = laid_out(module.layout, told, module.nullable)
    content = "\n\n".join(filter(None, [asked, module.reminder]))
    return [*messages, {"role": "user", "content": content}]


def parse(module: Module, reply: str) -> dict[str, Any]:
    """The module's outputs, read from a reply as the run read it."""
    return read_reply(module.outputs, reply, module.inputs)

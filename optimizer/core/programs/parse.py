"""Replies of a module read back into its outputs."""

from __future__ import annotations

from optimizer.core.programs.program import Module
from optimizer.core.programs.reply import read_reply
from optimizer.core.programs.signature import Value


def parse(module: Module, reply: str) -> dict[str, Value]:
    """The outputs that a reply gives, and the reasoning where it says one.

    Raises:
        UnreadableReply: an output is missing or not of its type, or two answers could be meant.
    """
    kinds = {field.name: field.kind for field in module.reply_fields}
    return read_reply(kinds, reply, [field.name for field in module.signature.inputs])

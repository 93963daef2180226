"""A step that calls tools in turns, in a downloaded file: its text is copied, behind `standalone`.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from optimizer.core.programs.turns import Say, messages_of_turns, turns_taken
from optimizer.core.programs.values import Kind
from promptlab.releases.formats.standalone import complete, drawn, messages_of, parse

# ----------------------------------------------------------------------------------------------


class Agent(NamedTuple):
    """A prompt whose model calls `tools` by name for at most `most` turns, each with a reply of the
    form `turn`, and then answers. `arguments` are the kinds of the tools' arguments, `over` is what
    is said when the turns are over; the rest is as of a `Module`.
    """

    system: str
    demos: list[tuple[str, str]]
    inputs: list[str]
    outputs: dict[str, Kind]
    schema: dict[str, Any]
    turn: dict[str, Any]
    arguments: dict[str, dict[str, Kind]]
    most: int
    over: str
    tools: dict[str, Any] = {}
    nullable: tuple[str, ...] = ()
    nearest: Any = None
    samples: int = 1
    settings: dict[str, Any] = {}
    layout: str = "lines"
    reminder: str = ""

    def __call__(self, values: dict[str, Any], given: str = "") -> dict[str, Any]:
        """Its outputs by name, and the turns; lists of outputs where several are drawn."""
        found = drawn(self.samples, lambda: self.answer(values, given))
        return found if self.samples == 1 else {name: found[name] for name in self.outputs}

    def answer(self, values: dict[str, Any], given: str) -> dict[str, Any]:
        begun: Any = messages_of(self, values, given)  # type: ignore[arg-type]  # has what it needs
        taking = turns_taken(self.arguments, self.most)
        wanted = next(taking)
        try:
            while True:
                if isinstance(wanted, Say):
                    told = self.said(begun, wanted.turns, "", self.turn)
                else:
                    told = self.tools[wanted.tool](wanted.arguments)
                wanted = taking.send(told)
        except StopIteration as end:
            turns = end.value
        reply = self.said(begun, turns, self.over, self.schema)
        return {"turns": turns, **parse(self, reply)}  # type: ignore[arg-type]  # as above

    def said(self, begun: Any, turns: Any, last: str, schema: dict[str, Any]) -> str:
        more = messages_of_turns(turns, last)
        messages = [*begun, *({"role": role, "content": content} for role, content in more)]
        return complete(messages, schema, **self.settings)

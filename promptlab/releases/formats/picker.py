"""A step whose model picks one of several values, in a downloaded file: its text is copied, behind
`standalone`.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from optimizer.core.programs.answers import UnreadableReply
from optimizer.core.programs.picking import NUMBER, candidates_told, picked
from optimizer.core.programs.values import Kind
from optimizer.core.programs.voting import distinct
from promptlab.releases.formats.standalone import complete, drawn, messages_of, parse

# ----------------------------------------------------------------------------------------------


class Picking(NamedTuple):
    """A prompt whose model says the number of the best of what the inputs `among` have: that value
    is the `output`, of this `kind`. The rest is as of a `Module`.
    """

    system: str
    demos: list[tuple[str, str]]
    inputs: list[str]
    outputs: dict[str, Kind]
    schema: dict[str, Any]
    among: list[str]
    output: str
    kind: Any
    nullable: tuple[str, ...] = ()
    nearest: Any = None
    samples: int = 1
    settings: dict[str, Any] = {}
    layout: str = "lines"
    reminder: str = ""

    def __call__(self, values: dict[str, Any]) -> dict[str, Any]:
        candidates = distinct(self.kind, [values.get(name) for name in self.among])
        if len(candidates) < 2:
            value = candidates[0] if candidates else None
            several = [] if value is None else [value] * self.samples
            return {self.output: value if self.samples == 1 else several, "reasoning": None}
        return drawn(self.samples, lambda: self.chosen(values, candidates))

    def chosen(self, values: dict[str, Any], candidates: list[Any]) -> dict[str, Any]:
        told = "\n\n".join(filter(None, [candidates_told(candidates), self.reminder]))
        asked: Any = self._replace(reminder=told)
        found = parse(asked, complete(messages_of(asked, values), self.schema, **self.settings))
        try:
            found[self.output] = picked(candidates, found.pop(NUMBER))
        except LookupError as error:
            raise UnreadableReply(str(error.args[0])) from None
        return found

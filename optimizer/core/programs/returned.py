"""What a function of somebody's own returned, as the outputs of a step.

It stands alone, on the values: everything below the line of dashes is copied into the files that a
version is downloaded as.
"""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from typing import Any, NamedTuple

from optimizer.core.programs.values import Kind, UnreadableValue, read_value

# ----------------------------------------------------------------------------------------------


class Unfitting(ValueError):
    """A step's code returned something that is not its outputs; the message says what would be."""


def outputs_in(kinds: dict[str, Kind], returned: Any) -> dict[str, Any]:
    """A value for each output: the only one itself, or a dict that has one for each.

    Raises:
        Unfitting: it is neither, or a value is of another type.
    """
    whole = isinstance(returned, dict) and set(returned) == set(kinds)
    if not whole and len(kinds) > 1:
        wanted = ", ".join(f'"{name}"' for name in kinds)
        raise Unfitting(f"the code must return a dict with {wanted} and nothing else")
    told = returned if whole else dict.fromkeys(kinds, returned)
    found = {}
    for name, kind in kinds.items():
        try:
            found[name] = read_value(kind, told[name])
        except UnreadableValue as error:
            raise Unfitting(f"the code returned for {name}: {error}") from None
    return found


class Function(NamedTuple):
    """A step that runs the function of a source, with the inputs in their order. As in a run, it is
    given copies, gives what JSON can say, and prints for nobody.
    """

    source: str
    function: str
    outputs: dict[str, Kind]

    def __call__(self, values: dict[str, Any]) -> dict[str, Any]:
        own: dict[str, Any] = {}
        given = json.loads(json.dumps(list(values.values())))
        with redirect_stdout(StringIO()):
            exec(compile(self.source, f"<{self.function}>", "exec"), own)  # noqa: S102
            returned = json.dumps(own[self.function](*given), allow_nan=False)
        return outputs_in(self.outputs, json.loads(returned))


class Calling(NamedTuple):
    """A tool that calls the function of a source; `defaults` are what arguments are that are left
    out, in the function's order. What goes wrong is told, as in a run.
    """

    source: str
    function: str
    defaults: dict[str, Any]

    def __call__(self, arguments: dict[str, Any]) -> str:
        own: dict[str, Any] = {}
        try:
            with redirect_stdout(StringIO()):
                exec(compile(self.source, f"<{self.function}>", "exec"), own)  # noqa: S102
                given = (arguments.get(name, value) for name, value in self.defaults.items())
                returned = json.dumps(own[self.function](*given), allow_nan=False)
        except Exception as error:  # noqa: BLE001  # whatever its author let happen
            return f"The tool failed: {type(error).__name__}: {error}"
        value = json.loads(returned)
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

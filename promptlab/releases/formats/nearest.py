"""Demos chosen for each input, in a downloaded file: its text is copied, behind that of likeness.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from optimizer.core.programs.layouts import laid_out, spelled_out
from optimizer.core.programs.likeness import Index, key_of, most_alike

# ----------------------------------------------------------------------------------------------


class Nearest:
    """The demos of a pool that are most like an input, `k` of them, the best match last.

    `rows`: the values of `inputs` in each row, the reply to show, a key that stands for what the
    program was given in that row, and the row's label. `nullable`: which of `inputs` may be null.
    """

    def __init__(
        self,
        k: int,
        choosing: str,
        inputs: list[str],
        rows: list[tuple[list[Any], str, str, str]],
        nullable: tuple[str, ...] = (),
        layout: str = "lines",
    ) -> None:
        self.k, self.choosing, self.inputs, self.rows = k, choosing, inputs, rows
        self.nullable, self.layout = nullable, layout
        self.labels = [label for *_, label in rows]
        self.texts = ["\n".join(map(spelled_out, values)) for values, *_ in rows]
        self.index: Any = None
        self.alike: dict[str, set[int]] = {}
        for number, (values, _, key, _) in enumerate(rows):
            for same in (key, self.key_of(values)):
                self.alike.setdefault(same, set()).add(number)

    def demos_for(self, values: Mapping[str, Any], given: str) -> list[tuple[str, str]]:
        """What is shown with these inputs: text and reply; never the row that was `given`."""
        asked = [values.get(name) for name in self.inputs]
        without = frozenset(self.alike.get(given, ())) | self.alike.get(self.key_of(asked), set())
        text = "\n".join(map(spelled_out, asked))
        if not self.rows:
            return []
        index, wanted = self.compared(text)
        chosen = most_alike(index, wanted, self.k, self.choosing, self.labels, without)
        return [(self.shown(self.rows[number][0]), self.rows[number][1]) for number in chosen]

    def compared(self, text: str) -> tuple[Any, Any]:
        """The rows made ready, and the text as they are compared with it: by words."""
        if self.index is None:
            self.index = Index(self.texts)
        return self.index, text

    def shown(self, values: list[Any]) -> str:
        told = dict(zip(self.inputs, values, strict=True))
        return laid_out(self.layout, told, self.nullable)

    def key_of(self, values: list[Any]) -> str:
        pairs = zip(self.inputs, values, strict=True)
        return key_of(part for name, value in pairs for part in (name, spelled_out(value)))


def input_key(inputs: Mapping[str, Any]) -> str:
    """Equal for inputs that are the same but for case and spaces."""
    return key_of(part for name in sorted(inputs) for part in (name, spelled_out(inputs[name])))

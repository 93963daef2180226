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

    `rows`: the values of `inputs` in each row, the reply to show (or a list of what is said by
    turns, which the reply begins), a key that stands for what the
    program was given in that row, and the row's label. `nullable`: which of `inputs` may be null;
    `by`: those by which likeness is told, where that is not all of them in their order.
    """

    def __init__(
        self,
        k: int,
        choosing: str,
        inputs: list[str],
        rows: list[tuple[list[Any], Any, str, str]],
        nullable: tuple[str, ...] = (),
        layout: str = "lines",
        by: list[str] | None = None,
    ) -> None:
        self.k, self.choosing, self.inputs, self.rows = k, choosing, inputs, rows
        self.nullable, self.layout, self.by = nullable, layout, by or inputs
        self.labels = [label for *_, label in rows]
        self.texts = [self.text_of(self.named(values)) for values, *_ in rows]
        self.index: Any = None
        self.alike: dict[str, set[int]] = {}
        for number, (values, _, key, _) in enumerate(rows):
            for same in (key, self.key_of(self.named(values))):
                self.alike.setdefault(same, set()).add(number)

    def demos_for(self, values: Mapping[str, Any], given: str) -> list[tuple[str, str]]:
        """What is shown with these inputs: text and reply; never the row that was `given`."""
        without = frozenset(self.alike.get(given, ())) | self.alike.get(self.key_of(values), set())
        text = self.text_of(values)
        if not self.rows:
            return []
        index, wanted = self.compared(text)
        chosen = most_alike(index, wanted, self.k, self.choosing, self.labels, without)
        said: list[str] = []
        for number in chosen:
            reply = self.rows[number][1]
            said.append(self.shown(self.rows[number][0]))
            said += [reply] if isinstance(reply, str) else reply
        return list(zip(said[::2], said[1::2], strict=True))

    def compared(self, text: str) -> tuple[Any, Any]:
        """The rows made ready, and the text as they are compared with it: by words."""
        if self.index is None:
            self.index = Index(self.texts)
        return self.index, text

    def named(self, values: list[Any]) -> dict[str, Any]:
        return dict(zip(self.inputs, values, strict=True))

    def shown(self, values: list[Any]) -> str:
        return laid_out(self.layout, self.named(values), self.nullable)

    def text_of(self, values: Mapping[str, Any]) -> str:
        return "\n".join(spelled_out(values.get(name)) for name in self.by)

    def key_of(self, values: Mapping[str, Any]) -> str:
        pairs = ((name, spelled_out(values.get(name))) for name in self.by)
        return key_of(part for pair in pairs for part in pair)


def input_key(inputs: Mapping[str, Any]) -> str:
    """Equal for inputs that are the same but for case and spaces."""
    return key_of(part for name in sorted(inputs) for part in (name, spelled_out(inputs[name])))

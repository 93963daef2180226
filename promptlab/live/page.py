"""An open page: which rings it listens to, what it reads, and which of its parts differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string

from promptlab.accounts.roles import Role

Ring = tuple[str, int]
"""A topic of the doorbell and what it is about, as in ("run", 9)."""


class LivePage(ABC):
    """One page as readers in one role have it open. Remembers what they were sent.

    A subclass is made with `project`, `asked` (what the address asks for) and what its route names,
    all by keyword.
    """

    gather = 0.5
    """In how many seconds rings are gathered into one frame."""

    def __init__(self) -> None:
        self._drawn: dict[str, str] = {}

    @abstractmethod
    def rings(self) -> Sequence[Ring]:
        """After which rings the page is read again. Asked once, before anything is sent.

        Raises:
            Http404: there is nothing to show.
        """

    @abstractmethod
    def read(self, role: Role) -> dict[str, Any]:
        """What the tables say now, as what the parts' templates are given.

        Raises:
            Http404: there is nothing to show any more.
        """

    @abstractmethod
    def parts(self) -> Mapping[str, str]:
        """What may differ from what was sent, after the latest reading: id of the element →
        template that draws all of it.
        """

    @property
    def goes_on(self) -> bool:
        """Whether something may change without a ring."""
        return True

    @property
    def over(self) -> bool:
        """Whether nothing more will come, after the latest reading: its sockets are closed."""
        return False

    def forget(self) -> None:
        """Nothing counts as sent: the next frame is the whole page."""
        self._drawn = {}

    def changes(self, role: Role) -> str:
        """The parts that differ from what was sent, for a reader in this role, as one frame; ""
        when nothing does.

        Raises:
            Http404: there is nothing to show any more.
        """
        context = self.read(role)
        drawn = {part: render_to_string(how, context) for part, how in self.parts().items()}
        changed = {part: html for part, html in drawn.items() if self._drawn.get(part) != html}
        self._drawn |= changed
        return _frame(changed)

    def whole(self) -> str:
        """All parts as they were drawn last, as one frame: for who was sent nothing yet."""
        return _frame(self._drawn)


def _frame(parts: Mapping[str, str]) -> str:
    return render_to_string("live/frame.html", {"parts": list(parts.items())}) if parts else ""

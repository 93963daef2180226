"""An open page: which rings it listens to, what it reads, and which of its parts differ."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from django.template.loader import render_to_string

from promptlab.accounts.roles import Role

Ring = tuple[str, int]
"""A topic of the doorbell and what it is about, as in ("run", 9)."""


class LivePage(ABC):
    """One page as one reader has it open. Remembers what they were sent.

    A subclass is made with `project`, `asked` (what the address asks for) and what its route names,
    all by keyword.
    """

    gather = 0.5
    """In how many seconds rings are gathered into one frame."""

    def __init__(self) -> None:
        self._sent: dict[str, str] = {}

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

    def forget(self) -> None:
        """Nothing counts as sent: the next frame is the whole page."""
        self._sent = {}

    def changes(self, role: Role) -> str:
        """The parts that differ from what was sent, for a reader in this role, as one frame; ""
        when nothing does.

        Raises:
            Http404: there is nothing to show any more.
        """
        context = self.read(role)
        drawn = {part: render_to_string(how, context) for part, how in self.parts().items()}
        changed = [(part, html) for part, html in drawn.items() if self._is_new(part, html)]
        return render_to_string("live/frame.html", {"parts": changed}) if changed else ""

    def _is_new(self, part: str, html: str) -> bool:
        digest = hashlib.sha256(html.encode()).hexdigest()
        if self._sent.get(part) == digest:
            return False
        self._sent[part] = digest
        return True

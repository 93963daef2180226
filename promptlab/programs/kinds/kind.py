"""What pages say of a module kind, and what its form asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optimizer.core.problems import Problem
from optimizer.core.programs.program import Module
from promptlab.ui.kinds import Kind


@dataclass(frozen=True)
class ModuleKind(Kind[Module]):
    """`check` says what keeps a module from being kept, each at the field that it is about."""

    check: Callable[[Module], Sequence[Problem]] = lambda module: ()

    @property
    def meaningless(self) -> set[str]:
        """Fields of the form of every module that mean nothing to this kind."""
        words = {"instruction", "locked", "frozen_instruction"}
        found = set() if self.core.has_instruction else words
        return found if self.core.takes_demos else {*found, "frozen_demos"}

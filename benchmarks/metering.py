"""What a model server has answered, and how much more of it one is allowed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

ANY_NUMBER = None


@dataclass
class Counts:
    """Calls answered, tokens of these, and calls that were refused for want of an allowance."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    refused: int = 0

    def __sub__(self, earlier: Counts) -> Counts:
        mine, theirs = asdict(self), asdict(earlier)
        return Counts(**{name: mine[name] - theirs[name] for name in mine})

    def __add__(self, more: Counts) -> Counts:
        mine, theirs = asdict(self), asdict(more)
        return Counts(**{name: mine[name] + theirs[name] for name in mine})


@dataclass
class Meter:
    """Counts calls, and owns their allowance: `left` more are answered, any number where None."""

    counts: Counts = field(default_factory=Counts)
    left: int | None = ANY_NUMBER

    def admit(self) -> bool:
        """Take one call off the allowance; whether there was one."""
        if self.left == 0:
            self.counts.refused += 1
            return False
        if self.left is not None:
            self.left -= 1
        return True

    def note(self, status: int, body: object) -> None:
        """How an admitted call ended: one that was not answered takes nothing off."""
        if status != 200 or not isinstance(body, bytes):
            if self.left is not None:
                self.left += 1
            return
        usage = json.loads(body).get("usage", {})
        self.counts.calls += 1
        self.counts.prompt_tokens += usage.get("prompt_tokens", 0)
        self.counts.completion_tokens += usage.get("completion_tokens", 0)

"""Entries of a run's books that are committed together, and those that cannot be stored."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field, replace

from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.programs.lm import Reply
from optimizer.lm.entries import Closing
from optimizer.lm.failures import Unstorable
from optimizer.lm.paid import Wanted
from optimizer.running.outcomes import Scored

Future = asyncio.Future[Reply | None]


@dataclass(frozen=True)
class Asked:
    """A reservation and who waits for it."""

    wanted: Wanted
    future: Future

    @property
    def key(self) -> str:
        return self.wanted.key


@dataclass
class Group:
    """What is committed together."""

    asked: list[Asked] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)
    scored: list[Scored] = field(default_factory=list)
    flushed: list[threading.Event] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        if isinstance(entry, Asked):
            self.asked.append(entry)
        elif isinstance(entry, Closing):
            self.closings.append(entry)
        elif isinstance(entry, Scored):
            self.scored.append(entry)
        else:
            self.flushed.append(entry)

    @property
    def size(self) -> int:
        return len(self.asked) + len(self.closings) + len(self.scored)

    def halves(self) -> tuple[Group, Group]:
        """Two groups in the order in which they are to be committed, neither of them empty where
        there are two entries.
        """
        entries: list[Entry] = [*self.closings, *self.asked, *self.scored]
        halves = Group(), Group()
        for number, entry in enumerate(entries):
            halves[2 * number >= len(entries)].add(entry)
        return halves


Entry = Asked | Closing | Scored | threading.Event


def instead_of(group: Group, failure: Unstorable) -> Group:
    """What is committed instead of entries that cannot be stored: that they could not."""
    return Group(
        closings=[Closing(closing.key, failure) for closing in group.closings],
        scored=[replace(entry, outcome=_failed(entry, failure)) for entry in group.scored],
    )


def _failed(entry: Scored, failure: Unstorable) -> Outcome:
    return Outcome(entry.outcome.example_id, None, {}, (), str(failure), failure.said)

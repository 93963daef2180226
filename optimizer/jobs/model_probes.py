"""Whether a model can write instructions: three small requests, as runs make them, too.

What became of them stands in the record of whoever asked: a probe on the model's card, or a run
that it was to write for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from optimizer import codec
from optimizer.core.conversation.requests import Replies
from optimizer.core.instructions.model_probe import PURPOSE, REWRITINGS, followed
from optimizer.models import Exchange, Run

LOOKED_AT = 500
"""Probes of a project that are looked through, the newest."""


@dataclass(frozen=True)
class Probe:
    """`followed` of `asked` small requests came back as they were to be."""

    followed: int
    asked: int
    at: datetime

    @property
    def writes(self) -> bool:
        """Whether runs would let it write as many instructions as they want."""
        return 2 * self.followed >= self.asked


def probe_in(replies: object, at: datetime) -> Probe:
    """The result of recorded replies."""
    told = codec.from_json(Replies, replies)
    good = sum(followed(r, reply) for r, reply in zip(REWRITINGS, told, strict=False))
    return Probe(good, len(REWRITINGS), at)


def probe_of(run: Run) -> Probe | None:
    """What a probe on a card came to."""
    row = run.exchanges.filter(purpose=PURPOSE, answered_at__isnull=False).first()
    return (
        None if row is None or row.answered_at is None else probe_in(row.replies, row.answered_at)
    )


Probes = dict[tuple[int, str], Probe]
"""By provider and model."""


def probes_in(namespace: str) -> Probes:
    """The newest of each model of a project, on its card or in a run. One query."""
    rows = Exchange.objects.filter(
        purpose=PURPOSE, answered_at__isnull=False, refused="", model=0, run__namespace=namespace
    ).order_by("-answered_at")
    found: Probes = {}
    columns = ("replies", "answered_at", "run__spec__model", "run__spec__models__optimizer")
    for replies, at, own, writer in rows.values_list(*columns)[:LOOKED_AT]:
        ref = own if isinstance(own, dict) else writer
        if isinstance(ref, dict) and isinstance(ref.get("provider"), int) and replies:
            found.setdefault((ref["provider"], str(ref.get("model"))), probe_in(replies, at))
    return found

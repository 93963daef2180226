from __future__ import annotations

from datetime import datetime

from ninja import Schema

from optimizer.jobs import model_checks
from optimizer.lm.egress import AllowList, objection
from optimizer.models import Provider
from promptlab.ui.words import told


class ProviderOut(Schema):
    """Where models are called. Keys are never shown; `has_key` says whether there is one.

    `objection`: why calls would be refused as things stand, as to an address that is not allowed.
    `family`: the vendor whose models a LiteLLM provider calls, and whose key it holds.
    """

    id: int
    name: str
    kind: str
    family: str
    api_base: str
    models: list[str]
    has_key: bool
    objection: str
    check: str
    check_message: str
    checked_at: datetime | None

    @classmethod
    def of(cls, row: Provider, allowed: AllowList, words: bool) -> ProviderOut:
        """`words`: whether the reader may know what the provider said."""
        model, latest = next(iter(row.models_offered), ""), model_checks.latest(row)
        return cls(
            id=row.pk, name=row.name, kind=row.kind, family=row.family, api_base=row.api_base,
            models=row.models_offered, has_key=bool(row.secret_hint),
            objection=objection(row, model, allowed), check=latest.state,
            check_message=told(latest.message, latest.said, words),
            checked_at=latest.at,
        )  # fmt: skip

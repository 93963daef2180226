from __future__ import annotations

from datetime import datetime

from ninja import Schema

from optimizer.models import Provider
from promptlab.ui.words import told


class ProviderOut(Schema):
    """Where models are called. Keys are never shown; `has_key` says whether there is one."""

    id: int
    name: str
    kind: str
    api_base: str
    models: list[str]
    has_key: bool
    check: str
    check_message: str
    checked_at: datetime | None

    @classmethod
    def of(cls, row: Provider, words: bool) -> ProviderOut:
        """`words`: whether the reader may know what the provider said."""
        return cls(
            id=row.pk, name=row.name, kind=row.kind, api_base=row.api_base,
            models=row.models_offered, has_key=bool(row.secret_hint), check=row.check_state,
            check_message=told(row.check_message, row.check_said, words),
            checked_at=row.checked_at,
        )  # fmt: skip

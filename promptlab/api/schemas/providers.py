from __future__ import annotations

from datetime import datetime

from ninja import Schema

from optimizer.models import Provider


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

    @staticmethod
    def resolve_models(provider: Provider) -> list[str]:
        models: list[str] = provider.models_offered
        return models

    @staticmethod
    def resolve_has_key(provider: Provider) -> bool:
        return bool(provider.secret_hint)

    @staticmethod
    def resolve_check(provider: Provider) -> str:
        return provider.check_state

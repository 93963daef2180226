"""What is done to providers."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction

from optimizer import codec
from optimizer.core.problems import Conflict, Refused
from optimizer.jobs import model_checks
from optimizer.lm import secrets
from optimizer.lm.model_settings import ModelSettings
from optimizer.models import Provider
from promptlab.accounts.models import Project, User
from promptlab.providers.queries import runs_using

audit = logging.getLogger("promptlab.audit")


@dataclass(frozen=True)
class Destination:
    """Whom a key is sent to; `address` is "" where LiteLLM knows that of the family."""

    kind: str
    address: str
    family: str


@dataclass(frozen=True)
class Connection:
    """Everything about a provider but its key. Prices are micro-USD per million tokens.

    `family` is the vendor of a LiteLLM provider's models, the first part of all their names.
    """

    name: str
    kind: Provider.Kind
    models: tuple[str, ...]
    api_base: str = ""
    concurrency: int = 8
    input_price: int | None = None
    output_price: int | None = None
    constrains_replies: bool = True
    family: str = ""
    settings: Mapping[str, ModelSettings] = field(default_factory=dict)

    @property
    def destination(self) -> Destination:
        return Destination(self.kind, self.api_base.rstrip("/"), self.family)


def save_provider(
    project: Project,
    by: User,
    connection: Connection,
    *,
    api_key: str | None = None,
    provider: Provider | None = None,
) -> Provider:
    """Add a provider, or change one. A key of None keeps the one it has, "" removes it.

    Raises:
        Conflict: another provider of the project has the name.
        Conflict: it is the embedded one.
        Refused: the key that it has is somebody else's than who is called now.
    """
    provider = provider or Provider(namespace=project.namespace)
    if provider.kind == Provider.Kind.EMBEDDED or connection.kind == Provider.Kind.EMBEDDED:
        raise Conflict.because("provider.embedded")
    if api_key is None and key_would_travel(provider, connection.destination):
        raise Refused.because("provider.key_would_travel", "api_key")
    is_new = provider.pk is None
    _apply(provider, connection)
    if api_key is not None:
        provider.secret = secrets.encrypt(api_key) if api_key else None
        provider.secret_hint = secrets.hint(api_key) if api_key else ""
    provider.check_run, provider.model_traits = None, {}
    try:
        with transaction.atomic():
            # A test that is under way owns the row meanwhile.
            provider.save()
    except IntegrityError as error:
        raise Conflict.because("provider.name_taken", "name", name=connection.name) from error
    done = "added" if is_new else "changed"
    audit.info("%s %s provider %s of %s", by, done, provider.name, project.slug)
    return provider


def key_would_travel(provider: Provider, then: Destination) -> bool:
    """Whether a stored key, which nobody can read, would be sent to another vendor or address."""
    now = Destination(provider.kind, provider.api_base, provider.family)
    return bool(provider.secret_hint) and now != then


def remove_provider(provider: Provider, by: User) -> None:
    """Delete a provider with its key.

    Raises:
        Conflict: it is the embedded one.
        Conflict: a run that is not over calls it.
    """
    if provider.kind == Provider.Kind.EMBEDDED:
        raise Conflict.because("provider.embedded")
    using = runs_using(provider)
    if using:
        raise Conflict.because("provider.in_use", name=provider.name, n=len(using))
    provider.delete()
    audit.info("%s removed provider %s of %s", by, provider.name, provider.namespace)


def set_model(provider: Provider, model: str, wanted: ModelSettings, by: User) -> None:
    """Say what is wanted of one model; None of a setting: what is usual.

    Raises:
        Refused: the provider does not offer it, or the embedded one does.
    """
    if provider.kind == Provider.Kind.EMBEDDED:
        raise Conflict.because("provider.embedded")
    if model not in provider.models_offered:
        raise Refused.because("provider.no_such_model", "model", name=provider.name, model=model)
    own = {model: codec.to_json(wanted)} if wanted != ModelSettings() else {}
    others = {m: s for m, s in provider.model_settings.items() if m != model}
    provider.model_settings = others | own
    provider.save(update_fields=["model_settings"])
    audit.info("%s changed model %s of provider %s", by, model, provider.name)


def start_check(provider: Provider, model: str, by: User, probes: bool = False) -> None:
    """Have a worker make one small call, or three that find out whether the model can write
    instructions; the result shows up in the provider's row.
    """
    model_checks.start(provider, model, probes)
    does = "probes" if probes else "tests"
    audit.info("%s %s provider %s with %s", by, does, provider.name, model)


def _apply(provider: Provider, connection: Connection) -> None:
    provider.name, provider.kind = connection.name, connection.kind
    provider.api_base, provider.family = connection.destination.address, connection.family
    provider.models_offered = list(connection.models)
    provider.concurrency = connection.concurrency
    provider.input_price, provider.output_price = connection.input_price, connection.output_price
    provider.constrains_replies = connection.constrains_replies
    provider.model_settings = codec.to_json(dict(connection.settings), dict[str, ModelSettings])

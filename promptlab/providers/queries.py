"""What is read of providers. Nothing here knows a key."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, QuerySet, When

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.programs.lm import EmbeddingModel, Role
from optimizer.costs.prices import Price, price_of
from optimizer.jobs import model_checks, model_probes
from optimizer.jobs.model_checks import CheckState, ModelCheck
from optimizer.jobs.model_probes import Probe, Probes
from optimizer.lm.egress import AllowList, address_of, objection
from optimizer.lm.model_settings import embeds, ref_of
from optimizer.models import Provider, Run
from promptlab.accounts.models import Project
from promptlab.providers import embedded

UNENDED = (Run.Status.QUEUED, Run.Status.RUNNING, Run.Status.PAUSED)


@dataclass(frozen=True)
class ModelChoice:
    """One model of one provider, as it is offered in a form."""

    provider_id: int
    model: str
    label: str
    embedded: bool
    called: ModelRef
    works: bool | None = None
    """What the provider's last test said; None while it was never tested."""

    @property
    def value(self) -> str:
        return f"{self.provider_id}:{self.model}"

    def ref(self) -> ModelRef:
        return self.called

    @property
    def embedding(self) -> EmbeddingModel:
        """It as a model that makes vectors."""
        return EmbeddingModel(self.provider_id, self.model)


@dataclass(frozen=True)
class OfferedModel:
    """A model on the providers page. `price` is None when nobody said it. `notes` are sentences on
    how it wants its requests. `embeds`: it makes vectors, and no replies.
    """

    name: str
    price: Price | None
    max_tokens: int
    temperature: float
    notes: tuple[str, ...] = ()
    embeds: bool = False


@dataclass(frozen=True)
class ProviderCard:
    """A provider on its page. `objection`: why its calls would be refused now, "" when nothing is
    known against them; `can_be_allowed`: because of an address that an administrator can allow.
    """

    provider: Provider
    models: tuple[OfferedModel, ...]
    check: ModelCheck
    objection: str = ""
    can_be_allowed: bool = False

    @property
    def address(self) -> str:
        """Where its models are called, as other programs on this machine may call them, too."""
        return address_of(self.provider)

    @property
    def has_unknown(self) -> bool:
        """Whether a price is not known, so that dollars cannot be capped."""
        return any(model.price is None for model in self.models)


def cards_of(project: Project) -> list[ProviderCard]:
    allowed, probes = AllowList.now(), model_probes.probes_in(project.namespace)
    return [_card(provider, allowed, probes) for provider in providers_of(project)]


def _card(provider: Provider, allowed: AllowList, probes: Probes) -> ProviderCard:
    model = next(iter(provider.models_offered), "")
    refusal = allowed.refusal_of(provider)
    return ProviderCard(
        provider,
        tuple(offered_models(provider, probes)),
        model_checks.latest(provider),
        objection(provider, model, allowed),
        refusal is not None and not refusal.never,
    )


def providers_of(project: Project) -> QuerySet[Provider]:
    """The project's providers by name, the embedded one first; without their keys."""
    found = Provider.objects.filter(namespace=project.namespace).select_related("check_run")
    own_first = Case(When(kind=Provider.Kind.EMBEDDED, then=0), default=1)
    return found.defer("secret").order_by(own_first, "name")


def offered_models(provider: Provider, probes: Probes | None = None) -> list[OfferedModel]:
    """`probes`: what is known of whether they can write, where that is wanted."""
    return [
        _offered(provider, name, (probes or {}).get((provider.pk, name)))
        for name in provider.models_offered
    ]


def _offered(provider: Provider, name: str, probe: Probe | None) -> OfferedModel:
    ref, notes = ref_of(provider, name), model_checks.notes_of(provider, name)
    if probe is not None:
        notes.append(f"{model_checks.probe_told(name, probe)} ({probe.at:%Y-%m-%d})")
    return OfferedModel(
        name,
        price_of(provider, name),
        ref.max_tokens,
        ref.temperature,
        tuple(notes),
        embeds(provider, name),
    )


def model_choices(project: Project) -> list[ModelChoice]:
    """Models that can be asked, other providers' before the embedded one."""
    return _choices(project, embedding=False)


def embedding_choices(project: Project) -> list[ModelChoice]:
    """Models that make vectors of texts."""
    return _choices(project, embedding=True)


def _choices(project: Project, embedding: bool) -> list[ModelChoice]:
    found = [
        ModelChoice(
            provider.pk,
            model,
            f"{provider.name}: {model}",
            provider.kind == Provider.Kind.EMBEDDED,
            ref_of(provider, model),
            works,
        )
        for provider in providers_of(project)
        for works in (_works(provider),)
        for model in provider.models_offered
        if embeds(provider, model) is embedding
    ]
    return sorted(
        (choice for choice in found if embedded.runs_here() or not choice.embedded),
        key=lambda choice: choice.embedded,
    )


def choice_of(project: Project, value: str) -> ModelChoice | None:
    """The choice with this `value`, None when it is not (or no longer) offered."""
    return next((choice for choice in model_choices(project) if choice.value == value), None)


def default_models(project: Project) -> dict[Role, ModelChoice]:
    """What a form begins with: for every role the first connected model that is not known to fail.

    The embedded model comes last; empty when the project has no model at all.
    """
    choices = model_choices(project)
    best = min(choices, key=lambda c: (c.embedded, c.works is False), default=None)
    return dict.fromkeys((Role.TASK, Role.OPTIMIZER), best) if best else {}


def runs_using(provider: Provider) -> list[int]:
    """Ids of optimizations that are not over and call this provider."""
    unended = Run.objects.filter(
        namespace=provider.namespace, status__in=UNENDED, task=Run.Task.OPTIMIZE
    )
    return [
        pk
        for pk, *parts in unended.values_list(
            "pk", "spec__models", "spec__further_optimizers", "spec__embedding",
            "spec__metric", "spec__program__modules",
        )
        if provider.pk in _providers_in(parts)
    ]  # fmt: skip


def _providers_in(told: object) -> set[int]:
    """Ids of providers that JSON of a run names."""
    if isinstance(told, list):
        return set().union(*map(_providers_in, told))
    if not isinstance(told, dict):
        return set()
    own = told.get("provider")
    found = {own} if isinstance(own, int) and "model" in told else set()
    return found | _providers_in(list(told.values()))


def _works(provider: Provider) -> bool | None:
    states = {CheckState.WORKS: True, CheckState.FAILED: False}
    return states.get(model_checks.latest(provider).state)

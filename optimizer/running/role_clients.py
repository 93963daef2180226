"""Clients by role: each role's model behind all layers, from the budget to the provider."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from django.conf import settings

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.problems import Problem, Refused, problem
from optimizer.core.programs.lm import EmbeddingModel, OwnModel, Role
from optimizer.costs.prices import OF_RUN, price_of, unknown
from optimizer.lm import egress, known_traits, secrets
from optimizer.lm.breaker import Breaker, Watched
from optimizer.lm.call import Endpoint
from optimizer.lm.door import Door
from optimizer.lm.embeddings import vector_key
from optimizer.lm.failures import CallFailed
from optimizer.lm.kept_vectors import endpoint_name
from optimizer.lm.limits import Gate, Limited, gate_of
from optimizer.lm.litellm_client import LiteLLMClient, first_traits
from optimizer.lm.model_settings import ref_of
from optimizer.lm.openai_http import OpenAIHttp
from optimizer.lm.paid import Paying
from optimizer.lm.retry import ATTEMPTS, Patient
from optimizer.lm.shaping import Shaping
from optimizer.lm.traits import Traits
from optimizer.models import Provider
from optimizer.running.commit_thread import CommitThread
from optimizer.running.embedder import Embedder
from optimizer.running.fetcher import Fetcher
from optimizer.running.role_client import Endings, Health, RoleClient

OWN_DEADLINE = 300.0
"""Seconds for a reply of our own engine, which may share its cores with much else."""


Connect = Callable[[Provider], Endpoint]


def connect(provider: Provider) -> Endpoint:
    """The client of a provider, with its key in plain text; for workers only.

    Raises:
        Refused: it is the embedded one, and that does not run; or its key cannot be decrypted.
    """
    key = secrets.decrypt(provider.secret) if provider.secret else ""
    allowed, known = egress.of_provider(provider), known_traits.traits_of(provider)
    shaping = Shaping(known, holds=provider.constrains_replies)
    if provider.kind == Provider.Kind.LITELLM:
        return LiteLLMClient(
            key, provider.api_base,
            egress=allowed, family=provider.family,
            shaping=Shaping(known, holds=provider.constrains_replies, first=first_traits),
        )  # fmt: skip
    if provider.kind == Provider.Kind.OPENAI_COMPATIBLE:
        return OpenAIHttp(provider.api_base, key, egress=allowed, shaping=shaping)
    if not settings.EMBEDDED_MODEL_URL:
        raise Refused.because("model.no_embedded")
    return OpenAIHttp(
        settings.EMBEDDED_MODEL_URL,
        egress=allowed,
        shaping=Shaping(known, holds=provider.constrains_replies, first=_of_our_engine),
        own_engine=True,
        deadline=OWN_DEADLINE,
    )


def _of_our_engine(model: str) -> Traits:
    """Its models are too small to call functions."""
    return Traits(functions=False)


def reach(provider: Provider, connect: Connect) -> Door:
    """The provider's client behind the door, so that all it says is storable and holds no key.

    Raises:
        Refused: as `connect`.
    """
    client = connect(provider)
    return Door(client, secrets.decrypt(provider.secret)) if provider.secret else Door(client)


def provider_removed(role: Role, ref: ModelRef) -> Problem:
    return problem("model.provider_removed", f"models.{role}", role=role.value, model=ref.model)


class RoleClients:
    """The clients of a run by role; a role without a model of its own uses the task model's.

    `embedding_models` are those whose vectors may be wanted, `own_models` those that modules name,
    `judge_models` those that metrics do. `apart` makes replies that were paid for elsewhere count
    as those of another endpoint; its calls wait for no place that others have.
    `watches_cuts`: the run is left when replies are cut off.

    Raises:
        Refused: a model cannot be called, before anything is spent.
    """

    def __init__(
        self,
        models: Mapping[Role, Sequence[ModelRef]],
        namespace: str,
        commit_thread: CommitThread,
        connect: Connect,
        max_cost: int | None = None,
        attempts: int = ATTEMPTS,
        apart: str = "",
        watches_cuts: bool = False,
        embedding_models: Iterable[EmbeddingModel] = (),
        own_models: Iterable[OwnModel] = (),
        judge_models: Iterable[OwnModel] = (),
    ) -> None:
        self._endpoints: dict[int, Endpoint] = {}
        self._providers: dict[int, Provider] = {}
        self._healths: dict[int, Health] = {}
        self._watched: dict[int, Watched] = {}
        self._connect = connect
        self.namespace = namespace
        self._max_cost = max_cost
        self._attempts = attempts
        self._commit_thread = commit_thread
        self.fetcher = Fetcher(namespace, commit_thread.rest)
        self._apart = apart
        self._watches_cuts = watches_cuts
        self._by_role = {
            role: [self._client_of(role, ref) for ref in refs] for role, refs in models.items()
        }
        self._own = {model: self._client_of_own(Role.TASK, model) for model in own_models}
        self._judges = {model: self._client_of_own(Role.JUDGE, model) for model in judge_models}
        self._embedders = {model: self._embedder_of(model) for model in embedding_models}

    def of(self, role: Role, model: int = 0) -> RoleClient:
        """A model in a role: 0 is the role's own, n the n-th further one."""
        return self._by_role[role if role in self._by_role else Role.TASK][model]

    def own(self, model: OwnModel) -> RoleClient:
        """A model that a module of the program names."""
        return self._own[model]

    def judge(self, model: OwnModel) -> RoleClient:
        """A model that the metric asks to judge."""
        return self._judges[model]

    def embedder(self, model: EmbeddingModel) -> Embedder:
        """What makes vectors with one of the embedding models."""
        return self._embedders[model]

    @contextmanager
    def forgiving(self) -> Iterator[None]:
        """Only what failed before is asked meanwhile: that it fails again is no outage."""
        before = {pk: health.in_a_row for pk, health in self._healths.items()}
        for health in self._healths.values():
            health.forgives = True
        try:
            yield
        finally:
            for pk, health in self._healths.items():
                health.forgives = False
                health.in_a_row = min(health.in_a_row, before[pk])
                self._watched[pk].forget()

    async def aclose(self) -> None:
        for endpoint in self._endpoints.values():
            await endpoint.aclose()
        await self.fetcher.aclose()

    def remember(self) -> None:
        """Keep for later runs how models want their requests."""
        for pk, endpoint in self._endpoints.items():
            if endpoint.learned:
                known_traits.keep(self._providers[pk], endpoint.learned)

    def _client_of(self, role: Role, ref: ModelRef) -> RoleClient:
        provider = self._provider(role, ref)
        price = price_of(provider, ref.model)
        if price is None and self._max_cost is not None:
            raise Refused(unknown(provider, ref.model, OF_RUN))
        gate = Gate(1) if self._apart else gate_of(provider.pk, provider.concurrency)
        paying = Paying(
            Limited(self._watched[provider.pk], gate, self._commit_thread.may_send),
            self._commit_thread,
            namespace=self.namespace,
            endpoint=self._apart + endpoint_name(provider),
            provider=provider.pk,
            price=price,
        )
        patient = Patient(paying, self._commit_thread.rest, self._attempts)
        return RoleClient(
            patient, ref, role, gate, self._healths[provider.pk], self._commit_thread,
            Endings() if self._watches_cuts else None,
        )  # fmt: skip

    def _client_of_own(self, role: Role, model: OwnModel) -> RoleClient:
        """As it is set on its provider's page."""
        provider = self._provider(role, ModelRef(model.provider, model.model))
        return self._client_of(role, ref_of(provider, model.model))

    def _embedder_of(self, model: EmbeddingModel) -> Embedder:
        client = self._client_of(Role.EMBEDDING, ModelRef(model.provider, model.model))
        endpoint = self._apart + endpoint_name(self._providers[model.provider])
        return Embedder(client, partial(vector_key, self.namespace, endpoint, model.model))

    def _is_down(self, health: Health, failure: CallFailed) -> None:
        if not health.forgives:
            self._commit_thread.leave(health.down(failure, self._commit_thread.again))

    def _provider(self, role: Role, ref: ModelRef) -> Provider:
        if ref.provider not in self._providers:
            found = Provider.objects.filter(pk=ref.provider, namespace=self.namespace).first()
            if found is None:
                raise Refused(provider_removed(role, ref))
            self._providers[ref.provider] = found
            self._endpoints[ref.provider] = reach(found, self._connect)
            health = self._healths[ref.provider] = Health(found)
            self._watched[ref.provider] = Watched(
                self._endpoints[ref.provider],
                Breaker(found.concurrency),
                partial(self._is_down, health),
            )
        return self._providers[ref.provider]

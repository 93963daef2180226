"""Clients by role: each role's model behind all layers, from the budget to the provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.problems import Problem, Refused, problem
from optimizer.core.programs.ending import is_cut_off
from optimizer.core.programs.lm import Prompt, Reply, Role
from optimizer.costs.prices import OF_RUN, price_of, unknown
from optimizer.lm import egress, known_traits, secrets
from optimizer.lm.breaker import Breaker, Watched
from optimizer.lm.call import Client, Endpoint, LMCall, call_of
from optimizer.lm.door import Door
from optimizer.lm.failures import CallFailed, Overloaded, PromptRefused, ProviderRefused, Silent
from optimizer.lm.limits import Gate, Limited, gate_of
from optimizer.lm.litellm_client import LiteLLMClient, first_traits
from optimizer.lm.openai_http import OpenAIHttp
from optimizer.lm.paid import Paying
from optimizer.lm.retry import ATTEMPTS, Patient
from optimizer.lm.shaping import Shaping
from optimizer.models import Provider
from optimizer.running.commit_thread import ASK_ANEW, CommitThread
from optimizer.running.interruptions import Interruption, Why

OWN_DEADLINE = 300.0
"""Seconds for a reply of our own engine, which may share its cores with much else."""
CUT_IN_A_ROW, CUT_IN_ALL = 5, 10
"""Replies of a model that are cut off before a run says so: from its first on, or half of all."""
FAILURES_IN_A_ROW = 5
"""Calls that failed with all their attempts before a provider counts as down."""


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
        shaping=shaping,
        own_engine=True,
        deadline=OWN_DEADLINE,
    )


def reach(provider: Provider, connect: Connect) -> Door:
    """The provider's client behind the door, so that all it says is storable and holds no key.

    Raises:
        Refused: as `connect`.
    """
    client = connect(provider)
    return Door(client, secrets.decrypt(provider.secret)) if provider.secret else Door(client)


def endpoint_name(provider: Provider) -> str:
    """Where replies come from; the embedded engine is the same on whatever port it listens."""
    if provider.kind == Provider.Kind.EMBEDDED:
        return "embedded"
    return f"{provider.kind}:{provider.api_base}"


@dataclass
class Health:
    """Failures in a row of one provider, all roles together."""

    provider: Provider
    in_a_row: int = 0

    def down(self, failure: CallFailed, again: Problem) -> Interruption:
        """`again` is what people do to go on."""
        values = {"provider": self.provider.name, "why": str(failure)}
        told = problem("stop.provider_down", **values)
        if again == ASK_ANEW:
            told = problem("stop.provider_down_ask", **values)
        return Interruption(Why.PROVIDER_DOWN, told, said=failure.said)


@dataclass
class Endings:
    """How the replies of a model ended in this run: `said` in all, `cut` of them at their limit."""

    said: int = 0
    cut: int = 0

    def note(self, reply: Reply) -> bool:
        """Take a reply; returns whether so many are cut off that going on is for nothing."""
        self.said += 1
        self.cut += is_cut_off(reply.finish_reason)
        return self.cut >= CUT_IN_A_ROW and (
            self.cut == self.said or (self.cut >= CUT_IN_ALL and 2 * self.cut >= self.said)
        )


class RoleClient:
    """A model in a role. Leaves the run when the provider is down or refuses everything, and when
    replies are cut off again and again, where somebody counts its `endings`. What was refused is
    not sent again.
    """

    def __init__(
        self,
        client: Client,
        ref: ModelRef,
        role: Role,
        gate: Gate,
        health: Health,
        commit_thread: CommitThread,
        endings: Endings | None = None,
    ) -> None:
        self._client = client
        self._endings = endings
        self._refused: dict[LMCall, tuple[type[CallFailed], str, str]] = {}
        self._ref = ref
        self._role = role
        self._gate = gate
        self._health = health
        self._commit_thread = commit_thread

    @property
    def most(self) -> int:
        """Calls that the provider takes at once."""
        return self._gate.most

    @property
    def in_flight(self) -> int:
        """Examples to have under way: more than places, so that no place waits for the books."""
        places = self.most
        return places + min(max(places // 4, 1), 64)

    async def say(self, prompt: Prompt, temperature: float | None = None) -> Reply:
        """One reply.

        Raises:
            CallFailed: no reply could be had.
            BudgetSpent: a cap or the time limit is reached.
            Interruption: the run is being left.
        """
        call = call_of(prompt, self._ref, self._role, temperature)
        if call in self._refused:
            kind, message, said = self._refused[call]
            raise kind(message, said=said)
        try:
            reply = await self._client.complete(call)
        except (PromptRefused, Silent) as failure:
            self._refused[call] = type(failure), str(failure), failure.said
            raise
        except ProviderRefused as refusal:
            self._commit_thread.leave(self.refuses(refusal))
            raise
        except CallFailed as failure:
            self._count(failure)
            raise
        self._health.in_a_row = 0
        if self._endings is not None and self._endings.note(reply):
            self._commit_thread.leave(self._cut(self._endings))
        return reply

    def down(self, failure: CallFailed) -> Interruption:
        return self._health.down(failure, self._commit_thread.again)

    def refuses(self, failure: CallFailed) -> Interruption:
        provider, again = self._health.provider.name, self._commit_thread.again
        told = problem("stop.provider_closed", provider=provider, why=str(failure), again=again)
        return Interruption(Why.PROVIDER_CLOSED, told, said=failure.said)

    def _cut(self, endings: Endings) -> Interruption:
        told = problem(
            "stop.replies_cut", n=endings.said, cut=endings.cut, role=self._role.value,
            model=self._ref.model, limit=self._ref.max_tokens,
        )  # fmt: skip
        return Interruption(Why.REPLIES_CUT, told)

    def _count(self, failure: CallFailed) -> None:
        """“Too many”, after all patience, is said of the provider and not of one example."""
        if not failure.passing:
            return
        self._health.in_a_row += 1
        overloaded = isinstance(failure, Overloaded)
        if overloaded or self._health.in_a_row >= FAILURES_IN_A_ROW:
            self._commit_thread.leave(self.down(failure))


def provider_removed(role: Role, ref: ModelRef) -> Problem:
    return problem("model.provider_removed", f"models.{role}", role=role.value, model=ref.model)


class RoleClients:
    """The clients of a run by role; a role without a model of its own uses the task model's.

    `apart` makes replies that were paid for elsewhere count as those of another endpoint; its calls
    wait for no place that others have. `watches_cuts`: the run is left when replies are cut off.

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
    ) -> None:
        self._endpoints: dict[int, Endpoint] = {}
        self._providers: dict[int, Provider] = {}
        self._healths: dict[int, Health] = {}
        self._watched: dict[int, Watched] = {}
        self._connect = connect
        self._namespace = namespace
        self._max_cost = max_cost
        self._attempts = attempts
        self._commit_thread = commit_thread
        self._apart = apart
        self._watches_cuts = watches_cuts
        self._by_role = {
            role: [self._client_of(role, ref) for ref in refs] for role, refs in models.items()
        }

    def of(self, role: Role, model: int = 0) -> RoleClient:
        """A model in a role: 0 is the role's own, n the n-th further one."""
        return self._by_role[role if role in self._by_role else Role.TASK][model]

    async def aclose(self) -> None:
        for endpoint in self._endpoints.values():
            await endpoint.aclose()

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
            namespace=self._namespace,
            endpoint=self._apart + endpoint_name(provider),
            provider=provider.pk,
            price=price,
        )
        patient = Patient(paying, self._commit_thread.rest, self._attempts)
        return RoleClient(
            patient, ref, role, gate, self._healths[provider.pk], self._commit_thread,
            Endings() if self._watches_cuts else None,
        )  # fmt: skip

    def _provider(self, role: Role, ref: ModelRef) -> Provider:
        if ref.provider not in self._providers:
            found = Provider.objects.filter(pk=ref.provider, namespace=self._namespace).first()
            if found is None:
                raise Refused(provider_removed(role, ref))
            self._providers[ref.provider] = found
            self._endpoints[ref.provider] = reach(found, self._connect)
            health = self._healths[ref.provider] = Health(found)
            self._watched[ref.provider] = Watched(
                self._endpoints[ref.provider],
                Breaker(found.concurrency),
                lambda failure: self._commit_thread.leave(
                    health.down(failure, self._commit_thread.again)
                ),
            )
        return self._providers[ref.provider]


def refused_prompt(failure: CallFailed) -> bool:
    return isinstance(failure, PromptRefused)

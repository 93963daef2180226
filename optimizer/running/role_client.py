"""A model in a role: its calls, and when a run is left because of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from optimizer.core.conversation.spec import ModelRef
from optimizer.core.problems import Problem, problem
from optimizer.core.programs.ending import is_cut_off
from optimizer.core.programs.lm import Prompt, Reply, Role
from optimizer.lm.call import Client, LMCall, call_of
from optimizer.lm.embeddings import embedding_call
from optimizer.lm.failures import CallFailed, Overloaded, PromptRefused, ProviderRefused, Silent
from optimizer.lm.limits import Gate
from optimizer.models import Provider
from optimizer.running.commit_thread import ASK_ANEW, CommitThread
from optimizer.running.interruptions import Interruption, Why

CUT_IN_A_ROW, CUT_IN_ALL = 5, 10
"""Replies of a model that are cut off before a run says so: from its first on, or half of all."""
FAILURES_IN_A_ROW = 5
"""Calls that failed with all their attempts before a provider counts as down."""


@dataclass
class Health:
    """Failures in a row of one provider, all roles together. It `forgives` where what is asked is
    what failed before: that it fails again is no outage.
    """

    provider: Provider
    in_a_row: int = 0
    forgives: bool = False

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
        reply = await self._asked(call_of(prompt, self._ref, self._role, temperature))
        if self._endings is not None and self._endings.note(reply):
            self._commit_thread.leave(self._cut(self._endings))
        return reply

    async def embed(self, texts: Sequence[str]) -> Reply:
        """Vectors of these texts, in one call: an `EmbeddingReply`, or another's reply where the
        very call was paid for before.

        Raises:
            CallFailed, BudgetSpent, Interruption: as of a prompt.
        """
        return await self._asked(embedding_call(self._ref.model, texts))

    async def _asked(self, call: LMCall) -> Reply:
        """A failure says who was asked: modules and judges have models of their own."""
        try:
            return await self._complete(call)
        except CallFailed as failure:
            failure.asked = self
            raise

    async def _complete(self, call: LMCall) -> Reply:
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
        many = self._health.in_a_row >= FAILURES_IN_A_ROW and not self._health.forgives
        if overloaded or many:
            self._commit_thread.leave(self.down(failure))


def refused_prompt(failure: CallFailed) -> bool:
    return isinstance(failure, PromptRefused)

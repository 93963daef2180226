"""Paying: every call is reserved before it is sent and settled after; no reply is paid twice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from optimizer.core.programs.lm import Reply
from optimizer.costs.prices import Price
from optimizer.lm.call import Client, LMCall, key_of
from optimizer.lm.embeddings import EmbeddingCall, EmbeddingReply, with_keys
from optimizer.lm.failures import CallFailed, NoReply

MOST_COST = 10**12
"""Micro-USD of the dearest call there is, a million dollars: sums of millions of them are kept."""
RESENDS = 2
"""How often a call whose end is unknown is sent again: it may have been paid each time."""


@dataclass(frozen=True)
class Wanted:
    """A call that asks for its money: `hold` is the upper bound of its cost in micro-USD; without
    a known price it is not `priced`, and 0.
    """

    key: str
    call: LMCall
    provider: int
    hold: int
    priced: bool = True


class Books(Protocol):
    """Where calls are reserved and settled; its writes keep their order."""

    async def reserve(self, wanted: Wanted) -> Reply | None:
        """The reply, if it was paid before; None when this caller may now send the call.

        Raises:
            BudgetSpent: a cap of the run would be passed.
            SentTooOften: it was sent RESENDS times more than once, and never came back.
            Interruption: the run is being left, or a cap above it would be passed; nothing new is
                begun.
        """
        ...

    def settle(self, key: str, reply: Reply) -> None: ...

    def fail(self, key: str, failure: CallFailed) -> None: ...


class Paying:
    """A client that answers from the ledger what was paid before, and pays for the rest once.

    `endpoint` names where the reply comes from, in the sense that the same request gives the same
    reply. A model without a known price costs nothing here; runs with a cap in money refuse it.
    """

    def __init__(
        self,
        inner: Client,
        books: Books,
        *,
        namespace: str,
        endpoint: str,
        provider: int,
        price: Price | None,
    ) -> None:
        self._inner = inner
        self._books = books
        self._namespace = namespace
        self._endpoint = endpoint
        self._provider = provider
        self._price = price or Price(0, 0)
        self._priced = price is not None

    async def complete(self, call: LMCall) -> Reply:
        key = key_of(self._namespace, self._endpoint, call.as_json())
        most = self._price.most(call.most_prompt_tokens(), call.max_tokens)
        hold = min(most, MOST_COST)
        want = Wanted(key, call, self._provider, hold, self._priced)
        known = await self._books.reserve(want)
        if known is not None:
            return known
        try:
            reply = self._paid(call, await self._inner.complete(call), hold)
        except CallFailed as failure:
            self._books.fail(key, failure)
            raise
        except BaseException:
            # Cancelled while it was out: it may be answered and paid without us.
            self._books.fail(key, NoReply("The call was abandoned while it was out."))
            raise
        if isinstance(call, EmbeddingCall) and isinstance(reply, EmbeddingReply):
            reply = with_keys(call, reply, self._namespace, self._endpoint)
        self._books.settle(key, reply)
        return reply

    def _paid(self, call: LMCall, reply: Reply, hold: int) -> Reply:
        reply = replace(reply, priced=self._priced)
        if reply.prompt_tokens or reply.completion_tokens:
            cost = self._price.of(
                reply.prompt_tokens, reply.completion_tokens, reply.cache_read, reply.cache_written
            )
            return replace(reply, cost=min(cost, MOST_COST))
        # The endpoint reports no usage: tokens are estimated, money is taken at the upper bound.
        return replace(
            reply,
            prompt_tokens=call.likely_prompt_tokens(),
            completion_tokens=call.likely_reply_tokens(reply.text),
            cost=hold,
        )

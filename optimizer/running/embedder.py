"""Vectors of texts for a run: each text is asked for once, in batches, and paid for once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from optimizer.core.programs.steps import Vectors
from optimizer.core.programs.vectors import BATCH, Vector
from optimizer.lm import kept_vectors
from optimizer.lm.embeddings import EmbeddingReply
from optimizer.lm.failures import Garbled
from optimizer.running.role_client import RoleClient
from optimizer.running.threads import in_a_thread

OTHER_LENGTH = (
    "The embedding model makes vectors of another length than before, so another model answers "
    "under its name now. Offer it under a name of its own, and choose that."
)


class Embedder:
    """An embedding model in a run; of one event loop. `key_of` is what a text's vector is kept by.

    Vectors that were paid for by whatever run are read of their rows.
    """

    def __init__(self, client: RoleClient, key_of: Callable[[str], str]) -> None:
        self.client = client
        self._key_of = key_of
        self._known: dict[str, Vector] = {}
        self._length = 0
        self._out: dict[str, asyncio.Future[None]] = {}
        self._pools: dict[tuple[str, ...], Vectors] = {}
        self._places = asyncio.Semaphore(client.in_flight)

    async def vectors(self, texts: tuple[str, ...]) -> Vectors:
        """Their vectors; of many texts the very same tuple each time.

        Raises:
            CallFailed, BudgetSpent, Interruption: some could not be had.
        """
        if texts in self._pools:
            return self._pools[texts]
        wanted = [text for text in dict.fromkeys(texts) if text not in self._known]
        others = [self._out[text] for text in wanted if text in self._out]
        await self._fetch([text for text in wanted if text not in self._out])
        if others:
            await asyncio.gather(*map(asyncio.shield, others))
        found = tuple(self._known[text] for text in texts)
        self._length = self._length or len(found[0])
        if any(len(vector) != self._length for vector in found):
            raise Garbled(OTHER_LENGTH)
        if len(texts) > BATCH:
            self._pools[texts] = found
        return found

    async def _fetch(self, texts: Sequence[str]) -> None:
        """Come to know texts that nobody else is asking for; who wants them meanwhile, waits."""
        if not texts:
            return
        done = asyncio.get_running_loop().create_future()
        self._out |= dict.fromkeys(texts, done)
        try:
            self._known |= await self._kept(texts)
            missing = [text for text in texts if text not in self._known]
            batches = [missing[at : at + BATCH] for at in range(0, len(missing), BATCH)]
            told = await asyncio.gather(*map(self._ask, batches), return_exceptions=True)
            problem = next((t for t in told if isinstance(t, BaseException)), None)
            if problem is not None:
                raise problem  # only now, when none of them is out any more
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                done.cancel()
            else:
                done.set_exception(error)
                done.exception()  # told to whoever waits, and to nobody else
            raise
        else:
            done.set_result(None)
        finally:
            for text in texts:
                del self._out[text]

    async def _ask(self, texts: Sequence[str]) -> None:
        async with self._places:
            reply = await self.client.embed(texts)
        if isinstance(reply, EmbeddingReply):
            self._known |= zip(texts, reply.vectors, strict=True)
            return
        # Somebody else has paid for the very same texts a moment ago.
        self._known |= await self._kept(texts)
        if not all(text in self._known for text in texts):
            raise Garbled("The vectors of a call that was paid for are not there any more.")

    async def _kept(self, texts: Sequence[str]) -> dict[str, Vector]:
        keys = {self._key_of(text): text for text in texts}
        found = await in_a_thread(kept_vectors.kept, list(keys))
        return {keys[key]: vector for key, vector in found.items()}

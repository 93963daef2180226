"""Calls for vectors: texts go out in batches, and each vector is kept by its text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from optimizer.core.programs.lm import Message, Reply, Role
from optimizer.core.programs.vectors import Vector, vector_of
from optimizer.lm.call import LMCall, key_of
from optimizer.lm.door import usage

if TYPE_CHECKING:
    from optimizer.lm.answers import Reader


@dataclass(frozen=True)
class EmbeddingCall(LMCall):
    """Texts, each a message, of which the model makes a vector each."""

    @property
    def texts(self) -> list[str]:
        return [message.content for message in self.messages]

    def as_json(self) -> dict[str, Any]:
        return {"model": self.model, "input": self.texts}

    def likely_reply_tokens(self, text: str) -> int:
        """Nobody pays for the numbers of a vector."""
        return 0


@dataclass(frozen=True)
class EmbeddingReply(Reply):
    """What came: vectors in the order of the texts, and the `keys` under which they are kept."""

    vectors: tuple[Vector, ...] = ()
    keys: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, numbers: Sequence[Any], wanted: int, tokens: object, seconds: float, reader: Reader
    ) -> EmbeddingReply:
        """The reply with these lists of numbers.

        Raises:
            Garbled: they are not a vector for each of the `wanted` texts.
        """
        try:
            vectors = tuple(map(vector_of, numbers))
        except (ValueError, TypeError, OverflowError) as error:
            raise reader.no_vectors() from error
        if len(vectors) != wanted or len(set(map(len, vectors))) != 1:
            raise reader.no_vectors()
        prompt, _none = usage(tokens, 0)
        return cls("", prompt, 0, seconds=seconds, vectors=vectors)


def embedding_call(model: str, texts: Iterable[str]) -> EmbeddingCall:
    messages = tuple(Message("user", text) for text in texts)
    return EmbeddingCall(model, Role.EMBEDDING, messages, None, 0.0, 0)


def numbers_in(data: Any) -> list[Any]:
    """The lists of numbers of an answer's `data`, in the order of the texts.

    Raises:
        LookupError, TypeError: it has another form.
    """
    rows = [dict(row) for row in data]
    if all(isinstance(row.get("index"), int) for row in rows):
        rows = sorted(rows, key=lambda row: int(row["index"]))
    return [row["embedding"] for row in rows]


def vector_key(namespace: str, endpoint: str, model: str, text: str) -> str:
    """What a paid vector is found by: the same text, model, endpoint and namespace."""
    return key_of(namespace, endpoint, {"model": model, "text": text})


def with_keys(
    call: EmbeddingCall, reply: EmbeddingReply, namespace: str, endpoint: str
) -> EmbeddingReply:
    keys = (vector_key(namespace, endpoint, call.model, text) for text in call.texts)
    return replace(reply, keys=tuple(keys))

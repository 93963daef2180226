"""What a provider's answer means: a JSON object to read on, or which failure, in its words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from optimizer.lm import inside
from optimizer.lm.failures import CallFailed, Garbled, Silent, Withheld, of_status
from optimizer.lm.scrub import Scrubber
from optimizer.lm.transport import Answer

SHOWN = 200
"""Characters of a body that is no completion that are told."""

MOST_PARTS = 10_000
"""Objects, lists and values in a completion; it has some dozens. Libraries take minutes and
gigabytes for a million, which two thousand bytes unpack to.
"""
_MOST_BRACKETS = 100_000
"""In an answer as it is sent, before it is read at all; texts hold some, too."""


@dataclass(frozen=True)
class Reader:
    """Reads a provider's answers; `name` is how its address is shown to people."""

    name: str
    scrub: Scrubber

    def object_of(self, answer: Answer) -> dict[str, Any]:
        """The JSON object that a good answer is.

        Raises:
            CallFailed: the answer is none.
        """
        if answer.status != 200:
            raise self.failure_of(answer)
        if answer.body.count(b"[") + answer.body.count(b"{") > _MOST_BRACKETS:
            raise self._too_many()
        try:
            found = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            shown = self.scrub.clean(answer.body.decode("utf-8", "replace"), SHOWN)
            told = f"{self.name} answered with something else than JSON."
            raise Garbled(told, said=shown) from error
        if not isinstance(found, dict):
            raise Garbled(f"{self.name} answered with JSON that is no completion.")
        return found

    def failure_of(self, answer: Answer) -> CallFailed:
        """What an answer with another status than 200 stands for."""
        words = self.scrub.clean(inside.words_of(answer.body.decode("utf-8", "replace")))
        return of_status(answer.status, self.name, words, answer.retry_after)

    def no_completion(self, found: object) -> Garbled:
        """The failure of a JSON object that holds no completion."""
        shown = self.scrub.clean(json.dumps(found), SHOWN)
        return Garbled(f"The answer of {self.name} is no chat completion.", said=shown)

    def completion_of(self, answer: Answer) -> dict[str, Any]:
        """The JSON object that may be a completion, of no more parts than one has.

        Raises:
            CallFailed: the answer is none, or it is an error under another status.
        """
        found = self.object_of(answer)
        if _has_more_parts(found, MOST_PARTS):
            raise self._too_many()
        error = inside.error_of(found)
        if error is not None:
            raise self._inner(error, answer)
        withheld = inside.withheld(found)
        if withheld:
            told = f"{self.name} withheld its reply: the prompt is refused by its filter."
            raise Withheld(told, said=self.scrub.clean(withheld))
        return found

    def embeddings_of(self, answer: Answer) -> dict[str, Any]:
        """The JSON object that may hold vectors, which have more parts than any completion.

        Raises:
            CallFailed: the answer is none, or it is an error under another status.
        """
        found = self.object_of(answer)
        error = inside.error_of(found)
        if error is not None:
            raise self._inner(error, answer)
        return found

    def no_vectors(self) -> Garbled:
        return Garbled(f"The answer of {self.name} is not a vector for each text.")

    def _inner(self, error: inside.Inner, answer: Answer) -> CallFailed:
        words = self.scrub.clean(error.words)
        if error.status is None:
            return Garbled(f"{self.name} answered with an error instead of a reply.", said=words)
        waits = error.retry_after if answer.retry_after is None else answer.retry_after
        return of_status(error.status, self.name, words, waits)

    def _too_many(self) -> Garbled:
        return Garbled(f"The answer of {self.name} has more parts than any completion.")

    def no_text(self) -> Silent:
        return Silent(f"The reply of {self.name} holds no text.")


def _has_more_parts(found: object, most: int) -> bool:
    waiting, seen = [found], 0
    while waiting and seen <= most:
        part = waiting.pop()
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        seen += len(inner) + 1
        waiting += [each for each in inner if isinstance(each, dict | list)]
    return seen > most

"""Ways a call fails: whether it may pass, and whether it may have been paid for."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar


class Charge(Enum):
    """What a failed call costs. DOUBT: it may have been answered and paid, nobody knows."""

    NOTHING = "nothing"
    CALL = "call"
    DOUBT = "doubt"


class CallFailed(Exception):
    """A call without a reply. The message is for people and holds no secret.

    `passing` says whether another attempt may succeed; `retry_after` is what the provider asked
    for, in seconds.
    """

    charge: ClassVar[Charge] = Charge.NOTHING
    passing: ClassVar[bool] = False

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class Unreachable(CallFailed):
    """No connection was made, so that nothing was sent."""

    passing = True


class NotSent(CallFailed):
    """Given up by us before it was sent."""

    passing = True


class Overloaded(CallFailed):
    """Too many requests (429): not answered, not paid."""

    passing = True


class ServerFailed(CallFailed):
    """A 5xx: it reached the provider, and counts as a call."""

    charge = Charge.CALL
    passing = True


class NoReply(CallFailed):
    """Sent, but no whole reply came in time: possibly paid."""

    charge = Charge.DOUBT
    passing = True


class Garbled(CallFailed):
    """A reply that is no chat completion: possibly paid."""

    charge = Charge.DOUBT
    passing = True


class SchemaRefused(CallFailed):
    """The endpoint cannot constrain replies. The client remembers, so the next attempt may work."""

    passing = True


class PromptRefused(CallFailed):
    """This one prompt is refused (too long, filtered); others may work."""


class ProviderRefused(CallFailed):
    """Wrong key, no permission, no such model, no money: every call would be refused."""


class SentTooOften(CallFailed):
    """The same call was interrupted again and again, and may have been paid each time."""


_ABOUT_THE_ACCOUNT = (
    "credit balance", "insufficient_quota", "insufficient balance", "insufficient credit",
    "api key not valid", "api_key_invalid", "invalid api key",
)  # fmt: skip
"""What providers say of a key or of money where they answer 400, as of a prompt."""


def of_status(status: int, message: str, retry_after: float | None = None) -> CallFailed:
    """The failure that an HTTP status stands for."""
    if status == 429:
        return Overloaded(message, retry_after)
    if status in (401, 402, 403, 404, 405) or 300 <= status < 400:
        return ProviderRefused(message)
    if status == 400 and any(words in message.lower() for words in _ABOUT_THE_ACCOUNT):
        return ProviderRefused(message)
    if status == 408:
        return NoReply(message)
    if status == 503:
        return ServerFailed(message, retry_after)
    return ServerFailed(message) if status >= 500 else PromptRefused(message)

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
    """A call without a reply. The message is a sentence of ours, for whoever reads it.

    `said` is what the other side answered, without secrets: any page of any server, so only who
    may edit providers reads it. `asked` is who was asked, where somebody noted it. `passing` says
    whether another attempt may succeed; `retry_after` is what the provider asked for, in seconds.
    """

    charge: ClassVar[Charge] = Charge.NOTHING
    passing: ClassVar[bool] = False

    def __init__(self, message: str, retry_after: float | None = None, *, said: str = "") -> None:
        self.retry_after = retry_after
        self.said = said
        self.asked: object = None
        super().__init__(message)


class Unreachable(CallFailed):
    """No connection was made, so that nothing was sent."""

    passing = True


class NotSent(CallFailed):
    """Given up by us before it was sent."""

    passing = True


class Overloaded(CallFailed):
    """Too many requests (429), of ours or of all (529): not answered, not paid."""

    passing = True


class ServerFailed(CallFailed):
    """A 5xx: it reached the provider, and counts as a call."""

    charge = Charge.CALL
    passing = True


class NoReply(CallFailed):
    """Sent, but no whole reply came in time: possibly paid."""

    charge = Charge.DOUBT
    passing = True


class TimedOut(NoReply):
    """Sent, and nothing whole came until the deadline."""


class Garbled(CallFailed):
    """A reply that is no chat completion: possibly paid."""

    charge = Charge.DOUBT
    passing = True


class Reshaped(CallFailed):
    """The model wants the request in another form. The client has learned it, so that the next
    attempt may work.
    """

    passing = True


class EmptyReply(Reshaped):
    """A reply that holds nothing, maybe for the form that it was held to. It is paid."""

    charge = Charge.DOUBT


class Silent(CallFailed):
    """A reply that says nothing at all. It may be paid; others may say something."""

    charge = Charge.DOUBT


class Withheld(Silent):
    """A reply that a filter kept back."""


class PromptRefused(CallFailed):
    """This one prompt is refused (too long, filtered); others may work."""


class ProviderRefused(CallFailed):
    """Wrong key, no permission, no such model, no money: every call would be refused."""


class NotFound(ProviderRefused):
    """No such model or address (404), or none that takes what was asked for."""


class SentTooOften(CallFailed):
    """The same call was interrupted again and again, and may have been paid each time."""


class Unstorable(CallFailed):
    """The call, its reply or what was made of it cannot be stored; `said` is what the database says
    of it. What was sent is paid.
    """

    charge = Charge.DOUBT

    def __init__(self, message: str = "", retry_after: float | None = None, *, said: str) -> None:
        super().__init__(message or "This cannot be stored.", retry_after, said=said)


_ABOUT_THE_ACCOUNT = (
    "credit balance", "insufficient_quota", "insufficient balance", "insufficient credit",
    "api key not valid", "api_key_invalid", "invalid api key",
)  # fmt: skip
"""What providers say of a key or of money where they answer 400, as of a prompt."""
_NO_MONEY = ("insufficient_quota", "billing", "credit balance", "insufficient balance")
"""What they say of it where they answer 429, as of too many calls."""
_ABOUT_LENGTH = (
    "context length",
    "context_length",
    "context window",
    "too long",
    "too many tokens",
)
_ABOUT_CONTENT = (
    "content_filter", "content filter", "content management", "content policy", "content_policy",
    "moderation", "flagged", "safety", "data_inspection", "inappropriate", "sensitive",
    "prohibited_content", "prohibited content", "usage policies", "usage policy", "guardrail",
    "responsible ai", "harmful",
)  # fmt: skip

_FILTERED = "the prompt is refused by its filter of contents."
_KEY = "the key is missing, wrong, or not allowed to do this."
_MEANINGS = {
    401: _KEY,
    402: "the account has no money left.",
    403: _KEY,
    404: "it knows no such model, or the address is not that of its API.",
    405: "the address is not that of its API.",
    408: "the reply took too long.",
    429: "it takes no more calls for now.",
    529: "it takes no more calls for now.",
}


def is_told_why(failure: CallFailed) -> bool:
    """Whether a refusal's words say that it is about the prompt: its length, or what is in it."""
    words = failure.said.lower()
    return _is_about(_ABOUT_LENGTH, words) or _is_about(_ABOUT_CONTENT, words)


def _is_about(parts: tuple[str, ...], words: str) -> bool:
    return any(part in words for part in parts)


def of_status(
    status: int, who: str, said: str = "", retry_after: float | None = None
) -> CallFailed:
    """The failure that an HTTP status stands for. `who` answered it, and `said` so, cleaned."""
    words = said.lower()
    account = {400: _ABOUT_THE_ACCOUNT, 429: _NO_MONEY}.get(status, ())
    kind: type[CallFailed]
    if _is_about(account, words):
        kind, meaning = ProviderRefused, "its key or its account is not in order."
    elif status in (403, 406, 451) and _is_about(_ABOUT_CONTENT, words):
        kind, meaning = PromptRefused, _FILTERED
    else:
        kind, meaning = _kind_of(status), _meaning(status, words)
    waits = retry_after if status in (429, 503, 529) else None
    return kind(f"{who} answered {status}: {meaning}", waits, said=said)


def _kind_of(status: int) -> type[CallFailed]:
    if status in (429, 529):
        return Overloaded
    if status == 404:
        return NotFound
    if status in (401, 402, 403, 405) or 300 <= status < 400:
        return ProviderRefused
    if status == 408:
        return NoReply
    if status < 300:
        return Garbled
    return ServerFailed if status >= 500 else PromptRefused


def _meaning(status: int, words: str) -> str:
    """What an answer means, told from the provider's words without repeating them."""
    if status in _MEANINGS:
        return _MEANINGS[status]
    if status < 300:
        return "that is no answer to a call."
    if 300 <= status < 400:
        return "it sends callers elsewhere, which is not followed; enter the address itself."
    if status >= 500:
        return "it failed."
    if _is_about(_ABOUT_LENGTH, words):
        return "the prompt is longer than the model takes."
    if _is_about(_ABOUT_CONTENT, words):
        return _FILTERED
    return "it refuses this prompt."

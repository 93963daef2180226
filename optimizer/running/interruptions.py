"""Reasons to leave a run before its conversation ended. Nothing is lost: it can go on later."""

from __future__ import annotations

OVERBILLED = "overbilled"
"""The stop reason of a run whose message says what a provider took beyond its reservations."""


class Interruption(Exception):
    """The run is being left: nothing new is sent, what is out is let finish.

    `said` are a provider's own words, only for who may edit providers.
    """

    def __init__(self, message: str = "", *, said: str = "") -> None:
        self.said = said
        super().__init__(message)


class PauseWished(Interruption):
    """Somebody pressed pause."""


class CancelWished(Interruption):
    """Somebody pressed cancel."""


class WorkerStops(Interruption):
    """This worker is shutting down; another one goes on."""


class ProviderDown(Interruption):
    """Several calls in a row failed with all their attempts: the message names the provider."""


class CutOff(Interruption):
    """Workers died again and again while the same call was out: it is not paid for ever."""


class Overbilled(Interruption):
    """A provider took more for a call than was reserved: the message names it and the sums."""


class MonthlyCap(Interruption):
    """A monthly cap above the run is reached, or cannot be kept: the message says which."""


class NothingReadable(Interruption):
    """The baseline's replies say nothing: the message says how many, and why."""


class ProviderClosed(Interruption):
    """The provider refuses every call (key, permission, model, money): it has to be changed."""

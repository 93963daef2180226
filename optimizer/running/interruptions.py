"""Reasons to leave a run before its conversation ended. Nothing is lost: it can go on later."""

from __future__ import annotations

from enum import StrEnum

from optimizer.core.problems import Message


class Why(StrEnum):
    """Why a run is left, as its stop reason says it."""

    PAUSE_WISHED = "pause wished"
    CANCEL_WISHED = "cancelled"
    WORKER_STOPS = "worker stops"
    """This worker is shutting down; another one goes on."""
    PROVIDER_DOWN = "provider down"
    """Several calls in a row failed with all their attempts."""
    CUT_OFF = "cut off"
    """Workers died again and again while the same call was out: it is not paid for ever."""
    OVERBILLED = "overbilled"
    """A provider took more for a call than was reserved."""
    MONTHLY_CAP = "monthly cap"
    """A monthly cap above the run is reached, or cannot be kept."""
    UNREADABLE = "unreadable"
    """The baseline's replies say nothing."""
    REPLIES_CUT = "replies cut"
    """A model's replies are cut off at their limit, one after another."""
    CODE_HANGS = "code hangs"
    """Somebody's code hung or broke down several times."""
    PROVIDER_CLOSED = "provider refused"
    """The provider refuses every call (key, permission, model, money): it has to be changed."""


OVERBILLED = Why.OVERBILLED.value


class Interruption(Exception):
    """The run is being left: nothing new is sent, what is out is let finish.

    `told` says what happened and what to do; `said` are a provider's own words, only for who may
    edit providers.
    """

    def __init__(self, why: Why, told: Message = "", *, said: str = "") -> None:
        self.why, self.told, self.said = why, told, said
        super().__init__(why, told)

"""What one client has learned of how its models want their requests, while it calls them.

A refusal that says what it is about is believed. One that does not, and a reply that is empty, may
be about the form that replies are held to, as long as none was ever held to it: that is tried out
with one request, and believed when its answer comes. So are functions, which a model that never
called one is not offered again after a reply that calls none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from optimizer.core.programs.ending import no_answer
from optimizer.core.programs.lm import Reply
from optimizer.core.programs.native import CALLED, finished
from optimizer.lm.call import LMCall
from optimizer.lm.failures import (
    CallFailed,
    EmptyReply,
    NotFound,
    PromptRefused,
    Reshaped,
    ServerFailed,
    Silent,
    is_told_why,
)
from optimizer.lm.traits import (
    ReplyForm,
    Traits,
    after_refusal,
    freer,
    is_about_functions,
    is_held,
    may_call,
)

_TELLS = (PromptRefused, NotFound, ServerFailed)
"""Failures whose words may be about the form of a request."""


class Shaping:
    """The traits of a client's models. `known` is what was learned before; `holds` is whether
    replies are to be held to a form at all; `first` is what a model begins with of which nothing
    is known.
    """

    def __init__(
        self,
        known: Mapping[str, Traits] | None = None,
        *,
        holds: bool = True,
        first: Callable[[str], Traits] = lambda model: Traits(),
    ) -> None:
        self._now = dict(known or {})
        self._begun: dict[str, Traits] = {}
        self._holds = holds
        self._first = first
        self._tried: dict[str, Traits] = {}
        self._sure: set[str] = set()
        self._calls: set[str] = set()
        self._answered: dict[str, Traits] = {}

    def of(self, model: str) -> Traits:
        """How a request is sent now."""
        if model not in self._begun:
            free = Traits(replies=ReplyForm.FREE)
            known = self._now.get(model) or (self._first(model) if self._holds else free)
            self._begun[model] = self._now[model] = known
        return self._now[model]

    @property
    def learned(self) -> dict[str, Traits]:
        """What was found out about models, and is certain: a reply came to a request made so."""
        return {m: t for m, t in self._answered.items() if t != self._begun[m]}

    def after(self, call: LMCall, sent: Traits, failure: CallFailed) -> CallFailed:
        """What a call has failed with that was sent so: Reshaped if it may be sent otherwise."""
        if isinstance(failure, Silent):
            return self._after_nothing(call, sent) or failure
        if not isinstance(failure, _TELLS):
            return failure
        if self._now[call.model] != sent:
            return _reshaped(failure)  # what others learned meanwhile may be what it takes
        if self._may_be_functions(call, sent, failure):
            self._now[call.model] = replace(sent, functions=False)
            return _reshaped(failure)
        wanted = after_refusal(sent, call, failure.said)
        if wanted is not None:
            self._now[call.model] = wanted
            return _reshaped(failure)
        if self._may_be_the_form(call, sent, failure):
            self._try(call.model, sent, replace(sent, replies=ReplyForm.FREE))
            return _reshaped(failure)
        self._give_up(call.model)
        return failure

    def taken(self, call: LMCall, sent: Traits, reply: Reply) -> Reply:
        """A reply that came.

        Raises:
            EmptyReply: it holds nothing, which may be due to the form that it was held to.
        """
        if may_call(call, sent) and not no_answer(reply.finish_reason):
            reply = self._called(call, sent, reply)
        if not reply.text.strip() and not no_answer(reply.finish_reason):
            again = self._after_nothing(call, sent)
            if again is not None:
                raise again
            return reply
        if self._now[call.model] == sent:
            self._tried.pop(call.model, None)
            self._answered[call.model] = sent
        if is_held(call, sent):
            self._sure.add(call.model)
        return reply

    def _called(self, call: LMCall, sent: Traits, reply: Reply) -> Reply:
        """A reply to who was offered functions; of a model that calls some, none is the end.

        Raises:
            EmptyReply: it never called one, and is asked for a text.
        """
        if reply.finish_reason == CALLED:
            self._calls.add(call.model)
            return reply
        if call.model in self._calls:
            return replace(reply, text=finished(reply.text))
        if self._now[call.model] == sent:
            self._now[call.model] = replace(sent, functions=False)
        raise EmptyReply(f"{call.model} called no function; it is asked for a text.")

    def _may_be_functions(self, call: LMCall, sent: Traits, failure: CallFailed) -> bool:
        unsure = may_call(call, sent) and call.model not in self._calls
        plain = isinstance(failure, PromptRefused) and not is_told_why(failure)
        return unsure and (plain or is_about_functions(failure.said))

    def _after_nothing(self, call: LMCall, sent: Traits) -> EmptyReply | None:
        """Whether a call that was answered with nothing is to be sent in another form."""
        model = call.model
        if is_held(call, sent):
            others = self._now[model] != sent
            if not others and model not in self._sure:
                self._try(model, sent, freer(sent))
                others = True
            if others:
                return EmptyReply(f"{model} said nothing; it is asked in another form.")
        self._give_up(model)
        return None

    def _may_be_the_form(self, call: LMCall, sent: Traits, failure: CallFailed) -> bool:
        unsure = call.model not in self._sure and call.model not in self._tried
        plain = isinstance(failure, PromptRefused) and not is_told_why(failure)
        return is_held(call, sent) and unsure and plain

    def _try(self, model: str, sent: Traits, other: Traits) -> None:
        self._tried.setdefault(model, sent)
        self._now[model] = other

    def _give_up(self, model: str) -> None:
        """Another form did not help: it is about something else."""
        if model in self._tried:
            self._now[model] = self._tried.pop(model)
            self._sure.add(model)


def _reshaped(failure: CallFailed) -> Reshaped:
    return Reshaped(f"{failure} It is asked in another form.", said=failure.said)

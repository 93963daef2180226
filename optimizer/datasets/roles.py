"""What the columns of a table are for: guessed by their names, their order and their looks.

An answer that is taken for an input is told to the model, so in doubt a column is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from optimizer.datasets import words
from optimizer.datasets.columns import Column, Role

Within = Callable[[int, int], bool]
"""Whether the values of one column are parts of those of another, given their places."""


@dataclass(frozen=True)
class Look:
    """A column with what its role is guessed by.

    `labels`: its values are few, short, and each seen again; `free`: texts that people write;
    `sparse`: most of its values are missing; `known`: the role that is no guess.
    """

    column: Column
    labels: bool
    free: bool
    sparse: bool
    known: Role | None = None

    @property
    def usable(self) -> bool:
        return self.known is not None or self.column.role is Role.INPUT

    @property
    def asks(self) -> bool:
        """Whether it is called like an input."""
        return self.known is Role.INPUT or words.sounds_like_input(self.column.name)

    @property
    def answers(self) -> bool:
        """Whether it is called like an answer."""
        if self.known is not None:
            return self.known is Role.EXPECTED
        return self.usable and words.sounds_expected(self.column.name)


def guess_roles(looks: Sequence[Look], within: Within) -> list[Role]:
    """The role of each column. Inputs stand first: behind the first text, labels and what is taken
    from it are answers; behind answers, only what is called like an input is one. Of what is taken
    from a text there may be none.
    """
    about = _about_rows(looks)
    usable = [n for n, look in enumerate(looks) if look.usable and n not in about]
    answers = {n for n in usable if looks[n].answers} - _what_is_asked_about(looks, usable)
    others = [n for n in usable if n not in answers]
    texts = [n for n in others if looks[n].free or looks[n].asks]
    begin = min(texts or others, default=0)
    likely = {
        n
        for n in others
        if texts and n > begin and not looks[n].asks and (looks[n].labels or within(n, begin))
    }
    taken = {n for n in likely if looks[n].column.nullable and within(n, begin)}
    answers |= taken | {n for n in likely if not looks[n].column.missing}
    if not answers and likely:
        answers = {min(likely, key=lambda n: looks[n].column.missing)}
    if any(not looks[n].sparse for n in answers):
        answers = {n for n in answers if not looks[n].sparse or looks[n].known or n in taken}
    roles = [Role.METADATA if n in about else _unused(look) for n, look in enumerate(looks)]
    for n in usable:
        if n in answers:
            roles[n] = Role.EXPECTED
        elif n <= begin or looks[n].asks:
            roles[n] = Role.INPUT
        elif n in likely or looks[n].answers or (texts and looks[n].sparse):
            roles[n] = Role.IGNORED
        else:
            roles[n] = _behind(looks[n], any(begin < answer < n for answer in answers))
    return _both_roles(looks, [look.known or role for look, role in zip(looks, roles, strict=True)])


def doubts_in(looks: Sequence[Look], roles: Sequence[Role], within: Within) -> list[bool]:
    """Which roles are guessed by nothing but the place of their columns: an input among others that
    are called like inputs, or one that stands in another; an answer among others that are called
    like answers, or one of few words among others that are taken from the text.
    """
    inputs = [n for n, role in enumerate(roles) if role is Role.INPUT]
    answers = [n for n, role in enumerate(roles) if role is Role.EXPECTED]
    asked = any(looks[n].asks for n in inputs)
    named = any(looks[n].answers for n in answers)
    first = min((n for n in inputs if looks[n].free or looks[n].asks), default=-1)
    taken = {n for n in answers if first >= 0 and looks[n].column.nullable and within(n, first)}

    def doubtful(n: int, look: Look) -> bool:
        if look.known is not None:
            return False
        if n in inputs:
            repeats = any(other < n and look.asks and within(n, other) for other in inputs)
            return repeats or (asked and not look.asks)
        if n in answers:
            return not look.answers and (named or (bool(taken) and look.labels and n not in taken))
        return False

    return [doubtful(n, look) for n, look in enumerate(looks)]


def _about_rows(looks: Sequence[Look]) -> set[int]:
    """Columns of few values that say what a row is, like its topic, where something else is asked
    and something answered.
    """
    asked = any(look.usable and look.asks for look in looks)
    if not asked or not any(look.answers for look in looks):
        return set()
    return {
        n
        for n, look in enumerate(looks)
        if look.usable and look.known is None and not look.asks and look.labels
        and words.sounds_like_metadata(look.column.name)
    }  # fmt: skip


def _unused(look: Look) -> Role:
    return Role.METADATA if look.column.role is Role.METADATA else Role.IGNORED


def _behind(look: Look, answers: bool) -> Role:
    if not answers:
        return Role.INPUT
    return Role.IGNORED if look.column.missing else Role.EXPECTED


def _what_is_asked_about(looks: Sequence[Look], usable: Sequence[int]) -> set[int]:
    """A first column of texts with a name like “reference” or “response”, and no other input."""
    if len(usable) < 2 or any(looks[n].asks for n in usable):
        return set()
    first = looks[usable[0]]
    about = first.known is None and first.free and words.sounds_like_either(first.column.name)
    return {usable[0]} if about else set()


def _both_roles(looks: Sequence[Look], roles: list[Role]) -> list[Role]:
    """Where nothing gives it away, the labels are expected, or the last column; and the first that
    is no label is the input.
    """
    inputs = [n for n, r in enumerate(roles) if r is Role.INPUT and looks[n].known is None]
    if Role.EXPECTED not in roles and inputs and roles.count(Role.INPUT) > 1:
        labelled = [n for n in inputs if looks[n].labels]
        chosen = min(labelled, key=lambda n: looks[n].column.distinct) if labelled else inputs[-1]
        roles[chosen] = Role.EXPECTED
    expected = [n for n, r in enumerate(roles) if r is Role.EXPECTED and looks[n].known is None]
    texts = [n for n in expected if not looks[n].labels]
    if Role.INPUT not in roles and texts and len(expected) > 1:
        roles[texts[0]] = Role.INPUT
    return roles

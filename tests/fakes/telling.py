"""Problems as people read them, also where no Django was set up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings

from optimizer import sentences
from optimizer.core.problems import Message, Problem, Refused

if not settings.configured:
    settings.configure(USE_I18N=False)


def told(message: Message) -> str:
    return sentences.sentence(message)


def all_told(problems: Iterable[Problem] | Refused) -> list[str]:
    return list(map(told, problems.problems if isinstance(problems, Refused) else problems))


def places(problems: Iterable[Problem] | Refused) -> list[tuple[str, str]]:
    """Where, and what is said of it."""
    found = problems.problems if isinstance(problems, Refused) else problems
    return [(problem.place, told(problem)) for problem in found]


@contextmanager
def refused(
    words: str, place: str | None = None, kind: type[Refused] = Refused
) -> Iterator[pytest.ExceptionInfo[Refused]]:
    """What is done within is refused: one of the reasons has these words, and that place."""
    with pytest.raises(kind) as caught:
        yield caught
    said = [*places(caught.value), *places(caught.value.in_short)]
    fitting = [where for where, sentence in said if words in sentence]
    assert fitting, said
    assert place is None or place in fitting, said

"""One example, and what each of the compared candidates made of it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404

from optimizer.core.evaluation.outcome import Outcome
from optimizer.core.programs.example import Example
from promptlab.programs.tryouts import ShownCall
from promptlab.runs.comparing.comparison import CompareView
from promptlab.runs.comparing.examples import outcome_on
from promptlab.runs.results.evidence import Evaluated


@dataclass(frozen=True)
class CandidateOnExample:
    """What one candidate made of one example."""

    evaluated: Evaluated
    outcome: str
    whole: Outcome | None
    calls: list[ShownCall]


@dataclass(frozen=True)
class ExampleView:
    """One example, every candidate's full transcript, and the way to its neighbours."""

    view: CompareView
    example: Example
    position: int
    of: int
    columns: list[CandidateOnExample]
    previous: str
    following: str

    @property
    def protected(self) -> bool:
        return self.example.id in self.view.protected


def example_view(view: CompareView, example: str) -> ExampleView:
    """Everything about one example.

    Raises:
        Http404: the run's validation examples have no such id.
    """
    known = view.example(example)
    if known is None:
        raise Http404("There is no example of this name.")
    order = [row.example for row in view.rows]
    if example not in order:
        order = [row.example for row in view.comparing.rows]
    place = order.index(example) if example in order else -1
    return ExampleView(
        view, known, place + 1, len(order), _columns(view, known),
        view.example_url(order[place - 1]) if place > 0 else "",
        view.example_url(order[place + 1]) if -1 < place < len(order) - 1 else "",
    )  # fmt: skip


def _columns(view: CompareView, example: Example) -> list[CandidateOnExample]:
    row = next((r for r in view.comparing.rows if r.example == example.id), None)
    outcomes = ["", *(c.outcome for c in row.cells)] if row else [""] * len(view.candidates)
    found = []
    for candidate, outcome in zip(view.candidates, outcomes, strict=True):
        whole = outcome_on(candidate.exchanges, example.id)
        calls = view.calls_of(candidate, example, whole) if whole else []
        found.append(CandidateOnExample(candidate, outcome, whole, calls))
    return found

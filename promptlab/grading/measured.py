"""A judge measured: against labelled verdicts, against itself, and by what it should not mind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.core.evaluation.agreement import Agreement, Leaning, agreement, leaning
from optimizer.core.evaluation.program_metric import ProgramMetric
from promptlab.accounts.models import Project
from promptlab.grading.labels import Labelled
from promptlab.metrics import verdicts
from promptlab.metrics.verdicts import Judging, Verdict

DRAWS = 2
"""How often each answer is judged to see whether the verdict stays."""


@dataclass(frozen=True)
class Disagreement:
    """An answer on which judge and label differ, with the judge's reason."""

    key: str
    answer: str
    label: str
    verdict: Verdict


@dataclass(frozen=True)
class Measured:
    """`people`: judge and labels. `repeats`: two draws of the judge. `order`: the judge, and the
    judge with its levels told in the opposite order. `length`: how its scores, beyond those of the
    labels, lean on how long the answer is. Each None while it is not known; `price` is what asking
    takes, about, in micro-USD. `faults` are verdicts that could not be had.
    """

    labelled: Labelled
    judgings: tuple[Judging, ...]
    people: Agreement | None
    repeats: Agreement | None
    order: Agreement | None
    length: Leaning | None
    disagreements: tuple[Disagreement, ...]
    faults: int
    price: int | None

    @property
    def calls(self) -> int:
        return len(self.labelled) * (2 + DRAWS)

    @property
    def confusion(self) -> list[tuple[str, tuple[int, ...]]]:
        """How often each verdict was given where a label stands, by label."""
        return list(zip(self.people.names, self.people.table, strict=True)) if self.people else []

    @property
    def waiting(self) -> Judging | None:
        """What still goes on, None when nothing does."""
        return next((each for each in self.judgings if each.state == "waiting"), None)

    @property
    def standing(self) -> Judging:
        """What its page says of asking."""
        failed = next((each for each in self.judgings if each.state in ("failed", "lost")), None)
        return self.waiting or failed or self.judgings[0]


def ask(project: Project, judge: ProgramMetric, labelled: Labelled) -> None:
    """Have a worker ask for all verdicts that are needed; what was paid for is not paid again.

    Raises:
        Refused: the judge cannot be asked as it stands.
    """
    verdicts.ask(project, judge, labelled.answers)
    verdicts.ask(project, judge.turned(), labelled.answers)
    verdicts.ask(project, judge, labelled.answers, DRAWS)


def measured(project: Project, judge: ProgramMetric, labelled: Labelled) -> Measured:
    """What is known so far."""
    plain = verdicts.judging_of(project, judge, labelled.answers)
    turned = verdicts.judging_of(project, judge.turned(), labelled.answers)
    drawn = verdicts.judging_of(project, judge, labelled.answers, DRAWS)
    levels = {key: said.level for key, said in plain.verdicts.items() if said.level}
    names = tuple(judge.scores)
    price = verdicts.price_told(project, judge, labelled.answers)
    return Measured(
        labelled,
        (plain, turned, drawn),
        _alike(labelled.verdicts, levels, names),
        _alike(_levels(drawn, 0), _levels(drawn, 1), names),
        _alike(levels, _levels(turned, 0), names),
        _length(judge, labelled, levels),
        _disagreements(labelled, plain.verdicts),
        sum(not said.level for said in plain.verdicts.values()),
        None if price is None else price * (2 + DRAWS),
    )


def _levels(judging: Judging, draw: int) -> dict[str, str]:
    draws = judging.draws
    said = draws[draw] if draw < len(draws) else {}
    return {key: verdict.level for key, verdict in said.items() if verdict.level}


def _alike(
    first: Mapping[str, str], second: Mapping[str, str], names: tuple[str, ...]
) -> Agreement | None:
    pairs = [(first[key], second[key]) for key in first if key in second]
    return agreement(pairs, names) if pairs else None


def _length(judge: ProgramMetric, labelled: Labelled, levels: Mapping[str, str]) -> Leaning | None:
    known = [key for key in labelled.verdicts if key in levels]
    beyond = [judge.scores[levels[k]] - judge.scores[labelled.verdicts[k]] for k in known]
    return leaning([float(len(labelled.texts[key])) for key in known], beyond)


def _disagreements(labelled: Labelled, said: Mapping[str, Verdict]) -> tuple[Disagreement, ...]:
    return tuple(
        Disagreement(key, labelled.texts[key], label, said[key])
        for key, label in labelled.verdicts.items()
        if key in said and said[key].level not in ("", label)
    )

"""A rubric written for somebody out of a sentence, by a model of the project."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.conversation.requests import Purpose
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.evaluation.program_metric import Level
from optimizer.core.metrics.rubrics import WISH, read_rubric, writer
from optimizer.core.problems import Refused
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Role
from optimizer.jobs import evaluations
from optimizer.models import Run
from optimizer.sentences import sentence
from promptlab.accounts.models import Project
from promptlab.providers import queries as providers

FEWEST = 2
"""Levels that a rubric must have to be of use."""


@dataclass(frozen=True)
class Writing:
    """`state`: "" where nobody asked, waiting, lost, failed with `problem`, or done."""

    state: str = ""
    problem: str = ""
    said: str = ""
    run: Run | None = None
    rubric: str = ""
    levels: tuple[Level, ...] = ()


def write(project: Project, wish: str, value: str = "") -> Run:
    """Have a worker ask the model that a form names by `value`, or else the project's own.

    Raises:
        Refused: nothing was wished, or the project has no model.
    """
    if not wish.strip():
        raise Refused.because("rubric.no_wish")
    spec = _spec(project, wish, value)
    if spec is None:
        raise Refused.because("rubric.no_model")
    return evaluations.start(spec)


def writing_of(project: Project, wish: str, value: str = "") -> Writing:
    """The newest rubric that this model was asked for by this sentence."""
    spec = _spec(project, wish, value) if wish.strip() else None
    run = evaluations.latest(spec) if spec else None
    if run is None:
        return Writing()
    if run.active:
        return Writing("waiting" if evaluations.is_waiting(run) else "lost", run=run)
    if run.status != Run.Status.FINISHED:
        return Writing("failed", sentence(run.message), run.said, run)
    outcome = evaluations.outcomes_of(run)[0]
    rubric, levels = read_rubric(outcome.outputs)
    if not rubric or len(levels) < FEWEST:
        told = outcome.error or (outcome.score.reason if outcome.score else "")
        return Writing("failed", told, outcome.said, run)
    return Writing("done", run=run, rubric=rubric, levels=levels)


def _spec(project: Project, wish: str, value: str) -> EvaluationSpec | None:
    ref, program = _model(project, value), writer()
    if ref is None:
        return None
    return EvaluationSpec(
        program, (baseline_of(program),), (ref,), Purpose.TRYOUT, project.namespace,
        (Example(WISH, {WISH: wish.strip()}),), role=Role.OPTIMIZER,
    )  # fmt: skip


def _model(project: Project, value: str) -> ModelRef | None:
    chosen = providers.choice_of(project, value) if value else None
    chosen = chosen or providers.default_models(project).get(Role.OPTIMIZER)
    return chosen.ref() if chosen else None

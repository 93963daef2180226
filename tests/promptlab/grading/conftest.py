"""A judge, and a dataset of answers with the verdicts that they should get."""

from __future__ import annotations

import io

import pytest

from optimizer.core.evaluation.program_metric import Level
from optimizer.core.metrics.llm_judge import LlmJudge
from optimizer.core.programs.lm import OwnModel
from optimizer.models import Provider
from promptlab.accounts.models import Project, User
from promptlab.datasets.models import Dataset
from promptlab.datasets.services import import_dataset
from promptlab.metrics.models import Metric
from promptlab.metrics.services import create_metric
from tests.promptlab.programs.conftest import provider

__all__ = ["provider"]

LEVELS = (Level("good", 1.0, "polite"), Level("poor", 0.0))


@pytest.fixture
def metric(project: Project, erin: User, provider: Provider) -> Metric:
    own = OwnModel(provider.pk, "scripted")
    core = LlmJudge("answer", "", model=own, rubric="Is it polite?", levels=LEVELS)
    return create_metric(project, erin, "Polite", core)


@pytest.fixture
def labelled(project: Project, erin: User) -> Dataset:
    """Even ones are good; the longer the answer, the later it comes."""
    rows = [f"q {n},{'please ' * n}go {n},{('good', 'Poor')[n % 2]}" for n in range(12)]
    file = io.BytesIO("\n".join(["question,answer,grade", *rows]).encode())
    return import_dataset(project, erin, "Graded", file, source_name="graded.csv")

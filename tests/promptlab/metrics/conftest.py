"""The dataset and the programs of the programs room, and a metric that fits them."""

from __future__ import annotations

import pytest

from optimizer.core.metrics.choice_accuracy import ChoiceAccuracy
from promptlab.accounts.models import Project, User
from promptlab.metrics.models import Metric
from promptlab.metrics.services import create_metric
from tests.promptlab.programs.conftest import dataset, make_program, one_step, provider

__all__ = ["dataset", "make_program", "one_step", "provider"]


@pytest.fixture
def metric(project: Project, erin: User) -> Metric:
    core = ChoiceAccuracy("intent", "intent")
    return create_metric(project, erin, "Right intent", core)

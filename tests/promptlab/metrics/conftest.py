"""The dataset and the programs of the programs room, and a metric that fits them."""

from __future__ import annotations

import pytest

from optimizer.core.evaluation.metrics import Metric as CoreMetric
from optimizer.core.evaluation.metrics import MetricKind
from promptlab.accounts.models import Project, User
from promptlab.metrics.models import Metric
from promptlab.metrics.services import create_metric
from tests.promptlab.programs.conftest import dataset, make_program, one_step, provider

__all__ = ["dataset", "make_program", "one_step", "provider"]


@pytest.fixture
def metric(project: Project, erin: User) -> Metric:
    core = CoreMetric(MetricKind.CHOICE_ACCURACY, "intent", "intent")
    return create_metric(project, erin, "Right intent", core)

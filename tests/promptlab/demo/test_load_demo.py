"""The demo project is whole, loaded once, and ready to optimize."""

from __future__ import annotations

import pytest

from optimizer.datasets.splitting import Split
from promptlab.accounts.models import Project
from promptlab.datasets import queries
from promptlab.datasets.models import Dataset
from promptlab.demo.project import load_demo
from promptlab.metrics.models import Metric
from promptlab.programs.models import Program

pytestmark = pytest.mark.django_db


def test_the_demo_has_data_two_programs_and_a_metric_that_fit():
    project = load_demo()

    dataset = Dataset.objects.get(project=project)
    sizes = [len(queries.examples(dataset, split)) for split in Split]
    assert sizes == [40, 40, 60]
    programs = [p.core for p in Program.objects.filter(project=project)]
    assert sorted(len(p.modules) for p in programs) == [1, 2]
    metric = Metric.objects.get(project=project).core
    for program in programs:
        assert program.problems() == []
        assert metric.problems(program, {"date"}) == []


def test_the_demo_is_loaded_once():
    assert load_demo() is not None
    assert load_demo() is None
    assert Project.objects.count() == 1


def test_the_demo_stays_out_of_an_installation_in_use():
    Project.objects.create(name="Ours", slug="ours")
    assert load_demo() is None


def test_no_message_of_the_demo_stands_in_two_splits():
    dataset = Dataset.objects.get(project=load_demo())
    texts = [{e.inputs["message"] for e in queries.examples(dataset, split)} for split in Split]
    assert len(set.union(*texts)) == sum(map(len, texts))

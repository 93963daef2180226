"""What a new run may be made of, read once for all forms of one request."""

from __future__ import annotations

from functools import cached_property

from optimizer.datasets.splitting import Split
from promptlab.accounts.models import Project
from promptlab.datasets import queries as datasets
from promptlab.datasets.models import Dataset
from promptlab.metrics import services as metrics
from promptlab.metrics.models import Metric
from promptlab.programs.models import Program
from promptlab.providers import queries as providers
from promptlab.providers.queries import ModelChoice


class RunChoices:
    """A project's programs, datasets, metrics and models."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._suggested: dict[tuple[int, int], Metric | None] = {}
        self._validation: dict[int, int] = {}

    @cached_property
    def models(self) -> list[ModelChoice]:
        return providers.model_choices(self.project)

    @cached_property
    def embedding_models(self) -> list[ModelChoice]:
        return providers.embedding_choices(self.project)

    @cached_property
    def metrics(self) -> list[Metric]:
        return list(self.project.metrics.all())

    @cached_property
    def programs(self) -> dict[int, Program]:
        return {program.pk: program for program in self.project.programs.all()}

    @cached_property
    def datasets(self) -> dict[int, Dataset]:
        return {dataset.pk: dataset for dataset in self.project.datasets.all()}

    def validation_size(self, dataset: Dataset) -> int:
        """Examples of its validation split."""
        if dataset.pk not in self._validation:
            self._validation[dataset.pk] = datasets.split_counts(dataset)[Split.VALIDATION]
        return self._validation[dataset.pk]

    def suggested_metric(self, program: Program | None, dataset: Dataset | None) -> Metric | None:
        """The metric that suits both; perhaps not stored yet."""
        if program is None or dataset is None:
            return None
        key = (program.pk, dataset.pk)
        if key not in self._suggested:
            self._suggested[key] = metrics.suggest(program, dataset)
        return self._suggested[key]

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field as Bounds

from optimizer.core.evaluation.metrics import MetricKind
from promptlab.api.schemas.base import Body, Text


class MetricIn(Body):
    """Compares the program's `output` with the dataset's `expected` column.

    `tolerance` is for numeric ones. Answers from `threshold` on may become demos. With `program`
    and `dataset` (ids) the names are checked against them.
    """

    name: Text
    kind: MetricKind
    output: Text
    expected: Text
    tolerance: Annotated[float, Bounds(ge=0, allow_inf_nan=False)] = 0
    threshold: Annotated[float, Bounds(ge=0, le=1, allow_inf_nan=False)] = 1
    program: int | None = None
    dataset: int | None = None


class MetricOut(Schema):
    id: int
    name: str
    kind: str
    output: str
    expected: str
    tolerance: float
    threshold: float
    created_at: datetime

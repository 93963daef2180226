from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic import Field as Bounds
from pydantic_core import PydanticKnownError

from promptlab.api.schemas.base import Text
from promptlab.metrics.kinds import KINDS
from promptlab.metrics.models import Metric


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise PydanticKnownError("enum", {"expected": " or ".join(map(repr, KINDS))})
    return kind


Kind = Annotated[
    str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": list(KINDS)})
]


class MetricIn(BaseModel):
    """Compares the program's `output` with the dataset's `expected` column.

    `tolerance` is for numbers. Answers from `threshold` on may become demos. With `program`
    and `dataset` (ids) the names are checked against them. What else a kind asks is a key beside.
    """

    model_config = ConfigDict(extra="allow")  # not a Body: what is unknown depends on the kind

    name: Text
    kind: Kind
    output: Text
    expected: Text = ""
    tolerance: Annotated[float, Bounds(ge=0, allow_inf_nan=False)] = 0
    threshold: Annotated[float, Bounds(ge=0, le=1, allow_inf_nan=False)] = 1
    program: int | None = None
    dataset: int | None = None

    @model_validator(mode="after")
    def _no_unknown_key(self) -> Self:
        unknown = [key for key in self.model_extra or {} if key not in KINDS[self.kind].fields]
        if unknown:
            raise ValidationError.from_exception_data(
                "MetricIn",
                [{"type": "extra_forbidden", "loc": (k,), "input": None} for k in unknown],
            )
        return self


class MetricOut(BaseModel):
    """What its kind asks besides is a key beside the others, as it was sent."""

    model_config = ConfigDict(extra="allow")

    id: int
    name: str
    kind: str
    output: str
    expected: str
    tolerance: float
    threshold: float
    created_at: datetime

    @classmethod
    def of(cls, row: Metric) -> MetricOut:
        columns = ("name", "kind", "output", "expected", "threshold", "created_at")
        given: dict[str, Any] = {column: getattr(row, column) for column in columns}
        return cls(**{"id": row.pk, "tolerance": 0, **given, **row.kind_settings})

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

from optimizer.core.metrics import standard_kind
from optimizer.core.metrics.parts import MOST_PARTS, Counts, Objective
from promptlab.api.schemas.base import Text
from promptlab.metrics.kinds import KINDS
from promptlab.metrics.models import Metric


def _offered() -> list[str]:
    return [name for name, kind in KINDS.items() if kind.offered]


def _known(kind: str) -> str:
    if kind not in _offered():
        raise PydanticKnownError("enum", {"expected": " or ".join(map(repr, _offered()))})
    return kind


Kind = Annotated[
    str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": _offered()})
]


Share = Annotated[float, Bounds(ge=0, le=1, allow_inf_nan=False)]


class _Judging(BaseModel):
    """Compares the program's `output` with the dataset's `expected` column; a kind may do without
    either. `tolerance` is for numbers. What else a kind asks is a key beside.
    """

    model_config = ConfigDict(extra="allow")  # not a Body: what is unknown depends on the kind

    kind: Kind
    output: Text = ""
    expected: Text = ""
    tolerance: Annotated[float, Bounds(ge=0, allow_inf_nan=False)] = 0

    @model_validator(mode="after")
    def _no_unknown_key(self) -> Self:
        unknown = [key for key in self.model_extra or {} if key not in KINDS[self.kind].fields]
        if unknown:
            raise ValidationError.from_exception_data(
                type(self).__name__,
                [{"type": "extra_forbidden", "loc": (k,), "input": None} for k in unknown],
            )
        return self


class PartIn(_Judging):
    """One of several parts. `counts`: by its `weight`, as a must that holds from `threshold` on, or
    only shown.
    """

    name: Text
    weight: Annotated[float, Bounds(ge=0, allow_inf_nan=False)] = 1
    counts: Counts = Counts.WEIGHTED
    threshold: Share = 1


class MetricIn(_Judging):
    """A metric of one part says its kind, one of several its `parts` and their `objective`.

    Answers from `threshold` on may become demos. With `program` and `dataset` (ids) the names are
    checked against them.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Right label", "kind": standard_kind().kind, "output": "label",
                 "expected": "label"}
            ]
        }
    )  # fmt: skip

    name: Text
    kind: Kind = standard_kind().kind
    threshold: Share = 1
    program: int | None = None
    dataset: int | None = None
    parts: Annotated[list[PartIn], Bounds(max_length=MOST_PARTS)] = []
    objective: Objective = Objective.MEAN


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

"""What somebody wants to have scored as it stands."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field as Bounds
from pydantic import StrictInt

from promptlab.api.schemas.base import Body, Text, example
from promptlab.api.schemas.run_requests import ModelIn, StartLimitsIn


class EvaluationIn(Body):
    """A program as it stands, and beside it what is `given`: “12.4” is candidate 4 of run 12, whose
    modules must be called like the program's.

    `models`: the first is the one whose scores count, up to five more are compared with it. `rows`:
    “validation”, “train”, “both”, or “failed.12”, what the best of run 12 does not get right;
    `where` narrows them to those whose column has a value. `draws`: how often each is scored, which
    needs a `temperature` above 0. `tested`: the sealed test split is looked at; the look counts.
    """

    model_config = example({"program": 3, "dataset": 4, "given": ["12.4"], "rows": "validation"})

    program: int
    dataset: int
    metric: int | None = None
    given: list[Text] = []
    models: list[ModelIn] = []
    rows: Text = "validation"
    where: dict[Text, Text] = {}
    draws: int = 1
    temperature: Annotated[float, Bounds(allow_inf_nan=False)] | None = None
    tested: bool = False
    limits: StartLimitsIn = StartLimitsIn()
    columns: dict[Text, Text] = {}

    def said(self) -> dict[str, Any]:
        """What was said, as the fields of the page's form."""
        values: dict[str, Any] = {
            "program": self.program,
            "dataset": self.dataset,
            "given": self.given,
            "rows": self.rows,
            "draws": self.draws,
            "temperature": self.temperature,
            "tested": "on" if self.tested else "",
        }
        if self.metric is not None:
            values["metric"] = self.metric
        if self.models:
            values["model_task"] = self.models[0].value
            values["model_further"] = [model.value for model in self.models[1:]]
        for column, value in self.where.items():
            values |= {"column": column, "value": value}
        values |= {f"column_{name}": column for name, column in self.columns.items()}
        caps = {"max_calls": "calls", "max_cost": "dollars", "max_minutes": "minutes"}
        said = self.limits.model_fields_set
        return values | {f: getattr(self.limits, name) for f, name in caps.items() if name in said}


class ModuleEdit(Body):
    """What is to be otherwise in a module: its `instruction`; its `demos` in their order, each the
    place of one that stays, counted from 1, or a new one by the values of its fields. What is left
    out stays as it is.
    """

    instruction: Text | None = None
    demos: list[StrictInt | dict[Text, Any]] | None = None


class EditIn(Body):
    """Modules by name; those that are left out stay as they are."""

    model_config = example({"modules": {"classify": {"instruction": "Decide whether it is spam."}}})

    modules: dict[Text, ModuleEdit]

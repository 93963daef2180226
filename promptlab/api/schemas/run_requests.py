"""What somebody wants to run, and what it would take."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field as Bounds

from optimizer.core.conversation.spec import Effort
from optimizer.core.optimizers import DEFAULT
from optimizer.sentences import sentence
from promptlab.api.schemas.base import MICRO, Body, Text, example
from promptlab.runs.starting.measuring import Measuring
from promptlab.runs.starting.planning import Look
from promptlab.ui.words import told


class ModelIn(Body):
    """A model that a provider offers."""

    provider: int
    model: Text

    @property
    def value(self) -> str:
        """As the new run's form has it."""
        return f"{self.provider}:{self.model}"


class LimitsIn(Body):
    """Caps that cannot be passed. Left out: what the estimate suggests. Null: no cap."""

    model_config = example({"calls": 2000, "dollars": 2.0})

    calls: int | None = None
    dollars: Annotated[float, Bounds(allow_inf_nan=False)] | None = None


class StartLimitsIn(LimitsIn):
    """`minutes` of work end the run with its best so far; a pause is not work."""

    minutes: int | None = None


class SettingsIn(Body):
    """Own settings: what is left out is as in the wished `effort`, “light” where that is “custom”.

    One that the optimizer makes no use of is refused.
    """

    trials: int | None = None
    minibatch_size: int | None = None
    full_every: int | None = None
    instructions: int | None = None
    demo_sets: int | None = None
    max_bootstrapped_demos: int | None = None
    max_labeled_demos: int | None = None
    max_validation: int | None = None
    rounds: int | None = None
    late_rounds: int | None = None
    nearest_demos: int | None = None
    step_candidates: int | None = None
    edit_budget: int | None = None
    edit_budget_end: int | None = None
    related: int | None = None
    failed_exemplars: int | None = None
    history_least: int | None = None


class RunIn(Body):
    """What to optimize, with what, how hard, and how much it may cost.

    Without `metric` the suggested one is taken. Without `models` the project's first connected
    model is; roles beside `task` that are left out have the task's model. `further_optimizers` are
    for optimizers that find out which of several models writes best (the MIPRO++ ones). With an
    `embedding` model, demos chosen for each input are tried by meaning, too. `columns` says which
    column an input is read from that no column is called after; what it leaves out is guessed.
    `start`: “12.4” begins with the prompts of candidate 4 of run 12. `rewrites`: whether the
    optimizer model is shown up to three rewritings of the library that raised scores of like tasks.
    """

    model_config = example(
        {
            "program": 3, "dataset": 4, "metric": 2, "optimizer": "racing", "effort": "light",
            "models": {"task": {"provider": 5, "model": "small-chat"}},
            "limits": {"calls": 1500, "dollars": 1.5},
        }
    )  # fmt: skip

    program: int
    dataset: int
    metric: int | None = None
    optimizer: Text = DEFAULT
    effort: Effort = Effort.LIGHT
    settings: SettingsIn = SettingsIn()
    models: dict[Literal["task", "optimizer", "teacher", "embedding"], ModelIn] = {}
    further_optimizers: list[ModelIn] = []
    limits: StartLimitsIn = StartLimitsIn()
    seed: int = 0
    columns: dict[Text, Text] = {}
    rewrites: bool = True
    start: Text = ""

    def said(self) -> dict[str, Any]:
        """What was said, as the fields of the new run's form."""
        own = self.settings.model_dump(exclude_unset=True)
        values: dict[str, Any] = {
            "program": self.program,
            "dataset": self.dataset,
            "optimizer": self.optimizer,
            "effort": Effort.CUSTOM if own else self.effort,
            "seed": self.seed,
            "without_rewrites": not self.rewrites,
            "start": self.start,
            **own,
        }
        values |= {f"column_{name}": column for name, column in self.columns.items()}
        if self.metric is not None:
            values["metric"] = self.metric
        if "task" in self.models:
            values |= {"model_optimizer": "", "model_teacher": ""}
        for role, chosen in self.models.items():
            values[f"model_{role}"] = chosen.value
        if self.further_optimizers:
            values["model_further"] = [m.value for m in self.further_optimizers]
        caps = {"max_calls": "calls", "max_cost": "dollars", "max_minutes": "minutes"}
        said = self.limits.model_fields_set
        return values | {f: getattr(self.limits, name) for f, name in caps.items() if name in said}


class Count(Schema):
    """From the fewest to the most that is to be expected."""

    low: int
    high: int


class Span(Schema):
    """From the lowest to the highest that is to be expected."""

    low: float
    high: float

    @classmethod
    def of(cls, ends: tuple[float, float] | None, unit: float = 1) -> Span | None:
        return None if ends is None else cls(low=ends[0] / unit, high=ends[1] / unit)


class CheckOut(Schema):
    """A finding; a “problem” keeps the run from starting, `field` is what it is about."""

    level: str
    field: str
    message: str


class LimitsOut(Schema):
    """Null where there is no cap."""

    calls: int | None
    dollars: float | None


class MeasuredOut(Schema):
    """A small measured check of the program as it stands, with its task model.

    `state`: "" (not asked for), waiting, lost (nobody answered), failed, done. Per call, from the
    lowest to the highest that the mean may be. `failed` examples got no answer, `unreadable` ones
    one that could not be read.
    """

    state: str
    problem: str
    examples: int = 0
    failed: int = 0
    unreadable: int = 0
    prompt_tokens: Span | None = None
    completion_tokens: Span | None = None
    seconds: Span | None = None

    @classmethod
    def of(cls, found: Measuring, words: bool) -> MeasuredOut:
        """`words`: whether the reader may know what providers said."""
        pilot, problem = found.pilot, told(found.problem, found.said, words)
        if pilot is None:
            return cls(state=found.state, problem=problem)
        return cls(
            state=found.state,
            problem=problem,
            examples=pilot.examples,
            failed=pilot.failed,
            unreadable=pilot.unreadable,
            prompt_tokens=Span.of(pilot.prompt_tokens),
            completion_tokens=Span.of(pilot.completion_tokens),
            seconds=Span.of(pilot.seconds),
        )


class EstimateOut(Schema):
    """What the run would take. Null: not known before the model's first calls.

    Where `measured` is done, tokens, dollars and seconds stand on it.
    """

    calls: Count | None
    tokens: Count | None
    dollars: Span | None
    seconds: Span | None
    measured: MeasuredOut | None
    limits: LimitsOut
    checks: list[CheckOut]
    can_start: bool

    @classmethod
    def of(cls, look: Look, words: bool) -> EstimateOut:
        """`words`: whether the reader may know what providers said."""
        found, caps = look.estimated.forecast, look.wanted.limits
        cost = caps.max_cost
        return cls(
            calls=Count(low=found.calls[0], high=found.calls[1]) if found else None,
            tokens=Count(low=found.tokens[0], high=found.tokens[1]) if found else None,
            dollars=Span.of(found.cost, MICRO) if found else None,
            seconds=Span.of(found.seconds) if found else None,
            measured=MeasuredOut.of(look.estimated.measuring, words) if found else None,
            limits=LimitsOut(calls=caps.max_calls, dollars=None if cost is None else cost / MICRO),
            checks=[
                CheckOut(level=p.level.value, field=p.place, message=sentence(p))
                for p in look.problems
            ],
            can_start=not any(p.refuses for p in look.problems),
        )

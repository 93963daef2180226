"""A rubric written out of one sentence: the program that a model is asked with, and its answer."""

from __future__ import annotations

from optimizer.core.evaluation.program_metric import Level
from optimizer.core.modules import standard_kind
from optimizer.core.programs.calls import INPUT, Call
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, FieldType, Signature, Value, written
from optimizer.core.programs.values import UnreadableValue, read_value

WISH, RUBRIC, LEVELS = "wish", "rubric", "levels"
_STEP = "write"
_INSTRUCTION = (
    "Somebody wants answers of a language model to be graded and says in a sentence what matters. "
    "Write the rubric for the grader: what to look at, in two to five sentences that can be "
    "checked. Then name three or four levels, the best first, with scores from 1 down to 0, each "
    "with a sentence that says when it is due."
)
_LEVEL = (
    Field("name", FieldType.TEXT, "one word"),
    Field("score", FieldType.NUMBER, "from 0 to 1"),
    Field("description", FieldType.TEXT, "when it is due"),
)


def writer() -> Program:
    """Gives a rubric and its levels for a wish."""
    wish = Field(WISH, FieldType.TEXT, "what matters in an answer")
    outputs = (
        Field(RUBRIC),
        Field(LEVELS, FieldType.LIST, items=FieldType.OBJECT, fields=_LEVEL),
    )
    step = standard_kind()(_STEP, Signature((wish,), outputs, _INSTRUCTION))
    call = Call(_STEP, _STEP, {WISH: f"{INPUT}.{WISH}"})
    given = {field.name: f"{_STEP}.{field.name}" for field in outputs}
    return Program(_STEP, (wish,), (step,), (call,), given)


def read_rubric(outputs: dict[str, Value]) -> tuple[str, tuple[Level, ...]]:
    """The rubric and its levels as a judge has them; what has no name or no score is left out."""
    told = outputs.get(LEVELS)
    found = [_level(each) for each in told] if isinstance(told, list) else []
    return written(outputs.get(RUBRIC)).strip(), tuple(level for level in found if level)


def _level(told: object) -> Level | None:
    if not isinstance(told, dict):
        return None
    name = " ".join(str(told.get("name") or "").replace("(", " ").replace(")", " ").split())
    try:
        score = read_value("number", told.get("score"))
    except UnreadableValue:
        return None
    if not name or not isinstance(score, int | float):
        return None
    described = " ".join(str(told.get("description") or "").split())
    return Level(name, min(max(float(score), 0.0), 1.0), described)

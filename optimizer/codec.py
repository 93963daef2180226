"""JSON of the core's values: written and read through pydantic, validated at the door.

What has kinds (modules, metrics) is read by the kind that it names, from the registry as it stands.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Hashable, Mapping
from functools import cache
from typing import Any, Protocol, TypeVar, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, core_schema

from optimizer.core.conversation.evaluation import EvaluationSpec, ModelCheckSpec
from optimizer.core.conversation.spec import RunSpec
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.core.metrics import METRIC_KINDS
from optimizer.core.modules import MODULE_KINDS, standard_kind
from optimizer.core.modules.prompted import Prompted
from optimizer.core.modules.tools import TOOL_KINDS, Tool
from optimizer.core.programs.calls import Call
from optimizer.core.programs.demo import DemoPool
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import Prompt
from optimizer.core.programs.program import Module
from optimizer.core.programs.signature import Field

T = TypeVar("T")


@cache
def adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, kind))


class Pools(Protocol):
    """Keeps pools of demos by content, so that many values may speak of one by its digest."""

    def keep(self, pool: DemoPool) -> None: ...

    def kept(self, digest: str) -> DemoPool | None: ...


def to_json(value: object, kind: Hashable = None, pools: Pools | None = None) -> Any:
    """A core value as plain JSON data (dicts, lists, strings, numbers); with `pools`, pools of
    demos are kept there, and their digests stand for them.
    """
    kept = {_POOLS: pools} if pools else None
    return adapter(kind or cast(Hashable, type(value))).dump_python(
        value, mode="json", context=kept
    )


def every_key(value: object) -> Any:
    """The same with all that its parts may have."""
    return adapter(cast(Hashable, type(value))).dump_python(
        value, mode="json", context={_EVERY_KEY: True}
    )


def from_json(kind: type[T], data: Any, pools: Pools | None = None) -> T:
    """Read a core value; pools of demos that it only names are taken from `pools`.

    Raises:
        ValueError: the data does not have this shape; the message names the first wrong place.
    """
    kept = {_POOLS: pools} if pools else None
    try:
        found: T = adapter(cast(Hashable, kind)).validate_python(data, context=kept)
    except ValidationError as error:
        raise ValueError(_first_problem(error)) from error
    return found


def _pool_schema(source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
    """A pool by its content; where pools are kept elsewhere, by its digest."""
    whole = handler(source)

    def read(data: Any, inner: Callable[[Any], Any], info: core_schema.ValidationInfo) -> Any:
        pools = (info.context or {}).get(_POOLS)
        if not isinstance(data, str) or pools is None:
            return inner(data)
        pool = pools.kept(data)
        if pool is None:
            raise ValueError("this pool of demos is not there any more")
        return pool

    def write(
        pool: DemoPool, inner: Callable[[Any], Any], info: core_schema.SerializationInfo
    ) -> Any:
        pools = (info.context or {}).get(_POOLS)
        if pools is None:
            return inner(pool)
        pools.keep(pool)
        return pool.digest

    return core_schema.with_info_wrap_validator_function(
        read,
        whole,
        serialization=core_schema.wrap_serializer_function_ser_schema(
            write, info_arg=True, schema=whole
        ),
    )


NEWER: dict[type, tuple[str, ...]] = {
    Field: ("nullable", "items", "fields", "label"),
    Call: ("constants", "when", "repeat", "group"),
    Prompted: ("samples", "temperature", "max_tokens", "layout", "model"),
    CallTrace: ("made", "turn"),
    Prompt: ("functions",),
    EvaluationSpec: ("role", "samples", "kept"),
    ModelCheckSpec: ("probes",),
    Example: ("feedback",),
    RunSpec: ("feedback_rules", "given", "further_task_models", "draws", "rewrites"),
    Score: ("parts", "cost"),
    Outcome: ("asked_again",),
    **{kind: kind.newer for kind in METRIC_KINDS.values() if kind.newer},
}
"""Keys that no file had at first: where they have their defaults, they are not written. Digests of
what was stored before stay as they are."""


def _sparse(kind: type, keys: tuple[str, ...]) -> None:
    """Let JSON of `kind` leave out these keys where they say nothing."""
    fields = {f.name: f for f in dataclasses.fields(kind)}
    as_it_was = {key: _default(fields[key]) for key in keys}

    def write(value: Any, inner: Callable[[Any], Any], info: core_schema.SerializationInfo) -> Any:
        told = inner(value)
        if (info.context or {}).get(_EVERY_KEY):
            return told
        own = {key for key, was in as_it_was.items() if getattr(value, key) == was}
        return {key: part for key, part in told.items() if key not in own}

    def schema(cls: type, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        whole = handler(source)
        shape = cast("core_schema.DataclassSchema", handler.resolve_ref_schema(whole))
        shape["serialization"] = core_schema.wrap_serializer_function_ser_schema(
            write, info_arg=True
        )
        return whole

    hook: Any = classmethod(schema)
    kind.__get_pydantic_core_schema__ = hook  # type: ignore[attr-defined]


def _default(field: dataclasses.Field[Any]) -> Any:
    made = field.default_factory
    return field.default if made is dataclasses.MISSING else made()


def canonical(data: Any) -> str:
    """The one spelling of JSON data that digests are made of."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _closed_set(base: type, kinds: Mapping[str, type], unnamed: str = "") -> None:
    """Let JSON of `base` be that of the kind which its `kind` names: `unnamed` where it names none.

    The core does not know pydantic, which asks these two of every class.
    """

    def read(data: Any, context: Any) -> Any:
        named = data.get("kind", unnamed) if isinstance(data, dict) else next(iter(kinds))
        if isinstance(named, str) and named in kinds:
            return adapter(kinds[named]).validate_python(data, context=context)
        problem: InitErrorDetails = {
            "type": "literal_error",
            "ctx": {"expected": " or ".join(map(repr, kinds))},
            "loc": ("kind",),
            "input": named,
        }
        raise ValidationError.from_exception_data(base.__name__, [problem])

    around: list[type] = []

    def for_values(cls: type, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        if cls is not base:
            return handler(source)
        told: core_schema.CoreSchema = core_schema.any_schema()
        if not around:  # a kind may be made of others: those inside are read by their own schema
            around.append(base)
            told = core_schema.union_schema([handler.generate_schema(k) for k in kinds.values()])
            around.clear()
        return core_schema.with_info_wrap_validator_function(
            lambda data, _, info: data if isinstance(data, base) else read(data, info.context),
            told,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value, info: adapter(cast(Hashable, type(value))).dump_python(
                    value, mode="json", context=info.context
                ),
                info_arg=True,
            ),
        )

    def for_schemas(
        cls: type, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(schema["schema"] if cls is base else schema)

    hooks: dict[str, Callable[..., Any]] = {
        "__get_pydantic_core_schema__": for_values,
        "__get_pydantic_json_schema__": for_schemas,
    }
    for name, hook in hooks.items():
        setattr(base, name, classmethod(hook))


_POOLS, _EVERY_KEY = "pools", "every key"
for _kind, _keys in NEWER.items():
    _sparse(_kind, _keys)
DemoPool.__get_pydantic_core_schema__ = classmethod(  # type: ignore[attr-defined]
    lambda cls, source, handler: _pool_schema(source, handler)
)
_closed_set(Module, MODULE_KINDS, unnamed=standard_kind().kind)
_closed_set(Metric, METRIC_KINDS)
_closed_set(Tool, TOOL_KINDS)


Fault = tuple[tuple[int | str, ...], str, str]


def faults_of(error: ValidationError) -> list[Fault]:
    """Place, kind and message of each fault. Demos are a list, or an object that chooses them: what
    is wrong with either is told as if there were no other.
    """
    found: list[Fault] = []
    chosen: list[Fault] = []
    for wrong in error.errors(include_url=False, include_input=False):
        steps = tuple(step for step in wrong["loc"] if step not in _DEMOS)
        told = (steps, wrong["type"], wrong["msg"])
        is_other_form = bool(wrong["loc"]) and wrong["loc"][-1] in _DEMOS
        (chosen if is_other_form else found).append(told)
    inside = {place[: len(steps)] for place, *_ in found for steps, *_ in chosen}
    others = {told[0]: told for told in reversed(chosen)}
    return [*found, *(told for steps, told in others.items() if steps not in inside)]


_DEMOS = ("tuple[Demo, ...]", "NearestDemos")
"""What the two forms of demos are called in the places of faults."""


def _first_problem(error: ValidationError) -> str:
    steps, _, message = faults_of(error)[0]
    return f"{'.'.join(map(str, steps)) or 'the whole'}: {message}"

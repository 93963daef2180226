"""An approved prompt in the client: what it says, and how a program of several steps runs.

Everything below the line of dashes goes into the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

from optimizer.core.programs.flow import holds, repeated
from optimizer.core.programs.layouts import as_input
from optimizer.core.programs.values import Kind, ListOf, Nullable, ObjectOf
from optimizer.core.programs.voting import MostFrequent
from promptlab.releases.client.asking import Client, completing
from promptlab.releases.formats.nearest import Nearest, input_key
from promptlab.releases.formats.picker import Picking
from promptlab.releases.formats.standalone import Module, ask
from promptlab.releases.formats.system_less import without_system

# ----------------------------------------------------------------------------------------------

FORM = "promptlab/prompts@1"
Complete = Callable[[list[dict[str, str]], dict[str, Any], dict[str, Any]], str]
ASKED: ContextVar[Complete] = ContextVar("promptlab_asked")


def complete(messages: list[dict[str, str]], schema: dict[str, Any], **settings: Any) -> str:
    """Ask the model of the `Prompt.run` that goes on."""
    return ASKED.get()(messages, schema, settings)


class Heard(Exception):
    """What would have been said."""

    def __init__(self, messages: list[dict[str, str]]) -> None:
        self.messages = messages


class Prompt:
    """An approved version, ready to be said. `told` is a file “Ready prompts (JSON)”; `stale`:
    the server could not say whether it is still the newest.

    Raises:
        ValueError: it is no such file.
    """

    def __init__(self, told: Mapping[str, Any], stale: bool = False) -> None:
        if not isinstance(told, Mapping) or told.get("format") != FORM:
            raise ValueError(f"This is no file of ready prompts ({FORM}).")
        self.told, self.stale = told, stale
        self.name, self.version, self.sha256 = told["name"], told["version"], told["sha256"]
        self.model: dict[str, Any] = told["model"]
        self.inputs: list[str] = told["inputs"]
        self.steps = {name: step_of(module) for name, module in told["modules"].items()}

    def messages(self, inputs: Mapping[str, Any]) -> list[dict[str, str]]:
        """What the first step says of these inputs, in OpenAI's form; for a prompt of one step that
        is all there is.
        """

        def heard(messages: list[dict[str, str]], *_more: Any) -> str:
            raise Heard(messages)

        try:
            self._carried_out(inputs, heard)
        except Heard as said:
            return said.messages if self.model["system"] else without_system(said.messages)
        return []

    def run(
        self, inputs: Mapping[str, Any], client: Client | None = None, model: str | None = None
    ) -> dict[str, Any]:
        """The outputs by name. `client` is an `openai.OpenAI` or anything else with
        `chat.completions.create`, a function that takes its arguments (`litellm.completion`), or
        None: the endpoint that the version was scored at, or that OPENAI_BASE_URL names. `model` is
        asked instead of the one that it was scored with.

        Raises:
            KeyError: an input is missing.
            UnreadableReply: a reply says no output.
            NoAnswer: a reply was cut off, refused or withheld.
        """
        return self._carried_out(inputs, completing(self.model, client, model))

    def _carried_out(self, inputs: Mapping[str, Any], asking: Complete) -> dict[str, Any]:
        missing = [name for name in self.inputs if name not in inputs]
        if missing:
            raise KeyError(f"these inputs are missing: {', '.join(missing)}")
        before = ASKED.set(asking)
        try:
            return self._outputs({name: inputs[name] for name in self.inputs})
        finally:
            ASKED.reset(before)

    def _outputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        given = input_key(inputs)
        values = {f"input.{name}": value for name, value in inputs.items()}
        left_out: set[str] = set()
        for call in self.told["calls"]:
            if not is_made(call, values, left_out):
                left_out.add(call["name"])
                continue
            found = self._used(call, values, given)
            values |= {f"{call['name']}.{name}": value for name, value in found.items()}
        return {name: values.get(source) for name, source in self.told["outputs"].items()}

    def _used(self, call: Mapping[str, Any], values: Mapping[str, Any], given: str) -> Any:
        step, texts = self.steps[call["module"]], call["texts"]

        def use(told: dict[str, Any]) -> Any:
            written = {name: as_input(told[name], texts[name]) for name in texts}
            fitted = told | written
            return ask(step, fitted, given) if isinstance(step, Module) else step(fitted)

        told = {name: values.get(source) for name, source in call["inputs"].items()}
        told |= call["constants"]
        repeat = call.get("repeat")
        return repeated(use=use, values=told, **repeat) if repeat else use(told)


def is_made(call: Mapping[str, Any], values: Mapping[str, Any], left_out: set[str]) -> bool:
    """Whether a call's condition holds, and what it needs was made."""
    when, needs = call.get("when"), call["needs"]
    if when and not holds(values.get(when["source"]), when["values"]):
        return False
    gone = [owner in left_out for owner in needs]
    return not (any(gone) if call["needs_all"] else gone and all(gone))


def step_of(told: Mapping[str, Any]) -> Any:
    """A step as it is used.

    Raises:
        ValueError: a newer promptlab wrote it.
    """
    classes: dict[str, Any] = {"Module": Module, "MostFrequent": MostFrequent, "Picking": Picking}
    parts = dict(told)
    made = classes.get(parts.pop("class"))
    if made is None:
        raise ValueError("This prompt has steps that this client does not know: fetch a newer one.")
    if "outputs" in parts:
        parts["outputs"] = {name: kind_of(kind) for name, kind in parts["outputs"].items()}
    if "kind" in parts:
        parts["kind"] = kind_of(parts["kind"])
    if "nearest" in parts:
        parts["nearest"] = Nearest(**parts["nearest"])
    return made(**parts)


def kind_of(told: Any) -> Kind:
    """A field's type as it is written in JSON: a name, a list of choices, or an object."""
    if isinstance(told, str):
        return told
    if isinstance(told, list):
        return tuple(told)
    ((shape, inner),) = told.items()
    if shape == "object":
        return ObjectOf({name: kind_of(part) for name, part in inner.items()})
    return Nullable(kind_of(inner)) if shape == "nullable" else ListOf(kind_of(inner))

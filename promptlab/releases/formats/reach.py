"""Where a version's task model is called, and how it wants its requests: what files say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from optimizer.core.programs.lm import Role
from optimizer.lm.traits import LEAST, MOST, ReplyForm, Temperature, Traits
from promptlab.reviews.content import ModelSource, VersionContent

KEY, ADDRESS = "LITELLM_API_KEY", "LITELLM_API_BASE"
"""Variables that the files read."""


@dataclass(frozen=True)
class Reach:
    """`api_base` is the address of an endpoint of its own, "" where that is not known, or is its
    vendor's; `keyless`: it asks for no key. `is_here`: it is the engine of this installation.
    """

    api_base: str = ""
    keyless: bool = False
    is_here: bool = False
    traits: Traits = field(default_factory=Traits)

    @classmethod
    def of(cls, content: VersionContent) -> Self:
        """What the version itself knows: how its model wants its requests, and no address."""
        task = content.provenance.models[Role.TASK]
        free = not task.constrains_replies and task.traits.replies is ReplyForm.SCHEMA
        return cls(traits=Traits(replies=ReplyForm.FREE) if free else task.traits)

    def sent(self, task: ModelSource) -> dict[str, Any]:
        """A call's limit and temperature under the names that the model takes, as it takes them."""
        traits, found = self.traits, {}
        if traits.temperature is Temperature.ANY:
            found["temperature"] = task.temperature
        elif traits.temperature is Temperature.WITHIN:
            found["temperature"] = min(max(task.temperature, LEAST), MOST)
        limit = "max_completion_tokens" if traits.completion_tokens else "max_tokens"
        found[limit] = min(task.max_tokens, traits.most_tokens or task.max_tokens)
        return found

    def told(self, task: ModelSource) -> str:
        """Where it is called and with which key, in sentences for the head of a file."""
        if task.kind == "litellm":
            at = f"It is called at {self.api_base}. " if self.api_base else ""
            return f"{at}Its key comes from its provider's usual variable, such as OPENAI_API_KEY."
        if not self.api_base:
            return (
                f"Set {ADDRESS} to the address of its endpoint, which ends in /v1, and {KEY} to "
                "its key, where it wants one."
            )
        if self.is_here:
            return (
                f"It is the embedded model of promptlab, at {self.api_base} as long as that runs; "
                "it needs no key."
            )
        key = "it needs no key" if self.keyless else f"its key comes from {KEY}"
        return f"It is called at {self.api_base}; {key}."

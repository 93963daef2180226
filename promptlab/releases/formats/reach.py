"""Where a version's task model is called, and how it wants its requests: what files say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.demo import NearestDemos
from optimizer.core.programs.lm import EmbeddingModel, Role
from optimizer.core.programs.program import Module, Program
from optimizer.lm.traits import LEAST, MOST, ReplyForm, Temperature, Traits
from promptlab.releases.formats.literals import made_by
from promptlab.reviews.content import ModelSource, VersionContent

KEY, ADDRESS = "LITELLM_API_KEY", "LITELLM_API_BASE"
"""Variables that the files read."""


@dataclass(frozen=True)
class VectorReach:
    """An embedding model as it is called at `api_base`, an OpenAI-compatible endpoint; "" where
    none is known. `vectors` are those of pools of demos, by digest, in base64.
    """

    model: str
    api_base: str = ""
    keyless: bool = False
    vectors: Mapping[str, str] = field(default_factory=dict)

    def told(self) -> str:
        """What a file needs it for, and what it needs, in sentences for its head."""
        at = f"at {self.api_base}" if self.api_base else "at EMBEDDING_API_BASE, which is to be set"
        key = "it needs no key" if self.keyless else "EMBEDDING_API_KEY is its key"
        return (
            f"Demos are chosen by meaning: for every input it calls the embedding model "
            f"{self.model} {at}; {key}."
        )


@dataclass(frozen=True)
class Reach:
    """`api_base` is the address of an endpoint of its own, "" where that is not known, or is its
    vendor's; `keyless`: it asks for no key. `is_here`: it is the engine of this installation.
    `embedding`: how the models are reached by whose vectors demos are chosen.
    """

    api_base: str = ""
    keyless: bool = False
    is_here: bool = False
    traits: Traits = field(default_factory=Traits)
    embedding: Mapping[EmbeddingModel, VectorReach] = field(default_factory=dict)

    def vectors_of(self, model: EmbeddingModel) -> VectorReach:
        return self.embedding.get(model) or VectorReach(model.model)

    def told_of_vectors(self, program: Program) -> str:
        """The same of all embedding models of a program, "" where there are none."""
        models = baseline_of(program).embedding_models
        return " ".join(self.vectors_of(model).told() for model in models)

    def nearest_of(self, module: Module) -> dict[str, str]:
        """Source of what chooses a module's demos, as an argument; {} where nothing does."""
        told = module.python_nearest()
        if told is None or not isinstance(module.demos, NearestDemos):
            return {}
        model = module.demos.embedding
        if model is None:
            return {"nearest": made_by("Nearest", told, {}, 4)}
        found = self.vectors_of(model)
        told |= {
            "model": found.model,
            "api_base": found.api_base,
            "vectors": found.vectors.get(module.demos.pool.digest, ""),
        }
        return {"nearest": made_by("NearestInMeaning", told, {}, 4)}

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

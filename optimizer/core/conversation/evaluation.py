"""Conversations without a search: programs tried as they stand, and a model that says a word."""

from __future__ import annotations

from dataclasses import dataclass, field

from optimizer.core.conversation.events import StopReason
from optimizer.core.conversation.requests import (
    Ask,
    BudgetSpent,
    Conversation,
    Evaluate,
    Purpose,
    ask,
    evaluate_together,
)
from optimizer.core.conversation.spec import Limits, ModelRef
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.outcome import CallTrace
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import EmbeddingModel, Message, OwnModel, Prompt, Role
from optimizer.core.programs.program import Program

MODEL_CHECK = "model check"
"""The purpose of a model check's only request."""
CHECK_ANSWER, CHECK_OUTPUTS = '{"answer": "ready"}', {"answer": ("ready",)}
"""What is asked for in it, and that as it is read of replies."""


@dataclass(frozen=True)
class EvaluationSpec:
    """Candidates × models on the same examples, each with each: one try-out is one of each.

    Without a metric an outcome's score only says whether every reply could be read. `purpose` says
    on which occasion. `role` is what the models do: those of a judge that is tried are no task
    models. Of each example `samples` draws are made. `kept`: what calls gave an
    earlier time, which are not made again.
    """

    program: Program
    candidates: tuple[Candidate, ...]
    task_models: tuple[ModelRef, ...]
    purpose: Purpose
    namespace: str
    examples: tuple[Example, ...] = ()
    metric: Metric | None = None
    limits: Limits = field(default_factory=Limits)
    role: Role = Role.TASK
    samples: int = 1
    kept: tuple[CallTrace, ...] = ()

    @property
    def role_models(self) -> dict[Role, tuple[ModelRef, ...]]:
        return {self.role: self.task_models}

    @property
    def embedding_models(self) -> tuple[EmbeddingModel, ...]:
        """Every model whose vectors its candidates and its metric want."""
        found = [model for each in self.candidates for model in each.embedding_models]
        own = self.metric.embedding_models if self.metric else ()
        return tuple(dict.fromkeys((*found, *own)))

    @property
    def own_models(self) -> tuple[OwnModel, ...]:
        """Those that modules of the program name."""
        return self.program.own_models

    @property
    def judge_models(self) -> tuple[OwnModel, ...]:
        """Those that the metric asks to judge."""
        return self.metric.judge_models if self.metric else ()

    def requests(self) -> tuple[Evaluate, ...]:
        """Everything that is asked, candidate by candidate."""
        return tuple(
            Evaluate(candidate, self.examples, self.purpose, self.role, sample, model=model)
            for candidate in self.candidates
            for model in range(len(self.task_models))
            for sample in range(self.samples)
        )


@dataclass(frozen=True)
class ModelCheckSpec:
    """One short question to a model; its answer is never one that was paid for before.

    A model's name of "" means the first one that its provider offers. `embeds`: it makes vectors.
    `probes`: it is asked the small requests that find out whether it can write instructions.
    """

    model: ModelRef
    namespace: str
    limits: Limits = field(default_factory=Limits)
    embeds: bool = False
    probes: bool = False

    @property
    def role_models(self) -> dict[Role, tuple[ModelRef, ...]]:
        return {} if self.embeds else {Role.OPTIMIZER: (self.model,)}

    @property
    def own_models(self) -> tuple[OwnModel, ...]:
        return ()

    @property
    def judge_models(self) -> tuple[OwnModel, ...]:
        return ()

    @property
    def embedding_models(self) -> tuple[EmbeddingModel, ...]:
        return (EmbeddingModel(self.model.provider, self.model.model),) if self.embeds else ()


def evaluate(spec: EvaluationSpec) -> Conversation[StopReason]:
    """Ask for everything at once; the answers stay in the record."""
    try:
        yield from evaluate_together(spec.requests())
    except BudgetSpent as spent:
        return StopReason.of(spent.cap)
    return StopReason.COMPLETED


def check_model(spec: ModelCheckSpec) -> Conversation[StopReason]:
    """Ask for one word in JSON, with the settings of the model: what a run needs of it. Of an
    embedding model, for the vector of a word.
    """
    for embedding in spec.embedding_models:
        prompt = Prompt((Message("user", "ready"),))
        yield from ask(Ask((prompt,), MODEL_CHECK, embedding=embedding))
        return StopReason.COMPLETED
    said = Message("user", f"Answer with the JSON object {CHECK_ANSWER} and nothing else.")
    schema = {
        "type": "object",
        "properties": {"answer": {"type": "string", "enum": [*CHECK_OUTPUTS["answer"]]}},
        "required": ["answer"],
        "additionalProperties": False,
    }
    prompt = Prompt((said,), schema)
    yield from ask(Ask((prompt,), MODEL_CHECK))
    return StopReason.COMPLETED

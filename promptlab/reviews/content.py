"""What a version holds: the program with its chosen prompts, and where they came from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from optimizer.codec import canonical, from_json, to_json
from optimizer.core.conversation.events import TestScored
from optimizer.core.conversation.spec import Settings
from optimizer.core.evaluation.metric import Metric
from optimizer.core.evaluation.stats import Comparison, Estimate, FullScore
from optimizer.core.programs.lm import Role
from optimizer.core.programs.program import Program
from optimizer.lm.traits import Traits


@dataclass(frozen=True)
class DatasetSource:
    """The data behind a version. The digests are those of the frozen example sets of the run."""

    name: str
    digest: str
    train: int
    train_digest: str
    validation: int
    validation_digest: str
    test: int = 0
    test_digest: str = ""


@dataclass(frozen=True)
class ModelSource:
    """A model as it was used. `litellm_model` is the name under which LiteLLM knows it;
    `constrains_replies`: its provider holds replies to a JSON schema. `traits`: what was learned
    of how it wants its requests.
    """

    provider: str
    kind: str
    model: str
    litellm_model: str
    temperature: float
    max_tokens: int
    constrains_replies: bool = True
    traits: Traits = field(default_factory=Traits)


@dataclass(frozen=True)
class Recommended:
    """What the run concluded about its best (see optimizer.core.runs.conclusion): in a word, found
    on which examples, in a sentence; `kept`: the original prompt was the recommended one."""

    kind: str
    on: str
    kept: bool
    sentence: str


@dataclass(frozen=True)
class Scores:
    """Scores on every validation example, and on those of the final word where there was one.

    `expected` is what the candidate is thought to score on new examples, `look` the number of the
    look at the sealed test split, `conclusion` what the run recommended of its best, which need
    not be this candidate.
    """

    candidate: FullScore | None
    baseline: FullScore | None
    comparison: Comparison | None
    test: TestScored | None = None
    expected: Estimate | None = None
    look: int | None = None
    conclusion: Recommended | None = None


@dataclass(frozen=True)
class Approval:
    """Who approved, when (ISO 8601, UTC) and with which words."""

    by: str
    at: str
    note: str = ""


@dataclass(frozen=True)
class Provenance:
    """Where a version's prompts come from: `further_optimizers` are models that wrote instructions
    beside the optimizer model, `module_models` those that modules ask by name. Costs are micro-USD.
    `approval` is None in what is sent to a review, and only there.
    """

    run: int
    started_by: str
    candidate: int
    candidate_digest: str
    optimizer: str
    settings: Settings
    seed: int
    models: dict[Role, ModelSource]
    dataset: DatasetSource
    metric_name: str
    metric: Metric
    scores: Scores
    approval: Approval | None
    calls: int = 0
    tokens: int = 0
    cost: int = 0
    further_optimizers: tuple[ModelSource, ...] = ()
    module_models: dict[str, ModelSource] = field(default_factory=dict)

    @property
    def is_against(self) -> bool:
        """Whether it was approved although its run recommended to keep the original prompt."""
        found = self.scores.conclusion
        return self.candidate != 0 and found is not None and found.kept

    @property
    def every_model(self) -> tuple[tuple[Role, ModelSource], ...]:
        further = ((Role.OPTIMIZER, model) for model in self.further_optimizers)
        own = ((Role.TASK, model) for model in self.module_models.values())
        return (*self.models.items(), *further, *own)


@dataclass(frozen=True)
class VersionContent:
    """One approved state of a program. `program` carries the approved instructions and demos."""

    name: str
    version: int
    program: Program
    provenance: Provenance
    format: str = field(default="promptlab/version@1")

    @property
    def approval(self) -> Approval:
        """What every version has."""
        assert self.provenance.approval is not None
        return self.provenance.approval

    def canonical(self) -> str:
        """The one spelling of this content; its UTF-8 bytes are what the SHA-256 is taken of."""
        return canonical(to_json(self))


def read_content(data: object) -> VersionContent:
    """A version's content from its JSON data.

    Raises:
        ValueError: the data has another shape.
    """
    return from_json(VersionContent, data)


def digest_of_text(text: str) -> str:
    """SHA-256 (hex) of a text's UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()

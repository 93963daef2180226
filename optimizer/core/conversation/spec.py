"""Run specifications: everything a run needs, frozen when it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from optimizer.core.evaluation.metric import Metric
from optimizer.core.metrics.feedback import FeedbackRule
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.lm import EmbeddingModel, OwnModel, Role
from optimizer.core.programs.program import Program


class Effort(StrEnum):
    LIGHT = "light"
    MEDIUM = "medium"
    HEAVY = "heavy"
    CUSTOM = "custom"


@dataclass(frozen=True)
class ModelRef:
    """A model at a provider; `temperature` 0 makes replies repeatable, `max_tokens` bounds each.

    `roomy`: also those of calls that need less for what they ask, since its thoughts count.
    """

    provider: int
    model: str
    temperature: float = 0.0
    max_tokens: int = 600
    roomy: bool = False


@dataclass(frozen=True)
class Limits:
    """Caps that cannot be passed: model calls, micro-USD, seconds of wall clock. None = no cap."""

    max_calls: int | None = None
    max_cost: int | None = None
    max_seconds: int | None = None


@dataclass(frozen=True)
class Grounding:
    """What the optimizer model is shown when it writes an instruction (the paper's §3.1)."""

    dataset_summary: bool = True
    program_summary: bool = True
    demos: bool = True
    history: bool = True
    tips: bool = True


@dataclass(frozen=True)
class Settings:
    """Search settings. Counts are per run unless said otherwise.

    `instructions`: instruction candidates per module, the current one included (N); plain ones,
    which cost nothing, come on top.
    `demo_sets`: demo-set candidates per module, the empty set included.
    `minibatch_size`: examples of a minibatch trial (B); `full_every`: trials between full ones (S).
    `nearest_demos`: ways to choose demos for each input, out of a pool of training rows, that are
    tried beside the demo sets; 0 keeps to fixed demos.
    `rounds`: rounds of new proposals that a race learns from, after the first ones.
    `late_rounds`: rounds of proposals out of failures alone that a race holds where it is stuck, at
    most.
    `cut_off_fails`: whether a reply that was cut off at its limit of tokens scores 0, instead of
    being left out as an error.
    `heavy_tails`: whether a race lets options stand far out where it judges candidates.
    Both are on in new runs; those that were started before there were these go on without.
    `step_candidates`: instructions written in one step from one, where a search goes by steps.
    `edit_budget`: words that a rewriting may change at first, `edit_budget_end` at last.
    `failed_exemplars`: of the exemplars that a writer sees, those that came out wrong most often.
    `history_least`: the least score, of 100, with which an attempt is shown to it.
    `related`: attempts that a rewriting is shown, the current one included.
    """

    effort: Effort = Effort.LIGHT
    instructions: int = 4
    demo_sets: int = 6
    max_bootstrapped_demos: int = 4
    max_labeled_demos: int = 4
    trials: int = 20
    minibatch_size: int = 25
    full_every: int = 10
    max_validation: int = 100
    rounds: int = 0
    late_rounds: int = 0
    nearest_demos: int = 0
    heavy_tails: bool = False
    cut_off_fails: bool = False
    step_candidates: int = 8
    edit_budget: int = 50
    edit_budget_end: int = 10
    related: int = 3
    failed_exemplars: int = 0
    history_least: int = 0
    proposal_temperature: float = 0.7
    grounding: Grounding = field(default_factory=Grounding)


@dataclass(frozen=True)
class Rewrite:
    """An instruction that a run made better, and that people approved: an example of rewriting.

    `card` names it in the library that it comes from. `gain` is the mean difference of the score in
    0–1, on `n` examples.
    """

    card: str
    before: str
    after: str
    gain: float
    n: int


@dataclass(frozen=True)
class RunSpec:
    """One optimization, explained by itself: a worker reads nothing else.

    `train` makes demos and grounds proposals, `validation` scores candidates, `test` is looked at
    once, for the final word. `namespace` is the scope within which a paid call is never paid again.
    `further_optimizers` are models that may write instructions beside the optimizer model, for
    optimizers that find out which one writes best. `embedding`: the model by whose vectors a search
    may choose demos for each input, beside their words. `feedback_rules`
    say more of what went wrong, where instructions are written from it. `rewrites` are verified
    rewritings of like tasks, shown to the model that writes.
    Of an evaluation, which searches nothing: `given` are the candidates that are scored beside the
    program as it stands, each with every one of `further_task_models`, too, and `draws` times.
    """

    program: Program
    metric: Metric
    optimizer: str
    settings: Settings
    models: dict[Role, ModelRef]
    train: tuple[Example, ...] = ()
    validation: tuple[Example, ...] = ()
    test: tuple[Example, ...] = ()
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    namespace: str = ""
    further_optimizers: tuple[ModelRef, ...] = ()
    embedding: EmbeddingModel | None = None
    feedback_rules: tuple[FeedbackRule, ...] = ()
    given: tuple[Candidate, ...] = ()
    further_task_models: tuple[ModelRef, ...] = ()
    draws: int = 1
    rewrites: tuple[Rewrite, ...] = ()

    @property
    def embedding_models(self) -> tuple[EmbeddingModel, ...]:
        """Every model whose vectors the run may want: its own, the program's, the metric's."""
        own = (self.embedding,) if self.embedding else ()
        candidates = (baseline_of(self.program), *self.given)
        shown = [model for each in candidates for model in each.embedding_models]
        return tuple(dict.fromkeys((*own, *shown, *self.metric.embedding_models)))

    @property
    def model_refs(self) -> tuple[tuple[Role, ModelRef], ...]:
        """Every model of the run with its role: then the further ones of roles, those that modules
        name, those that judge, and those that make vectors.
        """
        further = [(Role.TASK, ref) for ref in self.further_task_models]
        further += [(Role.OPTIMIZER, ref) for ref in self.further_optimizers]
        models = (ModelRef(model.provider, model.model) for model in self.embedding_models)
        own = ((Role.TASK, ModelRef(m.provider, m.model)) for m in self.program.own_models)
        vectors = ((Role.EMBEDDING, ref) for ref in models)
        judges = ((Role.JUDGE, ModelRef(m.provider, m.model)) for m in self.judge_models)
        return (*self.models.items(), *further, *own, *judges, *vectors)

    @property
    def own_models(self) -> tuple[OwnModel, ...]:
        """Those that modules of the program name."""
        return self.program.own_models

    @property
    def judge_models(self) -> tuple[OwnModel, ...]:
        """Those that the metric asks to judge."""
        return self.metric.judge_models

    @property
    def role_models(self) -> dict[Role, tuple[ModelRef, ...]]:
        """The models of each role: the first is the role's own, others are named by number."""
        own = {role: (ref,) for role, ref in self.models.items()}
        own[Role.OPTIMIZER] = (*own.get(Role.OPTIMIZER, ()), *self.further_optimizers)
        own[Role.TASK] = (*own.get(Role.TASK, ()), *self.further_task_models)
        return {role: refs for role, refs in own.items() if refs}

    @property
    def writers(self) -> int:
        """How many optimizer models there are to choose from."""
        return 1 + len(self.further_optimizers)

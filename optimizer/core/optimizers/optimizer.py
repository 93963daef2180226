"""What an optimizer is to the rest of the house: a conversation, a name, and sensible settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from optimizer.core.conversation.events import Result
from optimizer.core.conversation.requests import Conversation
from optimizer.core.conversation.spec import Effort, RunSpec, Settings
from optimizer.core.demos.demo_sets import settings_to_show
from optimizer.core.programs.program import Program
from optimizer.core.search.search import NewSearch
from optimizer.core.strategies import cost_model

Converse = Callable[[RunSpec, NewSearch], Conversation[Result]]
OF_TRIALS = frozenset({"trials", "max_validation"})
OF_MINIBATCHES = frozenset({"minibatch_size", "full_every"})
OF_PROPOSALS = frozenset({"instructions"})
OF_DEMOS = frozenset({"demo_sets", "max_bootstrapped_demos", "max_labeled_demos", "nearest_demos"})
OF_ROUNDS = frozenset({"rounds", "late_rounds"})
"""Settings by what they are of, for `Optimizer.uses`."""
SIZES = {Effort.LIGHT: 0, Effort.MEDIUM: 1, Effort.HEAVY: 2}


def as_they_are(settings: Settings) -> Settings:
    return settings


def few_full_evaluations(settings: Settings) -> Settings:
    """Sizes where every trial is a full evaluation of new instructions: heavy is the paper's 50
    full evaluations on 500 examples, light and medium cost about what they do elsewhere.
    """
    size = SIZES.get(settings.effort, 0)
    trials, examples = (12, 20, 50)[size], (50, 150, 500)[size]
    return replace(settings, trials=trials, max_validation=examples)


def eights_of_trials(settings: Settings) -> Settings:
    """Three steps of eight, six, or fifteen; as many examples as other full evaluations have."""
    size = SIZES.get(settings.effort, 0)
    few = few_full_evaluations(settings)
    return replace(few, trials=few.step_candidates * (3, 6, 15)[size])


class Style(StrEnum):
    """What a search looks like to whoever watches it.

    TRIALS: candidates are scored one by one, on minibatches or on all examples.
    EVALUATION: nothing is searched; a trial is a candidate with a model.
    RACE: a trial is a block of examples that candidates share, a full evaluation is made of its
    candidate's blocks, and proposals come in rounds (Settings.rounds) while it searches.
    """

    TRIALS = "trials"
    RACE = "race"
    EVALUATION = "evaluation"


@dataclass(frozen=True)
class Optimizer:
    """What people read of it stands under `name` in the catalogue.

    `uses`: names of the settings that change what it does.
    `uses_instructions`: whether it writes instructions.
    `shown_sets`: demo sets that it bootstraps only to show them to the optimizer model.
    `sized` changes the usual settings where the optimizer needs others.
    `steps` and `asks` count its search and its prompts to the optimizer model, for estimates.
    `kept` counts the examples that are kept back from its search for its end.
    `compares_writers`: it finds out which of several optimizer models writes best.
    `reflects`: it learns from what fails on training examples.
    `grounds`: whether what it writes is grounded in all that is known of the task.
    `consults`: people may wish of the history that its writer reads.
    `style`: how it is shown.
    """

    name: str
    converse: Converse
    uses: frozenset[str]
    uses_instructions: bool
    shown_sets: int = 1
    sized: Callable[[Settings], Settings] = as_they_are
    steps: cost_model.CountSteps = cost_model.minibatches
    asks: cost_model.CountAsks = cost_model.asks_upfront
    kept: cost_model.CountKept = cost_model.last_evaluation
    compares_writers: bool = False
    reflects: bool = False
    grounds: bool = True
    consults: bool = False
    style: Style = Style.TRIALS

    @property
    def searches(self) -> bool:
        """Whether it looks for better candidates than there are."""
        return self.style is not Style.EVALUATION

    @property
    def uses_demos(self) -> bool:
        """Whether it chooses the demos that prompts show."""
        return "demo_sets" in self.uses

    @property
    def shows_rewrites(self) -> bool:
        """Whether whoever writes is shown rewritings that were verified in other runs."""
        return self.uses_instructions and self.shown_sets > 0 and self.grounds

    @property
    def needs_train(self) -> bool:
        """Whether there is nothing to do without training examples."""
        return self.uses_demos or self.reflects

    @property
    def bootstraps(self) -> bool:
        """Whether a teacher makes demos, to be searched or to be shown to the optimizer model."""
        return self.uses_demos or (self.uses_instructions and self.shown_sets > 0)

    def bootstrapping(self, settings: Settings) -> Settings | None:
        """What demos are bootstrapped with; None when no demo is looked for."""
        if self.uses_demos:
            return settings
        return settings_to_show(settings, self.shown_sets) if self.uses_instructions else None

    def settings(self, effort: Effort, program: Program) -> Settings:
        """Sensible settings: B = 25 and S = 10 as in the paper (§4), fewer candidates than T/v,
        growing with the effort and the number of modules.
        """
        size = SIZES.get(effort, 0)
        modules = max(len(program.modules), 1)
        settings = Settings(
            effort=effort,
            instructions=(4, 8, 12)[size],
            demo_sets=(6, 10, 16)[size],
            trials=(12, 50, 120)[size] * (modules + 1) // 2,
            max_validation=(100, 300, 1000)[size],
            cut_off_fails=True,
        )
        if not self.uses_instructions:
            settings = replace(settings, instructions=1)
        if not self.uses_demos:
            settings = replace(settings, demo_sets=1, instructions=(6, 12, 18)[size])
        return self.sized(settings)

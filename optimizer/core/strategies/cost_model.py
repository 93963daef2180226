"""How much an optimizer asks for: examples scored and instructions drawn, fewest and most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from optimizer.core.conversation.spec import RunSpec, Settings
from optimizer.core.instructions.drafting import REDRAWS
from optimizer.core.instructions.error_kinds import KINDS
from optimizer.core.instructions.model_probe import REWRITINGS, WEAK_PROPOSALS
from optimizer.core.instructions.proposals import BATCH, COMPLETE_LIMIT, MAX_BATCHES

DRAFTS_A_ROUND = 2
"""Instructions written a module in one of a race's later rounds."""
BEAM = 2
"""Prompts of a level that a tree goes on from."""
LOOKED_AT = 20
"""Training examples that are run in a step to know which fail."""
TIGHT = 4.5
"""A race with less than this many validation splits to score has none to spare."""

Range = tuple[int, int]
"""Fewest and most."""


@dataclass(frozen=True)
class Steps:
    """A search's size: trials at most, full evaluations among them, and examples scored."""

    trials: int
    examples: Range


CountSteps = Callable[[Settings, int], Steps]
"""The search with these settings over so many validation examples."""
CountKept = Callable[[Settings, int], int]
"""Examples kept back for the end of a search over so many validation examples."""
CountAsks = Callable[[RunSpec], Range]
"""The prompts that the optimizer model is given."""


def minibatches(settings: Settings, validation: int) -> Steps:
    """T minibatches with a full evaluation every S of them; or T full evaluations of a split that
    is no larger than a minibatch. A perfect candidate ends it early.
    """
    trials, size = settings.trials, settings.minibatch_size
    if size >= validation:
        return Steps(trials, (min(trials, 1) * validation, trials * validation))
    fulls = -(-trials // settings.full_every)
    most = trials * size + fulls * validation
    return Steps(trials + fulls, (trials * size // 2 + validation, most))


def full_evaluations(settings: Settings, validation: int) -> Steps:
    """T full evaluations."""
    trials = settings.trials
    return Steps(trials, (min(trials, 1) * validation, trials * validation))


def evaluations(settings: Settings, validation: int) -> Steps:
    """T evaluations of all examples, none of which is left out."""
    trials = settings.trials
    return Steps(trials, (trials * validation, trials * validation))


def nothing_kept(settings: Settings, validation: int) -> int:
    """Every evaluation is wanted as much as the last."""
    return 0


def race(settings: Settings, validation: int) -> Steps:
    """T blocks of all candidates together; their full evaluations are made of these.

    A baseline that is not scored fully at first may have to be at last.
    """
    size = settings.minibatch_size
    last = validation if is_tight(settings, validation) else 0
    most = settings.trials * size
    return Steps(settings.trials, (min(size, most), most + last))


def race_budget(settings: Settings, validation: int) -> int:
    """Examples that a race may score, the baseline's among them."""
    return validation + settings.trials * settings.minibatch_size


def is_tight(settings: Settings, validation: int) -> bool:
    """Whether a race can afford to score the baseline on no more than a part at first."""
    return race_budget(settings, validation) < TIGHT * validation


def last_evaluation(settings: Settings, validation: int) -> int:
    """Examples that are kept back: a full evaluation of who leads when a cap is reached."""
    return validation


def race_endings(settings: Settings, validation: int) -> int:
    """The same, and the baseline's where it is scored on a part at first."""
    return (1 + is_tight(settings, validation)) * validation


def reflections(settings: Settings, validation: int) -> Steps:
    """As many examples as T minibatches with their full evaluations, and at least one round: parent
    and child on a minibatch of training examples, then the child on all of validation.
    """
    size = settings.minibatch_size
    most = max(minibatches(settings, validation).examples[1], 2 * size + validation)
    return Steps(max(most // (size + validation), 1), (min(size, most), most))


def tree(settings: Settings, validation: int) -> Steps:
    """T children, each on all of validation, and a training minibatch of every parent."""
    parents = BEAM * (_expansions(settings) + 1)
    most = settings.trials * validation + parents * settings.minibatch_size
    return Steps(settings.trials, (min(settings.minibatch_size, most), most))


def _expansions(settings: Settings) -> int:
    """Steps of T candidates; in a tree, the prompts that can have children."""
    return -(-settings.trials // settings.step_candidates)


def history_steps(settings: Settings, validation: int) -> Steps:
    """T full evaluations, and a few training examples a step where those that fail are wanted."""
    fulls = full_evaluations(settings, validation)
    looks = LOOKED_AT * _expansions(settings) if settings.failed_exemplars else 0
    return Steps(fulls.trials, (fulls.examples[0], fulls.examples[1] + looks))


def no_asks(spec: RunSpec) -> Range:
    """Instructions stay as they are."""
    return 0, 0


def asks_upfront(spec: RunSpec) -> Range:
    """The probe, grounding, then all instructions of every module; refused ones are drawn again.

    A model that the probe finds too weak writes fewer, without grounding.
    """
    new = max(spec.settings.instructions - 1, 0) * writable(spec)
    if not new:
        return 0, 0
    probe = len(REWRITINGS)
    fewest = probe + min(WEAK_PROPOSALS * writable(spec), new)
    return fewest, probe + asks_for_grounding(spec)[1] + (REDRAWS + 1) * new


def asks_every_trial(spec: RunSpec) -> Range:
    """Grounding, then in every trial an instruction for every module."""
    new = spec.settings.trials * writable(spec)
    if not new:
        return 0, 0
    grounding = asks_for_grounding(spec)
    return grounding[0] + writable(spec), grounding[1] + (REDRAWS + 1) * new


def asks_once_a_trial(spec: RunSpec) -> Range:
    """Grounding, then in every trial one prompt for all modules."""
    new = spec.settings.trials if writable(spec) else 0
    if not new:
        return 0, 0
    grounding = asks_for_grounding(spec)
    return grounding[0] + 1, grounding[1] + (REDRAWS + 1) * new


def asks_by_steps(spec: RunSpec) -> Range:
    """An instruction for every trial, and nothing else."""
    new = spec.settings.trials if writable(spec) else 0
    return min(new, 1), (REDRAWS + 1) * new


def asks_in_tree(spec: RunSpec) -> Range:
    """A summary for each kind of error of every parent, and its children."""
    if not writable(spec):
        return 0, 0
    settings = spec.settings
    return 2, KINDS * _expansions(settings) + (REDRAWS + 1) * settings.trials


def asks_once_a_round(spec: RunSpec) -> Range:
    """The probe, then one prompt a round, T rounds at most; without grounding."""
    new = spec.settings.trials if writable(spec) else 0
    if not new:
        return 0, 0
    return len(REWRITINGS) + 1, len(REWRITINGS) + (REDRAWS + 1) * new


def asks_in_rounds(spec: RunSpec) -> Range:
    """Upfront, and then DRAFTS_A_ROUND a module in every later round."""
    fewest, most = asks_upfront(spec)
    rounds = spec.settings.rounds + spec.settings.late_rounds
    later = rounds * DRAFTS_A_ROUND * writable(spec) if most else 0
    return fewest, most + (REDRAWS + 1) * later


def asks_for_grounding(spec: RunSpec) -> Range:
    """Observations of the dataset with their summary; the program's and the modules' stories."""
    shows = spec.settings.grounding
    batches = min(-(-len(spec.train) // BATCH), MAX_BATCHES) if shows.dataset_summary else 0
    about = 1 + writable(spec) if shows.program_summary else 0
    return min(batches, COMPLETE_LIMIT) + about, batches + bool(batches) + about


def writable(spec: RunSpec) -> int:
    """Modules whose instruction may change."""
    return sum(module.writable for module in spec.program.modules)

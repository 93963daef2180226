"""The words of the two styles in which a search is shown: a race, or trials one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

from optimizer.core.conversation.spec import Settings
from optimizer.core.optimizers import optimizer_named
from optimizer.core.optimizers.optimizer import Style


@dataclass(frozen=True)
class ShownStyle:
    """What pages say where the styles differ. A step is what a search goes on by; a part is a trial
    that is no full evaluation.

    `shares_parts`: candidates are scored on parts that they share, and full evaluations are made of
    them. Then a single part says little, and candidates are shown before trials.
    """

    shares_parts: bool
    step: Any
    steps: Any
    setting: Any
    setting_help: Any
    count: Any
    progress: Any
    part: Any
    part_tag: Any
    parts: Any
    part_size: Any
    chart: Any
    mark: Any
    fulls: Any
    trials_note: Any
    candidates_note: Any
    heats: Any
    importances_note: Any
    found_note: Any
    size: Any
    reflects: bool = False
    searches: bool = True

    def effort(self, settings: Settings, trials: int) -> str:
        """How much a search with these settings, and so many trials at most, looks at."""
        return str(self.size) % {
            "n": trials, "b": settings.minibatch_size, "v": settings.max_validation,
        }  # fmt: skip

    def settings(self, settings: Settings, trials: int, has_minibatches: bool) -> str:
        """How many trials there are at most, as the bar counts them, and of what."""
        told = {
            "all": trials, "n": settings.trials, "b": settings.minibatch_size,
            "every": settings.full_every,
        }  # fmt: skip
        if self.shares_parts:
            rounds = ngettext(
                "%(n)s round of new proposals", "%(n)s rounds of new proposals", settings.rounds
            ) % {"n": settings.rounds}
            return _now("about %(all)s, of %(b)s examples, %(rounds)s") % {**told, "rounds": rounds}
        if self.reflects:
            return (
                _now("up to %(all)s, from up to %(n)s rounds of reflection on %(b)s examples")
                % told
            )
        if has_minibatches:
            return (
                _now("up to %(all)s: %(n)s minibatches of %(b)s, a full one after every %(every)s")
                % told
            )
        return _now("up to %(all)s") % told


TRIALS = ShownStyle(
    shares_parts=False,
    step=_("Trial"),
    steps=_("Trials"),
    setting=_("Trials"),
    setting_help=_("Where these are minibatches, full evaluations of the leaders come on top."),
    count=ngettext_lazy("%(n)s trial", "%(n)s trials", "n"),
    progress=_("%(n)s of %(all)s trials"),
    part=_("minibatch"),
    part_tag=_("mini"),
    parts=_("Minibatches"),
    part_size=_("Examples of a minibatch"),
    chart=_("Score by trial"),
    mark=_("minibatch of %(b)s"),
    fulls=ngettext_lazy("full evaluation, of %(all)s", "full evaluations, of %(all)s", "n"),
    trials_note=_(
        "A minibatch is compared with the baseline on its own examples; only full evaluations can "
        "become the best."
    ),
    candidates_note=_(
        "Each with its full evaluation, or with all its minibatches where it has none. The best "
        "comes first, then what is expected on new examples, then what is proved at least."
    ),
    heats=_("mean minibatch score, instruction × demo set"),
    importances_note=_("By PED-ANOVA over the trials so far; rough while they are few."),
    found_note=_(
        "Instructions and demo sets to choose from; behind each its mean score and, in brackets, "
        "its trials. Marked: what the best candidate uses."
    ),
    size=_("%(n)s trials, up to %(v)s examples"),
)
REFLECTION = replace(
    TRIALS,
    reflects=True,
    setting=_("Rounds of reflection"),
    setting_help=_(
        "Each tries a new instruction on training examples; what gains there gets a trial, a full "
        "evaluation, as far as these fit."
    ),
)
RACE = ShownStyle(
    shares_parts=True,
    step=_("Block"),
    steps=_("Blocks"),
    setting=_("Blocks"),
    setting_help=_("A block is some examples that candidates are scored on together."),
    count=ngettext_lazy("%(n)s block", "%(n)s blocks", "n"),
    progress=_("%(n)s of %(all)s blocks"),
    part=_("block"),
    part_tag=_("block"),
    parts=_("Blocks"),
    part_size=_("Examples of a block"),
    chart=_("The race"),
    mark=_("a candidate's mean so far"),
    fulls=_("fully scored of %(all)s candidates"),
    trials_note=_(
        "A block is some validation examples that all candidates are scored on together. It is "
        "compared with the baseline on its own examples; a full evaluation is made of its "
        "candidate's blocks."
    ),
    candidates_note=_(
        "All are scored on the same examples in the same order, a block at a time; more go where "
        "they can change the outcome. Each is compared with the baseline on what both have seen. "
        "The best comes first, then what is expected on new examples, then what is proved at "
        "least. Only who was scored on all examples can win, and who is expected to do best on new "
        "examples does: that need not be the highest score."
    ),
    heats=_("mean score of blocks, instruction × demo set"),
    importances_note=_("As the race sees it from all scores; rough while they are few."),
    found_note=_(
        "Instructions and demo sets to choose from; behind each its mean score and, in brackets, "
        "its blocks. Rounds of new ones come during the race. Marked: what the best candidate uses."
    ),
    size=_("%(n)s blocks of %(b)s examples, up to %(v)s examples"),
)
EVALUATION = replace(
    TRIALS,
    searches=False,
    step=_("Evaluation"),
    steps=_("Evaluations"),
    setting=_("Evaluations"),
    setting_help=_("One a candidate and model, and draw."),
    count=ngettext_lazy("%(n)s evaluation", "%(n)s evaluations", "n"),
    progress=_("%(n)s of %(all)s evaluations"),
    chart=_("Score by evaluation"),
    candidates_note=_(
        "All are scored on the same examples, with the first model. The best comes first."
    ),
    trials_note=_("One a candidate and draw, with the first model."),
    size=_("%(v)s examples"),
)
_SHOWN = {Style.TRIALS: TRIALS, Style.RACE: RACE, Style.EVALUATION: EVALUATION}


def style_of(optimizer: str) -> ShownStyle:
    """How the runs of an optimizer are shown, also of one that was retired."""
    found = optimizer_named(optimizer)
    return REFLECTION if found.reflects else _SHOWN[found.style]

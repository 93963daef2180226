"""What a run says on its way, and why a proposed instruction is not tried."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from optimizer.sentences.catalogue import add

add(
    {
        "note.weak_model": _(
            "The optimizer model is too weak to write good instructions: it failed {failed} of "
            "{asked} small requests to put a sentence into other words. It writes {written} for "
            "each module; the plain instructions made from the fields, and the demos, are tried as "
            "always. For better instructions, connect a stronger optimizer model."
        ),
        "note.weak_model_fewer": _(
            "The optimizer model is too weak to write good instructions: it failed {failed} of "
            "{asked} small requests to put a sentence into other words. It writes {written} for "
            "each module instead of {wanted}; the plain instructions made from the fields, and the "
            "demos, are tried as always. For better instructions, connect a stronger optimizer "
            "model."
        ),
        "note.proposals_left_out": _(
            "{refused} of {asked} proposed instructions for {module} were left out, after {draws} "
            "further draws each."
        ),
        "note.futile_rounds": _(
            "{rounds} rounds in a row gave no new instruction: no more are asked for. A stronger "
            "optimizer model would write others."
        ),
        "note.only_baseline": _("There is only the baseline to choose from: no search is needed."),
        "note.all_evaluated": _(
            "All {n} combinations are fully evaluated: no other is left to try."
        ),
        "note.few_demos": ngettext_lazy(
            "Only {n} training example was solved well enough to become a demo; a stronger "
            "teacher model would find more.",
            "Only {n} training examples were solved well enough to become demos; a stronger "
            "teacher model would find more.",
            "n",
        ),
        "note.no_demo_sets": _("No demo sets were found: the baseline is all there is."),
        "note.few_combinations": _(
            "{n} combinations of demo sets are tried instead of {wanted}: there are no others. "
            "Allow more demo sets for more of them."
        ),
        "note.nothing_to_try": _(
            "{rounds} rounds in a row gave nothing to try: the training examples come out right, "
            "or the optimizer model writes nothing new."
        ),
        "note.nothing_to_reflect_on": _(
            "There are no training examples to reflect on: give that split a share."
        ),
        "note.all_frozen": _("Every instruction is frozen: there is nothing to write."),
        "note.baseline_unscored": _(
            "The baseline has no score, so nothing can be compared with it."
        ),
        "note.settled_baseline": _(
            "The original prompt is kept: going on was not expected to find a better one, so the "
            "rest of the budget was saved."
        ),
        "note.settled": _(
            "Going on was not expected to find a better candidate, so the rest of the budget was "
            "saved."
        ),
        "note.perfect_baseline": _(
            "The baseline is right on every validation example: nothing to improve."
        ),
        "note.time_before_baseline": _(
            "The time ended before the baseline was scored: raise the cap to get a result."
        ),
        "note.cap_before_baseline": _(
            "The budget ended before the baseline was scored: raise the cap to get a result."
        ),
        "note.time_without_comparison": _(
            "The time ended before the baseline was scored on every example: the best candidate "
            "stands without a comparison with it. Raise the cap to get one."
        ),
        "note.cap_without_comparison": _(
            "The budget ended before the baseline was scored on every example: the best candidate "
            "stands without a comparison with it. Raise the cap to get one."
        ),
        "note.leader_unscored": _(
            "Who led could not be scored on every validation example: too little was left of the "
            "cap. The best of those that were is kept."
        ),
        "note.time_ended": _(
            "The time ended here; the best fully evaluated candidate so far is kept."
        ),
        "note.cap_ended": _(
            "The budget ended here; the best fully evaluated candidate so far is kept."
        ),
        "note.screened": _(
            "{left_out} proposals were left out because of what they were expected to score; "
            "{audited} such were tried all the same, and {missed} of these reached the best score. "
            "Expected and real scores of {n} prompts lay {off} points apart on average."
        ),
        "note.level_without_children": _(
            "Level {level} of the tree has no child that was scored, so the search ends here."
        ),
        "note.candidate_fails": _(
            "The candidate of trial {trial} cannot win: {failed} of its {n} examples failed, and a "
            "score of the others alone can be compared with nobody's. The first failed with: {why}"
        ),
        "proposal.empty": _("it was empty."),
        "proposal.only_wrapping": _("no instruction can be told apart in it."),
        "proposal.declined": _("it is no instruction but an answer to who asked: “{text}”"),
        "proposal.cut_off": _("the reply was cut off at its limit of tokens ({finish})."),
        "proposal.no_reply": _("the model gave no answer ({finish})."),
        "proposal.long": _("it was longer than {most} characters."),
        "proposal.no_such_field": _("it uses {{{name}}}, which is no field of the module."),
        "proposal.said_again": _("it goes in circles: “{text}” is said {times} times."),
        "proposal.circles": _("it goes in circles: most of it is said more than once."),
        "proposal.loses_phrase": _("it loses the locked phrase “{phrase}”."),
        "proposal.loses_field": _("it loses {{{name}}}, which the current instruction has."),
        "proposal.repeats": _("it repeats another instruction."),
        "proposal.near_duplicate": _("it is all but another instruction."),
        "proposal.copies_data": _("it copies from the data: “{text}”."),
        "proposal.copies_input": _("it copies a whole input: “{text}”."),
        "proposal.copies_request": _("it copies from the request for it: “{text}”."),
        "proposal.failed": _("its calls failed on every training example that it was tried on."),
        "proposal.placeholder_left": _("it still has {name} in it, which stands for itself."),
        "proposal.figures": _("it has figures in it, where figures are the answer."),
        "proposal.over_budget": _("it changes {edited} words where {budget} may change."),
        "proposal.screened": _(
            "left out before any call: expected {expected} ± {give}, by the prompts like it that "
            "were scored."
        ),
        "proposal.no_better": _(
            "it was no better than what it came from on the same {n} examples ({wins} better, "
            "{losses} worse)."
        ),
    }
)

"""What optimizers are called, and what each does in a sentence."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.core.optimizers.optimizer import Optimizer
from optimizer.sentences.catalogue import add, codes, term

add(
    {
        "optimizer.retired": _("{name} (retired)"),
        "optimizer.bayesian_bootstrap": _("Demos only (Bayesian Bootstrap)"),
        "optimizer.bayesian_bootstrap.description": _(
            "Picks worked examples for every module by a guided search; your "
            "instructions are not touched."
        ),
        "optimizer.bootstrap_search": _("Demos only, random search"),
        "optimizer.bootstrap_search.description": _(
            "Tries random sets of worked examples, each on the whole validation split: "
            "simple, robust, and dearer per candidate."
        ),
        "optimizer.gpo": _("Instructions only, in measured steps (GPO)"),
        "optimizer.gpo.description": _(
            "Rewrites the instruction step by step, boldly at first and by a few words at "
            "last, beside the attempts that are most like it."
        ),
        "optimizer.opro": _("Instructions only, from a history (OPRO)"),
        "optimizer.opro.description": _(
            "Reads the best instructions so far with their scores and writes eight new ones "
            "a step; you may pin, hide and add to what it reads."
        ),
        "optimizer.promst": _("Instructions only, from kinds of errors (PROMST)"),
        "optimizer.promst.description": _(
            "Tells failures apart by your feedback rules, sums each kind up, and grows a "
            "tree of rewritings; poor ones are left out before they cost a call."
        ),
        "optimizer.mipro": _("Instructions + demos (MIPRO)"),
        "optimizer.mipro.description": _(
            "Writes instructions and picks worked examples for every module, and "
            "searches for the combination that scores best."
        ),
        "optimizer.evaluation": _("Evaluation, without a search"),
        "optimizer.evaluation.description": _(
            "Scores what you give it as it stands: candidates, models, draws."
        ),
        "optimizer.mipro_plus": _("Instructions + demos, learning to propose (MIPRO++)"),
        "optimizer.mipro_plus.description": _(
            "Writes new instructions in every trial and learns which way of asking for "
            "them works, while it picks worked examples; for larger budgets."
        ),
        "optimizer.module_opro": _("Instructions only (Module-Level OPRO)"),
        "optimizer.module_opro.description": _(
            "Writes one new instruction for every module at a time from those that "
            "scored best before; each is tried on the whole validation split."
        ),
        "optimizer.program_opro": _("Instructions only (Program-Level OPRO)"),
        "optimizer.program_opro.description": _(
            "Writes the instructions of all modules in one reply, seeing whole programs "
            "that scored best before; each is tried on the whole validation split."
        ),
        "optimizer.racing": _("Instructions + demos, racing (recommended)"),
        "optimizer.racing.description": _(
            "Writes instructions and picks worked examples for every module, scores all "
            "combinations on the same examples, and spends calls only where they can "
            "change the outcome."
        ),
        "optimizer.reflective": _("Reflective (GEPA-style)"),
        "optimizer.reflective.description": _(
            "Reads what went wrong and why, and rewrites one instruction at a time; "
            "needs a strong optimizer model, and shines when the metric gives reasons."
        ),
        "optimizer.zero_shot_mipro": _("Instructions only (0-shot MIPRO)"),
        "optimizer.zero_shot_mipro.description": _(
            "Writes instructions for every module and searches for the best "
            "combination; prompts stay short, without worked examples."
        ),
        "optimizer.zero_shot_mipro_plus": _(
            "Instructions only, learning to propose (0-shot MIPRO++)"
        ),
        "optimizer.zero_shot_mipro_plus.description": _(
            "Writes new instructions in every trial and learns which way of asking for "
            "them works; prompts get no worked examples."
        ),
        "optimizer.module_opro_plain": _("Instructions only (Module-Level OPRO without grounding)"),
        "optimizer.module_opro_plain.description": _(
            "The same, but the optimizer model sees only worked examples and the "
            "instructions tried before: fewer and shorter prompts."
        ),
    }
)


def title_of(optimizer: Optimizer) -> str:
    code = f"optimizer.{optimizer.name}"
    return term(code) if code in codes() else term("optimizer.retired", name=optimizer.name)


def description_of(optimizer: Optimizer) -> str:
    return term(f"optimizer.{optimizer.name}.description")

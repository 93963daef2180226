"""What is said of runs: before they start, and on their way."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from optimizer.sentences.catalogue import add

add(
    {
        "program.all_frozen": _(
            "All that this optimizer could change is frozen: unfreeze a module's instruction or "
            "demos, or choose another optimizer."
        ),
        "run.cannot_pause": _("A run that is {status} cannot be paused."),
        "run.cannot_resume": _("A run that is {status} cannot be resumed."),
        "run.cannot_cancel": _("A run that is {status} cannot be cancelled."),
        "run.cannot_cap": _("A run that is {status} cannot be given another cap."),
        "run.not_ended": _(
            "This run has not ended: candidates of yours join it once it has. Wait, or end it."
        ),
        "run.cap_below_spent": _("The new cap is below what the run has spent already."),
        "program.part": _("{part}: {why}"),
        "program.more": ngettext_lazy("{why} (and {n} more)", "{why} (and {n} more)", "n"),
        "program.complete": _("The program is complete."),
        "role.task": _("Task model"),
        "role.optimizer": _("Optimizer model"),
        "role.teacher": _("Teacher model"),
        "role.judge": _("Judge model"),
        "role.embedding": _("Embedding model"),
        "check.answered": _("{model} answered in {seconds:.1f} s."),
        "check.writes": _(
            "{model} followed {followed} of {asked} small requests to rewrite: it can write "
            "instructions."
        ),
        "check.too_weak": _(
            "{model} followed {followed} of {asked} small requests to rewrite: it is too weak to "
            "write instructions, so choose a stronger optimizer model."
        ),
        "check.embeds": _("{model} made a vector of a word in {seconds:.1f} s."),
        "check.cut_off": _(
            "Its reply was cut off at its limit of {limit:,} tokens: give it a higher one."
        ),
        "check.empty": _(
            "Its reply was empty, where {asked} was asked for: is it a model for chats, and does "
            "its server know its prompt format?"
        ),
        "check.other": _("It was asked for {asked} and said: “{said}”."),
        "check.no_answer": _("Its reply was no answer ({finish})."),
        "run.optimizer_retired": _(
            "The optimizer “{name}” is not in this version of promptlab, so the run cannot go on. "
            "What it found stays. Run it again with another optimizer, or go back to the version "
            "that it was started with."
        ),
        "run.replay_differs": _(
            "At step {step} the optimizer asks for something else than the first time, so the run "
            "cannot go on where it stopped. Nothing was spent. Start a new run: calls that were "
            "paid for are not paid again."
        ),
        "optimizer.unknown": _("There is no optimizer “{name}”; use {known}."),
        "data.no_such_input": _(
            "The program takes “{input}”, but the dataset's inputs are {given}."
        ),
        "data.no_validation": _(
            "The dataset has no validation examples to score with: give that split a share."
        ),
        "data.no_train": _(
            "The dataset has no training examples to learn from: give that split a share."
        ),
        "data.wide_interval": _(
            "Only {n} validation examples: the interval will be wider than most gains."
        ),
        "data.within_context": _(
            "The longest example takes about {tokens:,} tokens with its demos and reply; {model} "
            "reads {window:,}."
        ),
        "data.beyond_context": _(
            "The longest example may take about {tokens:,} tokens with its demos and reply, and "
            "{model} reads {window:,}: such calls fail. Fewer demos, shorter inputs, a lower limit "
            "of replies, or a model that reads more would do."
        ),
        "data.scored": _("{validation} examples are scored."),
        "data.splits": _(
            "{train} examples to learn from, {validation} to score with, {test} sealed."
        ),
        "metric.fits": _("The metric fits program and dataset."),
        "metric.no_such_choice": ngettext_lazy(
            "{n} example expects “{label}”, which is no choice of “{field}”: it can never be "
            "right. Add the choice to the program, or change the data.",
            "{n} examples expect a label such as “{label}”, which is no choice of “{field}”: they "
            "can never be right. Add the choice to the program, or change the data.",
            "n",
        ),
        "metric.unattainable": ngettext_lazy(
            "{n} of {total} examples expects something like “{label}”, which no answer in "
            "“{field}” can equal by this metric: choose another metric or column, or correct "
            "the data.",
            "{n} of {total} examples expect something like “{label}”, which no answer in "
            "“{field}” can equal by this metric: choose another metric or column, or correct "
            "the data.",
            "n",
        ),
        "metric.unused_choice": _(
            "No example expects the choice “{choice}”: is it spelled as in the data?"
        ),
        "models.no_task": _("Choose the task model: the one that runs the program."),
        "models.no_optimizer": _("Choose the optimizer model: the one that writes instructions."),
        "models.one_writes": _(
            "“{optimizer}” writes with one model: leave out the further ones, or use {others}."
        ),
        "models.embeds_nothing": _(
            "This run tries no demos chosen for each input, so its embedding model has nothing to "
            "do: choose how many ways to try under “Own settings”, or another optimizer."
        ),
        "models.long_name": _("“{name}…” is no model's name: it is longer than {most}."),
        "models.provider_gone": _(
            "The provider of the {role} model is gone: choose another model."
        ),
        "models.objection": _("“{provider}”: {why}"),
        "models.test_failed": _("“{provider}” failed its last test: {why}"),
        "models.otherwise": _(
            "“{provider}” did not answer its last test as it was asked to: {why}"
        ),
        "models.works": _("“{provider}” answers."),
        "models.untested": _(
            "“{provider}” was never tested; a wrong key would end the run at its first call."
        ),
        "price.unknown": _(
            "The price of {model} is not known, so a cap in dollars cannot be kept: enter its "
            "prices at provider “{provider}” (0 if it is free), or cap calls only."
        ),
        "price.unknown_project": _(
            "The price of {model} is not known, so this project's monthly cap in dollars cannot be "
            "kept: enter its prices at provider “{provider}” (0 if it is free)."
        ),
        "price.unknown_installation": _(
            "The price of {model} is not known, so the installation's monthly cap in dollars "
            "cannot be kept: enter its prices at provider “{provider}” (0 if it is free)."
        ),
        "limits.few_calls": _(
            "The baseline and one trial need {needed:,} calls, more than the cap of {cap:,}: "
            "nothing could be found."
        ),
        "limits.no_dollars": _("A cap in dollars must be more than 0."),
        "limits.no_seconds": _("A time limit must be more than 0 seconds."),
        "limits.price_unknown": _(
            "The model's price is not known, so only calls can be capped. Enter its prices at its "
            "provider to cap dollars."
        ),
        "limits.may_end_early": _(
            "The limit of {limit} may end the run early; the best so far is kept."
        ),
        "limits.will_end_early": _(
            "The limit of {limit} will end the run early; the best so far is kept."
        ),
        "limit.calls": ngettext_lazy("{n:,} call", "{n:,} calls", "n"),
        "limit.dollars": _("{amount}"),
        "limit.minutes": _("{n} min"),
        "month.above_installation": _(
            "The installation's cap is {cap} a month, and a project's cannot be above it: an "
            "administrator of the installation can raise that one."
        ),
        "month.busy": _(
            "The cap could not be set just now, because calls are being counted: try it again."
        ),
        "month.short_project": _(
            "This project's cap of {cap} a month leaves {left}, less than the run may take: it "
            "would pause there, and can be resumed when the cap is raised or the month is over."
        ),
        "month.short_installation": _(
            "The installation's cap of {cap} a month leaves {left}, less than the run may take: it "
            "would pause there, and can be resumed when the cap is raised or the month is over."
        ),
        "settings.least": _("{setting} is {value}, but must be {least} or more."),
        "settings.temperature": _("proposal_temperature must be between 0 and {most:g}."),
        "settings.no_demos": _(
            "This optimizer changes nothing but demos, and no demo is allowed: allow some made by "
            "the teacher or taken from the data, in two demo sets or more, or choose an optimizer "
            "that writes instructions."
        ),
        "settings.unused": _("{setting} does nothing in “{optimizer}”: leave it out."),
        "settings.small_minibatch": _(
            "A minibatch of {n} says next to nothing: luck decides what is looked at again. Ten "
            "examples or more are better."
        ),
        "metric.no_labels": _(
            "No validation example says anything in “{column}”, which the metric compares with: "
            "label some examples, or choose another column."
        ),
        "data.silent": _(
            "{n} of {total} validation examples expect nothing in “{column}”: only an empty answer "
            "is right there. Label them, or leave them out, if that is not what is meant."
        ),
        "data.unlabelled": _(
            "{n} of {total} validation examples say nothing in “{column}”: they can never be "
            "right. Label them, or leave them out."
        ),
        "data.one_label": _(
            "Every validation example expects “{label}”: a program that always says so would be "
            "perfect. Add examples with other answers."
        ),
        "data.few_validation": ngettext_lazy(
            "With {n} validation example luck decides: nothing can be told apart. Give that split "
            "more.",
            "With {n} validation examples luck decides: nothing can be told apart. Give that "
            "split more.",
            "n",
        ),
        "data.among_demos": _(
            "{n} of {total} validation examples stand among the program's own demos: the baseline "
            "has seen their answers, and its score is too high. Take them out of the demos or of "
            "that split."
        ),
        "data.no_headroom": ngettext_lazy(
            "The baseline falls short on only {n} example of {total}: a candidate that mended all "
            "of them could not be told from luck, which takes {needed}. Add validation examples, "
            "harder ones most of all.",
            "The baseline falls short on only {n} examples of {total}: a candidate that mended "
            "all of them could not be told from luck, which takes {needed}. Add validation "
            "examples, harder ones most of all.",
            "n",
        ),
        "data.contradicted": ngettext_lazy(
            "On {n} of {total} validation example every prompt must fail: the same input expects "
            "another answer elsewhere in that split. Look at their labels.",
            "On {n} of {total} validation examples every prompt must fail: the same input expects "
            "another answer elsewhere in that split. Look at their labels.",
            "total",
        ),
        "data.validation_known": ngettext_lazy(
            "{n} of {total} validation examples has the same input as a training example: a demo "
            "made of that one hands over the answer, and scores come out too high. Leave one of "
            "each pair out.",
            "{n} of {total} validation examples have the same input as a training example: a demo "
            "made of that one hands over the answer, and scores come out too high. Leave one of "
            "each pair out.",
            "n",
        ),
        "data.test_known": ngettext_lazy(
            "{n} of {total} test examples has the same input as a training example: a demo made "
            "of that one hands over the answer, and scores come out too high. Leave one of each "
            "pair out.",
            "{n} of {total} test examples have the same input as a training example: a demo made "
            "of that one hands over the answer, and scores come out too high. Leave one of each "
            "pair out.",
            "n",
        ),
    }
)

"""What is said of program files; places stand before most of it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from optimizer.sentences.catalogue import add

add(
    {
        "file.not_utf8": _("The body is not UTF-8 text."),
        "file.not_json": _("this is not JSON: {why}."),
        "file.no_program_json": _("This is not JSON that a program could be written in."),
        "file.key_twice": _("The key “{key}” is written twice in one object."),
        "file.no_object": _("A program file is one JSON object: {{ … }}."),
        "file.version_left": _(
            "Read from a version: its program with the approved instructions and demos. Not taken: "
            "its number, run, dataset, metric, models, scores and approval."
        ),
        "file.promptfoo_left": _("Read as promptfoo's. Not carried over: {parts}."),
        "file.promptfoo_empty": _(
            "There is no prompt in it: write the text itself, not the name of a file."
        ),
        "file.promptfoo_no_assert": _(
            "None of its assertions can be said by a metric here. Make one, or write code."
        ),
        "file.keys_left": _("Not taken either, as a version has no such keys: {keys}."),
        "file.dspy_state": _(
            "This is the state of a DSPy module: prompts without the program that they belong to. "
            "Choose the program that it is read onto, or take a version's Canonical JSON instead."
        ),
        "file.no_module_for": _("No module is called like {predictor}: it was not taken."),
        "file.demos_left": ngettext_lazy(
            "{n} demo of {module} was not taken: a field of the module is missing in it.",
            "{n} demos of {module} were not taken: a field of the module is missing in them.",
            "n",
        ),
        "file.no_predictor_fits": _(
            "None of its predictors ({predictors}) is called like a module ({modules}): choose "
            "another program, or name the modules alike."
        ),
        "file.prompts_alone": _(
            "These are prompts without the program that they belong to. Take the program's file, "
            "or the Canonical JSON of an approved version."
        ),
        "file.many_entries": _("it holds {n:,} entries; up to {most:,} are taken."),
        "file.many_ports": _(
            "All calls together have {n:,} inputs and outputs; up to {most} are taken."
        ),
        "file.other_format": _("{given} is not known; this reads “{known}”."),
        "file.unstorable": _(
            "it holds a character that cannot be stored (\\u0000 or a half pair)."
        ),
        "file.not_finite": _("it is not a finite number."),
        "file.missing": _("it is missing."),
        "file.no_text": _("use a text."),
        "file.no_list": _("use a list: [ … ]."),
        "file.no_dict": _("use an object: {{ … }}."),
        "file.no_boolean": _("use true or false."),
        "file.shape": _("{why}."),
        "file.no_such_key": _("no such key; the keys here are {keys}."),
        "file.name_taken": _("“{name}” is already the name of another one: rename one."),
        "file.more": _("And more."),
    }
)

"""What is said of versions' files."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.sentences import add

add(
    {
        "chain.no_model": _("The project has no such model: connect it under Models & keys."),
        "format.unknown": _("There is no format “{name}”; there are {known}."),
        "template.steps": _(
            "It has {n} steps, and a file of this kind holds one prompt: take the Python file."
        ),
        "template.no_prompt": _("“{module}” asks no model simply: take the Python file."),
        "template.draws": _(
            "“{module}” is drawn several times, or repeated: take the Python file."
        ),
        "template.nearest": _(
            "The demos of “{module}” are chosen for each input, which needs code: take the Python "
            "file, or the ready prompts."
        ),
        "template.layout": _(
            "“{module}” lays its inputs out as JSON, which no template writes: take the Python "
            "file, or the ready prompts."
        ),
        "template.type": _(
            "The input “{name}” is no text, and a template would write its values otherwise than "
            "the run did: take the Python file, or the ready prompts."
        ),
        "template.word": _("The input “{name}” is called like a word of the template's language."),
        "template.mark": _("The prompt itself says {mark}, which is how an input is marked here."),
        "template.braces": _("The prompt itself says {{{{, which cannot be said as a text here."),
        "template.edges": _(
            "A message begins or ends with spaces or empty lines, which a file of this kind drops."
        ),
        "template.role_line": _(
            "The line “{line}” would begin a message of its own in a file of this kind."
        ),
        "data.no_prompt": _("No step of it asks a model simply: there is nothing to learn from."),
        "promptfoo.metric": _(
            "promptfoo has no assertion that judges as the metric “{name}” does."
        ),
        "ready.needs_code": _(
            "“{module}” is more than texts to say (it runs code, looks something up, calls tools "
            "or chooses demos by meaning): take the Python file."
        ),
        "prompt.several": _(
            "Several projects have a prompt “{name}”: {known}. Say which is meant, with “project”."
        ),
    }
)

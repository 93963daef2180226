from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.chain_of_thought import ChainOfThought
from promptlab.programs.kinds.kind import ModuleKind
from promptlab.programs.kinds.prompted import SAMPLING, models_of

CHAIN_OF_THOUGHT = ModuleKind(
    ChainOfThought,
    _("Chain of thought"),
    _("Writes its reasoning first, then answers."),
    SAMPLING,
    offer=models_of,
)

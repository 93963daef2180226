from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.vote import Vote
from promptlab.programs.kinds.kind import ModuleKind

VOTE = ModuleKind(
    Vote, _("Vote"), _("Gives what most of its inputs say, of equals the first. Asks no model.")
)

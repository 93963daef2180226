from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.core.modules.predict import Predict
from promptlab.programs.kinds.kind import ModuleKind
from promptlab.programs.kinds.prompted import SAMPLING, models_of

PREDICT = ModuleKind(
    Predict,
    _("Predict"),
    _("Answers at once. Quick and cheap."),
    SAMPLING,
    offer=models_of,
)

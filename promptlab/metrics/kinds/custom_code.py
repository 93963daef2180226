from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.core.evaluation.metric import Metric
from optimizer.core.metrics.custom_code import ARGUMENTS, FUNCTION, CustomCode
from optimizer.core.problems import Problem
from optimizer.sandbox.jail import jail
from promptlab.metrics.kinds.kind import MetricKind
from promptlab.ui.source_field import SourceField

EXAMPLE = """\
def metric(example, prediction, trace):
    for name, given in prediction.items():
        expected = str(example.get(name, ""))
        if str(given).strip().lower() != expected.strip().lower():
            return False, f"{name} should be {expected}"
    return True
"""


def tried(metric: Metric) -> list[Problem]:
    """What the sandbox says of the source before it is kept."""
    assert isinstance(metric, CustomCode)
    return [fault.at("source") for fault in jail().check(metric.source, FUNCTION, ARGUMENTS)]


CUSTOM_CODE = MetricKind(
    CustomCode,
    _("Custom code"),
    _("A function of your own in Python judges the answer. It runs in a sandbox."),
    fields={
        "source": SourceField(
            initial=EXAMPLE,
            help_text=_(
                "It is given the example’s columns, the program’s outputs and every call of a "
                "module. Return True or False, a number from 0 to 1, (number, reason), or parts "
                "with such numbers. At most one second and 64 MB of memory."
            ),
        )
    },
    check=tried,
    has_ready_code=True,
)

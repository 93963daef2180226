from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.json_fields import JsonFields
from promptlab.metrics.fields import JsonFieldsField
from promptlab.metrics.kinds.kind import MetricKind

JSON_FIELDS = MetricKind(
    JsonFields,
    _("JSON fields"),
    _("An object is compared field by field; each has a score of its own."),
    fields={
        "fields": JsonFieldsField(
            label=_("Fields"),
            required=False,
            max_length=10_000,
            help_text=_(
                "One a line, as in “price: numeric ± 0.5, 2”: a name, a kind of comparison, a "
                "tolerance, a weight; all but the name may be left out, and slots.people goes "
                "into an object. Empty: every field by exact match, all alike."
            ),
        )
    },
    group=_("Values"),
)

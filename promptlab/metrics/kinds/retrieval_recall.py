from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.retrieval_recall import Measure, RetrievalRecall
from promptlab.metrics.kinds.kind import MetricKind

RETRIEVAL_RECALL = MetricKind(
    RetrievalRecall,
    _("Retrieval recall"),
    _("Of a list of passages: whether what should be found is among them."),
    fields={
        "measure": forms.TypedChoiceField(
            label=_("Measure"),
            choices=[
                (Measure.RECALL.value, _("Recall: the share that was found")),
                (Measure.RANK.value, _("Reciprocal rank: how early the first one was found")),
            ],
            coerce=Measure,
            initial=Measure.RECALL.value,
            help_text=_(
                "The expected column has titles or words, one or a list of them. A passage with "
                "parts is found by one of its parts, a text by words in it."
            ),
        )
    },
    group=_("Values"),
)

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from optimizer.core.metrics.similarity import Similarity
from promptlab.metrics.kinds.kind import MetricKind
from promptlab.providers.fields import EmbeddingModelField

SIMILARITY = MetricKind(
    Similarity,
    _("Similarity"),
    _("How near the answer is to the expected text in meaning, by an embedding model’s vectors."),
    fields={
        "embedding": EmbeddingModelField(
            label=_("Embedding model"),
            help_text=_("It is called once for every text that is new; its calls count in a run."),
        ),
        "least": forms.FloatField(
            label=_("Right from"),
            required=False,
            min_value=0,
            max_value=1,
            initial=0,
            widget=forms.NumberInput(attrs={"class": "short", "step": "0.01"}),
            help_text=_(
                "A cosine from 0 to 1, from which on an answer is right and else wrong. 0: the "
                "cosine itself is the score."
            ),
        ),
    },
    group=_("Texts"),
)

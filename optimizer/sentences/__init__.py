"""The catalogue: from the code of a problem to the sentence that people read.

A room that tells more adds it in a module `sentences` of its own, which is found as Django finds
models (`optimizer/apps.py`).
"""

# These fill the catalogue.
from optimizer.sentences import (  # noqa: F401
    code,
    datasets,
    files,
    metrics,
    notes,
    optimizers,
    options,
    programs,
    providers,
    runs,
    stops,
)
from optimizer.sentences.catalogue import add, codes, reasons, sentence, term, with_places

__all__ = ["add", "codes", "reasons", "sentence", "term", "with_places"]

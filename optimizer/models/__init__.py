"""Rows of the optimizer. A run carries everything it needs; a worker reads no other table."""

from optimizer.models.corpora import Corpus, CorpusPart
from optimizer.models.ledger import AcceptedOverrun, Completion, FetchedText, TextVector
from optimizer.models.providers import AllowedAddress, Provider, shown_address
from optimizer.models.runs import (
    Candidate,
    DemoPool,
    ExampleSet,
    Exchange,
    HistoryWish,
    Outcome,
    Run,
    RunEvent,
    Trial,
)
from optimizer.models.spending import Spending, SpendingCap

__all__ = [
    "AcceptedOverrun",
    "AllowedAddress",
    "Candidate",
    "Completion",
    "Corpus",
    "CorpusPart",
    "DemoPool",
    "ExampleSet",
    "Exchange",
    "FetchedText",
    "HistoryWish",
    "Outcome",
    "Provider",
    "Run",
    "RunEvent",
    "Spending",
    "SpendingCap",
    "TextVector",
    "Trial",
    "shown_address",
]

"""What is sent to a review: evidence that stays as it was, whatever is scored or moved later."""

from __future__ import annotations

from dataclasses import dataclass, field

from optimizer.codec import canonical, from_json, to_json
from optimizer.core.evaluation.stats import Comparison
from optimizer.core.programs.program import Program
from promptlab.reviews.content import Provenance


@dataclass(frozen=True)
class Moved:
    """An example whose score went down from the baseline's (or from another's) to the candidate's.

    Texts are one line each. `score` is None where nothing was scored.
    """

    example: str
    inputs: str
    expected: str
    before: str
    after: str
    score_before: float | None
    score_after: float | None


@dataclass(frozen=True)
class Cost:
    """What a candidate takes: micro-USD and seconds of 1,000 examples and of one, None where that
    is not known; `tokens` of its prompts before any input, guessed from their characters.
    """

    of_thousand: int | None
    seconds_each: float | None
    tokens: int


@dataclass(frozen=True)
class Rival:
    """What the label pointed at: a version, and how the candidate does on the examples that both
    were scored on, `comparison` being the candidate's minus its. Nothing in common: None.
    """

    label: str
    version: int
    run: int
    candidate: int
    comparison: Comparison | None = None
    lost: tuple[Moved, ...] = ()


@dataclass(frozen=True)
class DemoSource:
    """A demo that every input is shown: the data's row it was made of ("" where nobody knows it),
    whether a model wrote it, and which kinds of personal data it may hold.
    """

    module: str
    place: int
    row: str
    augmented: bool
    personal: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """Everything that a decision stands on. `program` is as it would be approved, `before` as the
    run found it. `code`: the version of this product that scored it.
    """

    program: Program
    before: Program
    provenance: Provenance
    code: str
    cost: Cost
    cost_before: Cost
    lost: tuple[Moved, ...]
    demos: tuple[DemoSource, ...] = ()
    rival: Rival | None = None
    is_best: bool = False
    """Whether the run's conclusion is about this candidate."""
    against: bool = False
    """The run recommends to keep the original prompt."""
    protected: tuple[str, ...] = ()
    """Examples that must not get worse and did: against the baseline, or against the rival."""
    format: str = field(default="promptlab/evidence@1")

    def canonical(self) -> str:
        """The one spelling; its UTF-8 bytes are what the SHA-256 is taken of."""
        return canonical(to_json(self))

    @property
    def changed(self) -> tuple[str, ...]:
        """The modules whose prompts differ, by their names."""
        old = {module.name: module for module in self.before.modules}
        return tuple(m.name for m in self.program.modules if m != old.get(m.name))


def read_evidence(data: object) -> Evidence:
    """Evidence from its JSON data.

    Raises:
        ValueError: the data has another shape.
    """
    return from_json(Evidence, data)

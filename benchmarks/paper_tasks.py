"""The paper's tasks that a small local model can run, and what its Table 2 says of them.

ScoNe, Iris and Iris-Typo: programs of one call. The words of the programs are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.tasks import Sizes, Task
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.calls import Call
from optimizer.core.programs.program import Program
from optimizer.core.programs.signature import Field, Signature

BASELINE = "none"
"""The program as it stands: its name as an arm."""
REPLY_TOKENS = 24
"""The longest right reply has ten tokens; what goes on for longer is wrong already."""


@dataclass(frozen=True)
class PaperTask:
    """A task with the rows that are dealt, and the paper's test scores by optimizer, in percent.

    An optimizer that the paper did not run on the task has no score.
    """

    title: str
    task: Task
    sizes: Sizes
    published: dict[str, float]

    @property
    def name(self) -> str:
        return self.task.name


def _one_call(name: str, module: str, inputs: tuple[Field, ...], answer: Field, says: str) -> Task:
    signature = Signature(inputs, (answer,), says)
    wires = {f.name: f"input.{f.name}" for f in inputs}
    program = Program(
        name,
        tuple(Field(f.name) for f in inputs),
        (Predict(module, signature),),
        (Call(module, module, wires),),
        {answer.name: f"{module}.{answer.name}"},
    )
    rows, source = _ROWS[name]
    metric = ExactMatch(answer.name, answer.name)
    return Task(name, program, metric, rows, source, reply_tokens=REPLY_TOKENS)


_FISHER = "Iris, R. A. Fisher, UCI Machine Learning Repository, CC BY 4.0"
_ROWS = {
    "scone": ("scone.csv", "ScoNe-NLI, She et al. 2023, CC0 1.0"),
    "iris": ("iris.csv", _FISHER),
    "iris_typo": ("iris.csv", _FISHER),
}


def _scone() -> Task:
    return _one_call(
        "scone",
        "infer",
        (Field("context"), Field("question")),
        Field("answer", description="Yes or No"),
        "Read the context and answer the question about it.",
    )


def _iris(name: str, species: str) -> Task:
    sizes = ("sepal_length", "sepal_width", "petal_length", "petal_width")
    return _one_call(
        name,
        "classify",
        tuple(Field(size) for size in sizes),
        Field("answer", description=species),
        "Name the species of an iris by its sepals and petals, measured in cm.",
    )


PAPER_TASKS = {
    one.name: one
    for one in (
        PaperTask(
            "ScoNe",
            _scone(),
            (50, 50, 200),
            {
                BASELINE: 69.1, "module_opro_plain": 76.1, "module_opro": 73.5,
                "zero_shot_mipro": 71.5, "zero_shot_mipro_plus": 75.7, "bootstrap_search": 75.4,
                "bayesian_bootstrap": 77.4, "mipro": 79.4,
            },
        ),
        PaperTask(
            "Iris",
            _iris("iris", "setosa, versicolor or virginica"),
            (30, 44, 75),
            {BASELINE: 40.9, "zero_shot_mipro": 36.4, "bootstrap_search": 94.1, "mipro": 88.6},
        ),
        PaperTask(
            "Iris-Typo",
            _iris("iris_typo", "setosa, versicolour or virginica"),
            (30, 44, 75),
            {BASELINE: 32.0, "zero_shot_mipro": 56.7, "bootstrap_search": 58.7, "mipro": 68.7},
        ),
    )
}  # fmt: skip

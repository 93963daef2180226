"""A judge measured on labelled verdicts, made into a program, and taught by what a run found."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.test import Client
from django.urls import reverse

from optimizer import codec
from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.evaluation.outcome import Outcome, Score
from optimizer.core.metrics.combined import Combined
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.metrics.llm_judge import FRAME, LlmJudge
from optimizer.core.metrics.parts import Part
from optimizer.core.programs.candidate import Candidate, baseline_of
from optimizer.core.programs.lm import OwnModel
from optimizer.core.programs.program import ModulePrompt
from optimizer.models import Provider, Run
from optimizer.running import snapshots
from promptlab.accounts.models import User
from promptlab.datasets.models import Dataset
from promptlab.datasets.services import import_dataset
from promptlab.grading import labels, measured, teaching
from promptlab.grading.models import JudgeLabels
from promptlab.metrics.models import Metric
from promptlab.metrics.services import create_metric
from promptlab.programs.models import Program
from promptlab.runs.models import ProjectRun
from tests.evaluations import answered
from tests.promptlab.grading.conftest import LEVELS
from tests.promptlab.metrics.test_metrics import text_of

Browser = Callable[[User], Client]


def here(metric: Metric, name: str = "judge") -> str:
    return reverse(f"grading:{name}", args=[metric.project.slug, metric.pk])


def verdicts(run: Run, wrong: int = 0) -> None:
    """The worker is done: the judge is right but for the first few."""
    spec = snapshots.thawed(run, EvaluationSpec)
    outcomes = [
        Outcome(
            e.id, Score(1.0), {"reason": "So it is.", "verdict": _told(e.inputs, n < wrong)}, ()
        )
        for n, e in enumerate(spec.examples)
    ]
    answered(run, *(outcome for _ in range(spec.samples) for outcome in outcomes))


def _told(inputs: dict[str, Any], wrong: bool) -> str:
    number = int(str(inputs["answer"]).split()[-1])
    return ("good", "poor")[(number + wrong) % 2]


def test_the_labels_of_a_dataset_are_found_and_read_in_any_case(
    metric: Metric, labelled: Dataset
) -> None:
    judge = metric.core
    assert isinstance(judge, LlmJudge)
    found = labels.guessed(metric, judge)
    assert found is not None
    assert (found.dataset, found.answer, found.verdict) == (labelled, "answer", "grade")
    known = labels.labelled(found, judge)
    assert len(known) == 12
    assert set(known.verdicts.values()) == {"good", "poor"}
    assert "answer" not in str(known.answers[0].inputs["given"])
    said = {"1": "good", "0.0": "poor", True: "good", "no": "poor", "0.5": None, "so-so": None}
    assert {value: labels.level_of(judge, value) for value in said} == said


def test_one_press_asks_for_all_and_the_page_says_how_far_it_agrees(
    client_of: Browser, erin: User, metric: Metric, labelled: Dataset
) -> None:
    client = client_of(erin)
    page = text_of(client.get(here(metric)))
    assert "12 labelled answers" in page
    assert "48 calls at most," in page
    client.post(here(metric, "ask"))
    runs = list(Run.objects.order_by("pk"))
    assert [run.spec.get("samples", 1) for run in runs] == [1, 1, 2]
    assert f"/judgings/{runs[0].pk}/?of=measured" in text_of(client.get(here(metric)))
    for run, wrong in zip(runs, (3, 0, 1), strict=True):
        verdicts(run, wrong)
    page = text_of(client.get(here(metric)))
    assert "κ 0.50" in page
    assert "75.0" in page  # alike
    assert "% stay when it is drawn twice" in page
    assert "no leaning on length is proved" in page
    assert page.count("good: So it is.") + page.count("poor: So it is.") == 3
    changed = replace(metric.core, rubric="Is it short?")
    assert measured.measured(metric.project, changed, labels.Labelled()).people is None


def test_labels_are_chosen_and_what_is_no_level_is_told(
    client_of: Browser, erin: User, metric: Metric, labelled: Dataset
) -> None:
    client = client_of(erin)
    source = f"dataset-{labelled.pk}"
    assert client.post(here(metric, "set_labels"), {"source": ""}).status_code == 422
    chosen = {"source": source, "answer": "question", "verdict": "grade"}
    assert client.post(here(metric, "set_labels"), chosen).status_code == 302
    stored = JudgeLabels.objects.get()
    assert (stored.answer, stored.verdict) == ("question", "grade")
    client.post(here(metric, "set_labels"), {"source": source})
    assert JudgeLabels.objects.get().answer == "answer"
    rows = b"answer,grade\na,good\nb,meh\nc,poor\nd,good\n"
    other = import_dataset(metric.project, erin, "Other", io.BytesIO(rows), source_name="o.csv")
    chosen = {"source": f"dataset-{other.pk}", "answer": "answer", "verdict": "grade"}
    client.post(here(metric, "set_labels"), chosen)
    assert "meh × 1" in text_of(client.get(here(metric)))


def test_a_judge_is_made_into_a_program_with_its_labels_and_taught_by_the_winner(
    client_of: Browser, erin: User, metric: Metric, labelled: Dataset
) -> None:
    client = client_of(erin)
    answer = client.post(here(metric, "optimize"))
    program = Program.objects.get()
    made = Dataset.objects.exclude(pk=labelled.pk).get()
    assert answer["Location"].endswith(f"runs/new/?program={program.pk}&dataset={made.pk}")
    assert program.core.modules == metric.core.program.modules
    assert program.core.modules[0].locked == (FRAME,)
    (compares,) = Metric.objects.exclude(pk=metric.pk)
    assert compares.core.problems(program.core, {"verdict"}) == []
    assert {row.expected["verdict"] for row in made.examples.all()} == {"good", "poor"}
    page = text_of(client.get(answer["Location"]))
    assert program.name in page

    judge = metric.core
    prompts = baseline_of(program.core).modules
    better = {n: replace(p, instruction=f"Be strict.\n\n{FRAME}") for n, p in prompts.items()}
    assert judge.taught(better).rubric == "Be strict."
    client.post(here(metric, "take"), {"run": "1"})
    assert Metric.objects.get(pk=metric.pk).core == judge  # there is no such run


def test_what_a_run_found_is_taken_by_the_judge_wherever_it_stands(
    client_of: Browser, erin: User, finished: ProjectRun
) -> None:
    own = OwnModel(Provider.objects.first().pk, "scripted")  # type: ignore[union-attr]
    core = LlmJudge("intent", "", model=own, rubric="Is it polite?", levels=LEVELS)
    parts = (Part("right", ExactMatch("intent", "intent")), Part("polite", core, 2.0))
    made = create_metric(finished.project, erin, "Both", Combined("", "", parts=parts))
    JudgeLabels.objects.create(metric=made, program=finished.program)
    client, best = client_of(erin), finished.run.best_candidate
    assert best is not None
    page = text_of(client.get(here(made)))
    assert "Judge with it" in page
    client.post(here(made, "take"), {"run": str(finished.number)})
    assert Metric.objects.get(pk=made.pk).core == made.core  # it is of another program

    prompts = {n: replace(p, instruction="Be strict.") for n, p in _prompts(core).items()}
    best.prompts = codec.to_json(Candidate(prompts))
    best.save()
    client.post(here(made, "take"), {"run": str(finished.number)})
    taken = Metric.objects.get(pk=made.pk).core
    assert [judge.rubric for judge in taken.judges if isinstance(judge, LlmJudge)] == ["Be strict."]
    assert taken.singles[0] == parts[0].metric
    assert taken.judges[0].version != core.version


def _prompts(core: LlmJudge) -> dict[str, ModulePrompt]:
    return baseline_of(core.program).modules


def test_too_few_labels_teach_nothing(client_of: Browser, erin: User, metric: Metric) -> None:
    page = text_of(client_of(erin).post(here(metric, "optimize"), follow=True))
    assert "A judge is improved by 10 labelled verdicts or more" in page
    assert not Program.objects.exists()
    assert teaching.versions_used(metric) == []
    assert codec.to_json(metric.core.levels)[0]["name"] == "good"

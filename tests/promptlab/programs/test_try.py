"""Trying a program on one example: what is asked, and what is shown of the answer."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.http import Http404, QueryDict
from django.test import Client
from django.urls import reverse

from optimizer import ownership
from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.conversation.spec import ModelRef
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.core.metrics.exact_match import ExactMatch
from optimizer.core.problems import Refused
from optimizer.core.programs.candidate import baseline_of
from optimizer.core.programs.example import Example
from optimizer.core.programs.program import ModulePrompt
from optimizer.core.programs.signature import Field, FieldType
from optimizer.models import Provider, Run
from optimizer.running import snapshots
from promptlab.accounts.models import Project, User
from promptlab.accounts.roles import Role
from promptlab.datasets.models import Dataset
from promptlab.programs import tryouts
from promptlab.programs.forms.trying import TryForm
from promptlab.programs.models import Program
from promptlab.ui.parameters import Parameters
from tests.core.programs import ONE_STEP
from tests.evaluations import answered, ended

Browser = Callable[[User], Client]


def address(program: Program, tryout: int | None = None) -> str:
    asked = "" if tryout is None else f"?tryout={tryout}"
    return reverse("programs:try", args=[program.project.slug, program.pk]) + asked


def text_of(response: Any) -> str:
    return html.unescape(response.content.decode())


def values(provider: Provider, message: str, **more: Any) -> dict[str, Any]:
    return {"in-message": message, "model": f"{provider.pk}:scripted", "metric": "", **more}


def answer(tryout: Run, **outcome: Any) -> Run:
    """What a worker leaves behind."""
    trace = CallTrace(
        "classify", "classify", {"message": "Where is it?"}, {"intent": "delivery"},
        '{"intent": "delivery"}', "", 120, 9, 42, 0.5,
    )  # fmt: skip
    told = Outcome("typed", Score(1.0, "as expected"), {"intent": "delivery"}, (trace,))
    return answered(tryout, replace(told, **outcome))


def asked() -> EvaluationSpec:
    """The only try-out there is."""
    return snapshots.thawed(Run.objects.get(), EvaluationSpec)


@pytest.fixture
def tryout(project: Project, provider: Provider) -> Run:
    return tryouts.start_tryout(
        project, ONE_STEP, ModelRef(provider.pk, "scripted"), Example("typed", {"message": "Hm?"})
    )


@pytest.fixture
def metric(project: Project) -> Any:
    return project.metrics.create(
        name="Right intent", kind="choice_accuracy", output="intent", expected="intent"
    )


def test_the_first_example_of_a_dataset_that_fits_is_filled_in(
    client_of: Browser, erin: User, one_step: Program, dataset: Dataset, provider: Provider
) -> None:
    page = text_of(client_of(erin).get(address(one_step)))

    assert "Where is my parcel (0)</textarea>" in page
    assert "Expected intent" in page
    assert "of 24" in page


def test_other_examples_are_chosen_by_their_number(
    client_of: Browser, erin: User, one_step: Program, dataset: Dataset, provider: Provider
) -> None:
    client = client_of(erin)
    second = text_of(client.get(address(one_step), {"dataset": dataset.pk, "row": 2}))
    beyond = text_of(client.get(address(one_step), {"dataset": dataset.pk, "row": 999}))
    none = text_of(client.get(address(one_step), {"dataset": ""}))

    assert "I want my money back. (0)</textarea>" in second
    assert "Can I pay in yen (7)</textarea>" in beyond
    assert "parcel" not in none


def test_an_example_of_the_dataset_is_asked_with_what_it_expects(
    client_of: Browser, erin: User, one_step: Program, dataset: Dataset, provider: Provider,
    metric: Any,
) -> None:  # fmt: skip
    data = values(provider, "Where is my parcel (0)", metric=metric.pk)
    response = client_of(erin).post(f"{address(one_step)}?dataset={dataset.pk}&row=1", data)
    tryout = Run.objects.get()
    (example,) = asked().examples

    assert f"tryout={tryout.pk}&dataset={dataset.pk}&row=1" in response["Location"]
    assert tryout.namespace == one_step.project.namespace
    assert example.expected == {"intent": "delivery"}
    metric_asked = asked().metric
    assert metric_asked is not None
    assert metric_asked.kind == "choice_accuracy"


def test_the_next_example_is_one_press_away(
    client_of: Browser, erin: User, one_step: Program, dataset: Dataset, provider: Provider,
    metric: Any,
) -> None:  # fmt: skip
    data = values(provider, "Where is my parcel (0)", metric=metric.pk, next="1")
    response = client_of(erin).post(f"{address(one_step)}?dataset={dataset.pk}&row=24", data)

    assert f"dataset={dataset.pk}&row=1" in response["Location"]
    assert asked().examples[0].inputs == {"message": "Where is my parcel (0)"}


def test_values_that_were_changed_are_compared_with_nothing(
    client_of: Browser, erin: User, one_step: Program, dataset: Dataset, provider: Provider,
    metric: Any,
) -> None:  # fmt: skip
    client, here = client_of(erin), f"{address(one_step)}?dataset={dataset.pk}&row=1"
    refused = client.post(here, values(provider, "Something else", metric=metric.pk))
    client.post(here, values(provider, "Something else"))

    assert refused.status_code == 422
    assert "Typed values have nothing to be compared with" in text_of(refused)
    assert asked().examples == (Example("typed", {"message": "Something else"}, {}),)


def test_a_metric_that_does_not_fit_is_refused_before_anything_is_spent(
    client_of: Browser, erin: User, one_step: Program, dataset: Dataset, provider: Provider,
    metric: Any,
) -> None:  # fmt: skip
    metric.output = "label"
    metric.save()
    data = values(provider, "Where is my parcel (0)", metric=metric.pk)
    response = client_of(erin).post(f"{address(one_step)}?dataset={dataset.pk}&row=1", data)

    assert response.status_code == 422
    assert "The metric reads output “label”, but the program gives intent." in text_of(response)
    assert not Run.objects.exists()


def test_a_value_and_a_model_are_needed(
    client_of: Browser, erin: User, one_step: Program, provider: Provider
) -> None:
    response = client_of(erin).post(address(one_step), {"in-message": "", "model": "9:none"})

    assert response.status_code == 422
    assert text_of(response).count("This field is required.") == 2
    assert "Select a valid choice" in text_of(response)


def test_while_it_waits_the_page_listens_for_the_answer(
    client_of: Browser, erin: User, one_step: Program, tryout: Run
) -> None:
    page = text_of(client_of(erin).get(address(one_step, tryout.pk)))
    slug = one_step.project.slug

    assert f'hx-ws:connect="/ws/p/{slug}/tryouts/{tryout.pk}/"' in page
    assert 'data-state="waiting"' in page
    answer(tryout)
    assert "hx-ws:connect" not in text_of(client_of(erin).get(address(one_step, tryout.pk)))


def test_the_answer_is_sent_when_it_is_there(
    project: Project, one_step: Program, tryout: Run
) -> None:
    live = tryouts.LiveTryout(project, tryout.pk, Parameters(QueryDict()))

    assert live.rings() == [("run", tryout.pk)]
    assert "Asking the model" in live.changes(Role.VIEWER)
    assert (live.changes(Role.VIEWER), live.goes_on) == ("", True)
    answer(tryout)
    assert "120 + 9 tokens" in live.changes(Role.VIEWER)
    assert not live.goes_on


def test_a_tryout_can_be_stopped_by_who_may_start_one(
    client_of: Browser, erin: User, carol: User, one_step: Program, tryout: Run
) -> None:
    stop = reverse("programs:stop_tryout", args=[one_step.project.slug, tryout.pk])

    assert client_of(carol).post(stop).status_code == 403
    assert client_of(erin).post(stop, headers={"HX-Request": "true"}).status_code == 204
    assert client_of(erin).post(stop).status_code == 302  # once more does nothing
    page = text_of(client_of(erin).get(address(one_step, tryout.pk)))
    assert "It was stopped: nothing more was sent." in page


def test_what_was_typed_for_a_tryout_stays_in_its_field(
    client_of: Browser, erin: User, one_step: Program, provider: Provider
) -> None:
    browser, typed = client_of(erin), values(provider, "Typed <b> by hand")
    shown = browser.get(browser.post(address(one_step), typed)["Location"]).content.decode()
    assert "Typed &lt;b&gt; by hand</textarea>" in shown


def test_a_page_says_that_a_tryout_is_being_stopped_while_a_call_is_out(
    client_of: Browser, erin: User, project: Project, one_step: Program, tryout: Run
) -> None:
    assert ownership.take(Run.objects.filter(pk=tryout.pk), status=Run.Status.RUNNING)
    live = tryouts.LiveTryout(project, tryout.pk, Parameters(QueryDict()))
    stop = reverse("programs:stop_tryout", args=[project.slug, tryout.pk])

    assert stop in live.changes(Role.EDITOR)
    client_of(erin).post(stop, headers={"HX-Request": "true"})
    stopping = live.changes(Role.EDITOR)
    assert "Nothing more is sent." in stopping
    assert stop not in stopping


def test_stopping_a_tryout_that_failed_meanwhile_leaves_its_reason(
    client_of: Browser, erin: User, one_step: Program, tryout: Run
) -> None:
    ended(tryout, "failed", message="The provider was removed.")

    client_of(erin).post(reverse("programs:stop_tryout", args=[one_step.project.slug, tryout.pk]))
    page = text_of(client_of(erin).get(address(one_step, tryout.pk)))
    assert "The provider was removed." in page
    assert "It was stopped" not in page


def test_when_nothing_comes_for_long_the_page_says_so(
    client_of: Browser, erin: User, one_step: Program, tryout: Run
) -> None:
    Run.objects.update(created_at=tryout.created_at - timedelta(seconds=30))
    page = text_of(client_of(erin).get(address(one_step, tryout.pk)))

    assert "Nothing has come for a while." in page
    assert "hx-ws:connect" in page


def test_every_message_and_reply_is_shown(
    client_of: Browser, carol: User, one_step: Program, tryout: Run
) -> None:
    answer(tryout)
    page = text_of(client_of(carol).get(address(one_step, tryout.pk)))

    assert "Classify the `message`." in page
    assert "message: Where is it?" in page
    assert page.count('{"intent": "delivery"}') == 1 + page.count(
        'data-copy="{"intent": "delivery"}"'
    )
    assert "120 + 9 tokens" in page
    assert 'class="verdict"' not in page  # no metric was asked for


def test_with_a_metric_the_score_and_its_reason_are_shown(
    client_of: Browser, erin: User, one_step: Program, provider: Provider
) -> None:
    tryout = tryouts.start_tryout(
        one_step.project, ONE_STEP, ModelRef(provider.pk, "scripted"),
        Example("1", {"message": "?"}, {"label": "refund"}),
        ExactMatch("intent", "label"),
    )  # fmt: skip
    answer(tryout, score=Score(0.0, "expected “refund”, got “delivery”"))
    page = text_of(client_of(erin).get(address(one_step, tryout.pk)))

    assert '<b class="score num">0.0</b>' in page
    assert "expected “refund”, got “delivery”" in page


def test_a_reply_that_could_not_be_read_is_shown_as_it_came(
    client_of: Browser, erin: User, one_step: Program, tryout: Run
) -> None:
    broken = CallTrace("classify", "classify", {"message": "?"}, {}, "Hm <b>", "no JSON object")
    answer(tryout, trace=(broken,), outputs={})
    response = client_of(erin).get(address(one_step, tryout.pk))

    assert "Hm &lt;b&gt;" in response.content.decode()
    assert "The reply could not be read. classify: no JSON object" in text_of(response)


def test_a_model_that_could_not_be_asked_is_an_error_and_no_score(
    client_of: Browser, erin: User, one_step: Program, tryout: Run
) -> None:
    ended(tryout, "failed", message="The endpoint refused the connection.")
    page = text_of(client_of(erin).get(address(one_step, tryout.pk)))

    assert "The endpoint refused the connection." in page
    assert "No score was made of it." in page


def test_a_reply_that_was_cut_off_is_an_error_and_shown_as_far_as_it_came(
    client_of: Browser, erin: User, one_step: Program, tryout: Run
) -> None:
    cut = CallTrace("classify", "classify", {"message": "?"}, {}, '{"intent": "ref', "cut off")
    answer(tryout, trace=(cut,), outputs={}, score=None, error="classify: cut off (length)")
    page = text_of(client_of(erin).get(address(one_step, tryout.pk)))

    for told in ("The model gave no answer.", "cut off (length)", "No score was made of it."):
        assert told in page
    assert '{"intent": "ref' in page
    assert "could not be asked" not in page


def test_a_candidate_can_be_tried_in_the_program_s_place(
    project: Project, provider: Provider
) -> None:
    candidate = baseline_of(ONE_STEP).with_module("classify", ModulePrompt("Better."))
    tryout = tryouts.start_tryout(
        project, ONE_STEP, ModelRef(provider.pk, "scripted"), Example("1", {"message": "?"}),
        candidate=candidate,
    )  # fmt: skip
    shown = tryouts.shown(answer(tryout))

    assert shown.calls[0].messages[0].content.startswith("Better.")


def test_a_program_with_problems_is_not_tried(project: Project, provider: Provider) -> None:
    broken = type(ONE_STEP)(ONE_STEP.name, ONE_STEP.inputs, ONE_STEP.modules, (), {})

    with pytest.raises(Refused, match=r"program\.no_calls"):
        tryouts.start_tryout(
            project, broken, ModelRef(provider.pk, "scripted"), Example("1", {"message": "?"})
        )


def test_a_try_of_another_project_is_not_shown(
    client_of: Browser, erin: User, project: Project, one_step: Program, tryout: Run
) -> None:
    answer(tryout)
    Run.objects.update(namespace="project-999999")
    stop = reverse("programs:stop_tryout", args=[one_step.project.slug, tryout.pk])

    assert "120 + 9" not in text_of(client_of(erin).get(address(one_step, tryout.pk)))
    assert client_of(erin).post(stop).status_code == 404
    with pytest.raises(Http404):
        tryouts.LiveTryout(project, tryout.pk, Parameters(QueryDict())).rings()


def test_a_viewer_sees_why_there_is_no_run_button(
    client_of: Browser, carol: User, one_step: Program, provider: Provider
) -> None:
    page = text_of(client_of(carol).get(address(one_step)))

    assert "Viewers cannot call models" in page


def test_without_a_model_the_page_says_where_to_connect_one(
    client_of: Browser, erin: User, one_step: Program, settings: Any
) -> None:
    settings.EMBEDDED_MODEL_URL = None
    page = text_of(client_of(erin).get(address(one_step)))

    assert "No model is connected." in page


def test_null_is_told_as_such() -> None:
    given = tryouts.ShownValue("day", FieldType.DATE, None, "2024-05-05")
    wanted = tryouts.ShownValue("day", FieldType.DATE, "2024-05-05", None, nullable=True)
    unknown = tryouts.ShownValue("day", FieldType.DATE, "2024-05-05")

    assert (given.told, given.differs) == ("null", True)
    assert (wanted.expected_told, wanted.differs) == ("null", True)
    assert not unknown.differs


def test_an_input_that_may_be_null_may_be_left_empty(
    project: Project,
) -> None:
    fields = (Field("message"), Field("age", FieldType.INTEGER, nullable=True))
    core = replace(ONE_STEP, inputs=fields)
    form = TryForm(project, core, None, QueryDict("in-message=Hi&in-age=&model=x"))
    form.is_valid()

    assert form.values == {"message": "Hi", "age": None}
    assert "in-age" not in form.errors


def test_a_try_is_kept_as_an_example_and_its_answer_corrected(
    client_of: Browser, erin: User, one_step: Program, dataset: Dataset, tryout: Run
) -> None:
    answer(tryout)
    client = client_of(erin)
    page = text_of(client.get(address(one_step, tryout.pk)))
    here = reverse("programs:keep_tryout", args=[one_step.project.slug, tryout.pk])
    assert "Keep as an example" in page
    assert here in page
    before = dataset.examples.count()
    kept = client.post(here)
    assert kept.status_code == 302
    row = text_of(client.get(kept["Location"]))
    assert "Correct here what the answer should have been." in row
    assert dataset.examples.count() == before + 1
    again = text_of(client.post(here, follow=True))
    assert "has this example already" in again


def test_a_try_that_fits_no_dataset_is_kept_nowhere(
    client_of: Browser, erin: User, one_step: Program, tryout: Run
) -> None:
    answer(tryout)
    here = reverse("programs:keep_tryout", args=[one_step.project.slug, tryout.pk])
    told = text_of(client_of(erin).post(here, follow=True))
    assert "No dataset has columns for these values" in told

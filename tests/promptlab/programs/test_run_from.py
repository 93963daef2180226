"""A try from one step on takes what came before from the last try of who asks."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from optimizer.core.conversation.evaluation import EvaluationSpec
from optimizer.core.evaluation.outcome import CallTrace, Outcome, Score
from optimizer.models import Provider, Run
from optimizer.running import snapshots
from promptlab.accounts.models import User
from promptlab.programs.models import Program
from tests.evaluations import answered
from tests.promptlab.programs.by_hand import Browser, address, text_of

TRACE = (
    CallTrace("summarize", "summarize", {"message": "Hi"}, {"summary": "late"}, "said", cost=5),
    CallTrace("judge", "judge", {"summary": "late"}, {"intent": "other"}, "said", cost=5),
)


def test_from_a_step_on_only_the_rest_is_asked_and_it_is_remembered(
    client_of: Browser, erin: User, two_steps: Program, provider: Provider
) -> None:
    client = client_of(erin)
    data = {"in-message": "Hi", "model": f"{provider.pk}:scripted", "metric": ""}
    sent = client.post(f"{address('try', two_steps)}?beside=try&dataset=", data)
    first = Run.objects.get()
    answered(first, Outcome("typed", Score(1.0), {"intent": "other"}, TRACE))

    page = text_of(client.get(f"{address('try', two_steps)}?beside=try"))  # as it was left
    assert f'id="tryout-{first.pk}"' in page
    assert 'name="in-message"' in page
    assert "<option>judge</option>" in page
    beside = text_of(client.get(f"{address('module', two_steps, 'judge')}?beside=judge"))
    assert "Run from here" in beside

    state = parse_qs(urlsplit(sent.headers["Location"]).query)
    assert state["tryout"] == [str(first.pk)]
    here = f"{address('try_from', two_steps)}?beside=try&tryout={first.pk}"
    again = client.post(here, {"call": "judge"})
    second = Run.objects.exclude(pk=first.pk).get()
    assert f"tryout={second.pk}" in again.headers["Location"]
    spec = snapshots.thawed(second, EvaluationSpec)
    assert [(t.call, t.outputs, t.cost) for t in spec.kept] == [
        ("summarize", {"summary": "late"}, 0)
    ]
    assert spec.examples[0].inputs == {"message": "Hi"}

    # While it runs, what was kept is done; in the end it is told so.
    assert 'data-step="summarize" data-now="done"' in text_of(client.get(again.headers["Location"]))
    kept = (*spec.kept, TRACE[1])
    answered(second, Outcome("typed", Score(1.0), {"intent": "other"}, kept))
    page = text_of(client.get(again.headers["Location"]))
    assert page.count("taken from the try before") == 1


def test_what_cannot_be_run_again_is_said(
    client_of: Browser, erin: User, two_steps: Program, provider: Provider
) -> None:
    client = client_of(erin)
    here = f"{address('try_from', two_steps)}?beside=try&tryout=99"
    answer = client.post(here, {"call": "judge"}, follow=True)
    assert "This try is not there any more" in text_of(answer)
    assert not Run.objects.exists()

"""The page of one run, its actions, and the list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from optimizer.codec import to_json
from optimizer.core.conversation.events import InstructionDescended, Noted, ProposalRefused
from optimizer.models import Candidate, Completion, Exchange, Run, RunEvent, Trial
from promptlab.accounts.models import User
from promptlab.runs.models import ProjectRun
from promptlab.runs.results.state import read_state
from tests.promptlab.runs.scene import Scene, play

ClientOf = Callable[[User], Client]
RUNS = "/p/support-triage/runs/"


def page_of(client: Client, project_run: ProjectRun, rest: str = "") -> str:
    answer = client.get(f"{RUNS}{project_run.number}/{rest}")
    assert answer.status_code == 200
    return answer.content.decode()


def texts(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_a_viewer_sees_how_a_run_ended(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    page = page_of(client_of(carol), finished)
    shown = texts(page)
    best = 100 * finished.run.best_score["mean"]
    assert f"{best:.1f} full score of the best" in shown
    assert re.search(r"baseline ±[\d.]+, n = 40", shown)
    assert "is better than the baseline" in shown or "cannot tell" in shown
    assert "Sealed test" in shown
    assert 'data-state="ok"' in page
    assert "Cancel run" not in page  # a viewer has nothing to press
    assert "do-pause" not in page


@pytest.mark.parametrize(("optimizer", "of"), [("mipro", "trials"), ("racing", "blocks")])
def test_a_run_that_a_cap_ended_is_not_shown_as_done(
    scene: Scene, carol: User, client_of: ClientOf, optimizer: str, of: str
) -> None:
    project_run = play(scene.start(optimizer=optimizer), calls=120)
    Run.objects.filter(pk=project_run.run_id).update(max_calls=500, max_cost=None)
    page = page_of(client_of(carol), project_run)
    shown = texts(page)
    assert re.search(r"\d+ of \d+ \w+, stopped by the cap of 500 calls\.", shown)
    assert of in shown
    done, planned = map(int, re.findall(r"(\d+) of (\d+) \w+, stopped", shown)[0])
    assert done < planned
    assert float(re.findall(r'data-done="([\d.]+)"', page)[0]) < 1
    assert "run it again with a higher cap" in shown
    assert "heavier effort" not in shown
    assert "Stopped by its cap" in texts(client_of(carol).get(RUNS).content.decode())


def test_a_run_whose_worker_is_silent_says_so_and_is_cancelled_at_once(
    halfway: ProjectRun, bob: User, client_of: ClientOf
) -> None:
    silent = timezone.now() - timedelta(minutes=2)
    Run.objects.filter(pk=halfway.run_id).update(heard_at=silent)
    browser = client_of(bob)
    shown = texts(page_of(browser, halfway))
    assert "No news for 2 min" in shown
    assert "no other one is there. Start one" in shown
    assert "Pause and cancel work without a worker, too." in shown
    browser.post(f"{RUNS}{halfway.number}/cancel/")
    assert Run.objects.get(pk=halfway.run_id).status == "cancelled"
    assert "Cancelled at" in texts(page_of(browser, halfway))


def test_minibatches_and_full_evaluations_are_told_apart(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    page = page_of(client_of(carol), finished)
    drawn = page[page.index('id="run-score"') : page.index('id="run-trials"')]
    fulls = Trial.objects.filter(run=finished.run, full=True, number__gt=0).count()
    assert drawn.count('class="pt full"') == fulls
    assert drawn.count('class="pt mini"') == 12


def test_a_refused_proposal_stands_beside_the_others_with_the_reason(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    refused = ProposalRefused(
        "classify_intent", "Say <b>refund</b>.", "it copies from the data: “…”.", "grounded"
    )
    last = finished.run.events.order_by("seq").last()
    assert last is not None
    finished.run.events.create(seq=last.seq + 1, kind=refused.kind, data=to_json(refused))
    page = page_of(client_of(carol), finished)
    found = page[page.index('id="run-found"') : page.index('id="run-log"')]
    assert "1 proposal was left out" in found
    assert "Left out: it copies from the data: “…”. grounded" in texts(found)
    assert "Say &lt;b&gt;refund&lt;/b&gt;." in found
    assert "Left out, an instruction for classify_intent: it copies" in texts(page)


def test_an_instruction_says_what_it_rewrites_and_what_it_was_written_beside(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    last = finished.run.events.order_by("seq").last()
    assert last is not None
    proposed = finished.run.events.filter(kind="instruction_proposed")
    texts_by_index = {
        e.data["index"]: e.data["instruction"]
        for e in proposed if e.data["module"] == "classify_intent"
    }  # fmt: skip
    born = [
        InstructionDescended("classify_intent", 1, 0, (0,), 4, 9),
        InstructionDescended("classify_intent", 2, 1, (0, 1), 1),
        InstructionDescended("classify_intent", 999, 1, (0, 1), 1),
    ]
    for seq, one in enumerate(born, last.seq + 1):
        finished.run.events.create(seq=seq, kind=one.kind, data=to_json(one))
    page = page_of(client_of(carol), finished)
    found = page[page.index('id="run-found"') : page.index('id="run-log"')]
    shown = texts(found)
    assert "Rewrites i0: 4 words changed, of at most 9." in shown
    assert "Rewrites i1: 1 word changed." in shown
    beside = shown[shown.index("Written beside these related attempts:") :][:120]
    assert texts_by_index[0][:20] in beside
    tree = found[found.index('id="found-classify_intent-tree"') :]
    assert re.findall(r">i(\d+)</a>", tree)[:3] == ["0", "1", "2"]
    assert tree.index("<ul>", tree.index(">i1</a>")) < tree.index(">i2</a>")


def test_trials_can_be_narrowed_in_the_address(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    rows = [len(re.findall(r'<tr id="t\d+"', page_of(client, finished, q)))
            for q in ("", "?trials=full", "?trials=best", "?trials=nonsense")]  # fmt: skip
    fulls = Trial.objects.filter(run=finished.run, full=True, number__gt=0).count()
    assert rows == [12 + fulls, fulls, min(fulls, 10), 12 + fulls]


def test_a_minibatch_is_compared_on_its_own_examples(finished: ProjectRun) -> None:
    from promptlab.runs.results.board import board_of, shown, with_changes

    board = board_of(finished.run)
    mini = next(t for t in shown(board, "all") if not t.full)
    trial = Trial.objects.get(run=finished.run, number=mini.number)
    baseline = Trial.objects.get(run=finished.run, number=0)
    mine = dict(_scores(trial))
    before = dict(_scores(baseline))
    expected = sum(mine[e] - before[e] for e in mine if e in before) / len(mine)
    changed = with_changes(finished.run, board, [mini])[0]
    assert changed.change == pytest.approx(expected)


def _scores(trial: Trial) -> list[tuple[str, float]]:
    assert trial.exchange is not None
    return list(trial.exchange.outcomes.exclude(score=None).values_list("example", "score"))


def test_what_was_found_is_shown_for_each_module(
    halfway: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    shown = texts(page_of(client_of(carol), halfway))
    assert "あなたはサポート窓口の責任者です。" in shown
    assert "2 demos, bootstrapped" in shown
    assert "find_clues" in shown
    assert "Searching" in shown


def test_text_of_data_and_models_is_never_markup(
    finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    for rest in ("", "compare/?show=all", "candidates/1/?show=all"):
        page = page_of(client, finished, rest)
        assert "<b>today</b>" not in page


def test_the_embedded_optimizer_model_is_said_to_be_small(
    scene: Scene, carol: User, client_of: ClientOf
) -> None:
    assert "It writes poor ones" not in page_of(client_of(carol), scene.start())
    type(scene.provider).objects.filter(pk=scene.provider.pk).update(kind="embedded")
    page = page_of(client_of(carol), scene.start())
    assert "It writes poor ones" in page
    assert "/p/support-triage/providers/" in page


def test_a_run_that_found_its_optimizer_model_weak_does_not_say_it_twice(
    scene: Scene, carol: User, client_of: ClientOf
) -> None:
    type(scene.provider).objects.filter(pk=scene.provider.pk).update(kind="embedded")
    project_run = scene.start()
    weak = Noted("The optimizer model is too weak.", warning=True)
    project_run.run.events.create(seq=1, kind=weak.kind, data=to_json(weak))
    page = page_of(client_of(carol), project_run)
    assert "The optimizer model is too weak." in page
    assert "It writes poor ones" not in page


@pytest.mark.parametrize("action", ["pause", "resume", "cancel", "cap"])
def test_a_viewer_cannot_touch_a_run(
    action: str, halfway: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    answer = client_of(carol).post(f"{RUNS}{halfway.number}/{action}/")
    assert answer.status_code == 403
    halfway.run.refresh_from_db()
    assert (halfway.run.status, halfway.run.wish) == ("running", "run")


def test_an_editor_pauses_resumes_and_cancels(
    halfway: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)

    def press(action: str) -> tuple[str, str]:
        answer = client.post(f"{RUNS}{halfway.number}/{action}/", follow=True)
        assert answer.status_code == 200
        run = Run.objects.get(pk=halfway.run_id)
        return run.status, run.wish

    assert press("pause") == ("running", "pause")
    assert "Pausing" in page_of(client, halfway)
    assert press("resume") == ("running", "run")
    assert press("cancel") == ("running", "cancel")
    assert "Stopping" in page_of(client, halfway)


def test_an_action_that_came_too_late_says_so(
    finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    answer = client_of(erin).post(f"{RUNS}{finished.number}/cancel/", follow=True)
    assert "A run that is finished cannot be cancelled." in texts(answer.content.decode())


def test_a_cap_is_raised_but_not_below_what_is_spent(
    halfway: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    client, url = client_of(erin), f"{RUNS}{halfway.number}/cap/"
    client.post(url, {"max_calls": 9000, "max_cost": "3.50"})
    run = Run.objects.get(pk=halfway.run_id)
    assert (run.max_calls, run.max_cost) == (9000, 3_500_000)
    answer = client.post(url, {"max_calls": 1, "max_cost": ""}, follow=True)
    assert "below what the run has spent" in texts(answer.content.decode())
    answer = client.post(url, {"max_calls": "many"}, follow=True)
    assert "Enter a whole number." in texts(answer.content.decode())
    assert Run.objects.get(pk=halfway.run_id).max_calls == 9000


def test_what_a_provider_took_beyond_the_cap_counts_as_spent(
    halfway: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    Run.objects.filter(pk=halfway.run_id).update(
        status="paused", max_cost=1_020_000, used_cost=1_020_000, over_cost=118_980_000
    )
    client = client_of(erin)
    assert "$120.00 of $1.02" in texts(page_of(client, halfway))
    assert "$120.00" in texts(client.get(RUNS).content.decode())


def test_a_run_of_a_thousand_trials_stays_quick(
    scene: Scene, carol: User, client_of: ClientOf,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    project_run = play(scene.start(), until=3)
    thousand_trials(project_run.run)
    client = client_of(carol)
    page_of(client, project_run)  # the session's own queries are behind us
    with django_assert_max_num_queries(15):
        page = page_of(client, project_run)
    assert page.count('<tr id="t') == 100
    assert "1–100 of" in texts(page)
    drawn = page[page.index('id="run-score"') : page.index('id="run-trials"')]
    assert drawn.count('class="pt mini"') == 0  # drawn as ranges
    assert drawn.count('class="bin"') <= 120
    assert len(page) < 400_000
    older = re.findall(r'rel="next"\s+href="[^?]*(\?[^"]+)"', page)
    second = page_of(client, project_run, unescape(older[0]))
    assert 'id="t1000"' in page
    assert 'id="t1000"' not in second


def rows_in(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<tr id="t(\d+)"', page)]


def test_a_part_of_the_trials_stays_as_it_is_while_others_come(
    scene: Scene, carol: User, client_of: ClientOf
) -> None:
    project_run = play(scene.start(), until=3)
    thousand_trials(project_run.run)
    client = client_of(carol)
    newest = page_of(client, project_run)
    second = page_of(client, project_run, f"?trials=all&before={rows_in(newest)[-1]}")
    assert rows_in(second)[0] == rows_in(newest)[-1] - 1
    latest = Trial.objects.filter(run=project_run.run).latest("number")
    for ahead in range(1, 6):
        latest.pk, latest.number = None, latest.number + 1
        latest.save()
        again = page_of(client, project_run, f"?trials=all&before={rows_in(newest)[-1]}")
        assert rows_in(again) == rows_in(second)
        assert rows_in(page_of(client, project_run))[0] == rows_in(newest)[0] + ahead
    before = re.findall(r'rel="prev"\s+href="[^?]*(\?[^"]+)"', again)
    assert rows_in(page_of(client, project_run, unescape(before[0])))[-1] > rows_in(second)[0]
    third = page_of(client, project_run, f"?trials=all&before={rows_in(second)[-1]}")
    back = re.findall(r'rel="prev"\s+href="[^?]*(\?[^"]+)"', third)
    assert rows_in(page_of(client, project_run, unescape(back[0])))[-1] == rows_in(third)[0] + 1


@pytest.mark.parametrize("odd", ["before=0", "before=1", "before=²", "before=-4", "page=2"])
def test_a_part_that_there_is_not_is_the_first(
    scene: Scene, carol: User, client_of: ClientOf, odd: str
) -> None:
    project_run = play(scene.start(), until=3)
    client = client_of(carol)
    assert rows_in(page_of(client, project_run, f"?{odd}")) == rows_in(page_of(client, project_run))


def thousand_trials(run: Run) -> None:
    """Minibatches of one candidate, each with a score of its own."""
    candidate = Candidate.objects.filter(run=run, number__gt=0).first()
    assert candidate is not None
    now, done = timezone.now(), Trial.objects.filter(run=run).count()
    score = {"n": 10, "low": 0.3, "high": 0.8, "errors": 0}
    Trial.objects.bulk_create(
        Trial(
            run=run, number=n, full=n % 20 == 0, candidate=candidate, choice=candidate.choice,
            size=10, score={**score, "mean": 0.4 + n % 30 / 100}, mean=0.4 + n % 30 / 100,
            scored_at=now + timedelta(seconds=n),
        )
        for n in range(done, 1001)
    )  # fmt: skip


def test_the_list_shows_scores_and_narrows_by_the_address(
    scene: Scene, finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    going = play(scene.start(seed=8), until=2)
    client = client_of(carol)

    def numbers(query: str) -> list[str]:
        page = client.get(f"{RUNS}{query}").content.decode()
        return re.findall(r">Run (\d+)</a>", page)

    assert numbers("") == [str(going.number), str(finished.number)]
    assert numbers("?status=running") == [str(going.number)]
    assert numbers("?status=finished") == [str(finished.number)]
    assert numbers("?status=failed") == []
    assert numbers("?optimizer=mipro") == [str(going.number), str(finished.number)]
    assert numbers("?optimizer=mipro&status=finished") == [str(finished.number)]
    assert numbers("?optimizer=no-such") == [str(going.number), str(finished.number)]
    assert numbers(f"?program={scene.program.pk}&by={scene.by.pk}") == ["2", "1"]
    assert numbers("?by=999999") == []
    assert "No run matches" in client.get(f"{RUNS}?status=failed").content.decode()


def test_an_empty_list_says_what_a_run_is(erin: User, client_of: ClientOf) -> None:
    page = client_of(erin).get(RUNS).content.decode()
    assert "No run yet" in page
    assert "Start a run" in page


def test_outsiders_find_no_run(finished: ProjectRun, dave: User, client_of: ClientOf) -> None:
    assert client_of(dave).get(f"{RUNS}{finished.number}/").status_code == 404
    assert Client().get(f"{RUNS}{finished.number}/").status_code == 302


@pytest.mark.parametrize(
    "optimizer",
    ["mipro", "zero_shot_mipro", "bayesian_bootstrap", "bootstrap_search", "reflective"],
)
def test_every_optimizer_s_run_can_be_watched_from_its_first_trial_to_its_end(
    optimizer: str, scene: Scene, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    going = play(scene.start(optimizer=optimizer), until=1)
    page = page_of(client, going)
    assert 'aria-current="step"' in page[page.index('id="run-phases"') :]
    done = re.search(r'data-done="([\d.]+)"', page)
    assert done is not None
    assert 0 < float(done.group(1)) < 0.9
    ended = play(scene.start(optimizer=optimizer, seed=3))
    assert 'data-state="ok"' in page_of(client, ended)


def test_what_reflection_tried_on_training_examples_alone_has_a_page_and_no_trial(
    scene: Scene, carol: User, client_of: ClientOf
) -> None:
    project_run = play(scene.start(optimizer="reflective", seed=3))
    tried = set(project_run.run.trials.values_list("candidate__number", flat=True))
    known = dict(project_run.run.candidates.values_list("number", "choice"))
    assert len(tried) > 1
    assert known.keys() - tried
    assert all(known[number] for number in tried if number)
    client = client_of(carol)
    for number in known:
        assert client.get(f"{RUNS}{project_run.number}/candidates/{number}/").status_code == 200


@pytest.mark.parametrize("optimizer", ["bootstrap_search", "reflective", "zero_shot_mipro"])
def test_a_search_that_went_to_its_end_has_had_all_its_trials(
    scene: Scene, carol: User, client_of: ClientOf, optimizer: str
) -> None:
    project_run = play(scene.start(optimizer=optimizer))
    shown = texts(page_of(client_of(carol), project_run))
    trials = re.search(r"Trial (\d+) / (\d+)", shown)
    assert trials is not None
    assert trials[1] == trials[2]
    counted = "trial" if trials[1] == "1" else "trials"
    assert re.search(rf"full evaluations?, of {trials[1]} {counted}\b", shown)


def test_the_list_says_optimizer_and_model_and_is_ordered_by_what_is_asked(
    scene: Scene, finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    other = play(scene.start(optimizer="racing"))
    model = finished.run.spec["models"]["task"]["model"]
    Run.objects.filter(pk=finished.run_id).update(used_cost=2_000_000)
    Run.objects.filter(pk=other.run_id).update(best_score=None, comparison=None, used_cost=0)
    browser = client_of(carol)

    def order(sort: str) -> list[int]:
        html = browser.get(RUNS, {"sort": sort}).content.decode()
        return [int(number) for number in re.findall(r'name="r" value="(\d+)"', html)]

    newest_first = [other.number, finished.number]
    assert order("") == order("no such order") == newest_first
    for sort in ("gain", "score", "cost"):
        assert order(sort) == newest_first[::-1], sort
    assert order("optimizer") == newest_first[::-1]  # mipro, racing
    shown = texts(browser.get(RUNS).content.decode())
    assert "Instructions + demos (MIPRO)" in shown
    assert model in shown


def test_runs_that_were_ticked_are_compared(
    scene: Scene, finished: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    other = play(scene.start())
    browser = client_of(carol)
    html = browser.get(RUNS).content.decode()
    action = re.findall(r'<form id="compare-runs" method="get" action="([^"]+)"', html)[0]
    answer = browser.get(action, {"r": [finished.number, other.number]})
    assert answer.status_code == 200
    assert f"Run {other.number}" in texts(answer.content.decode())


def test_what_each_model_took_in_its_role_is_told_while_the_run_goes_on(
    halfway: ProjectRun, carol: User, client_of: ClientOf
) -> None:
    models = halfway.run.spec["models"]
    Completion.objects.bulk_create(
        Completion(
            key=f"{role}{n}", namespace=halfway.run.namespace, run=halfway.run, role=role,
            provider=models[role]["provider"], model=models[role]["model"], state="settled",
            request={}, prompt_tokens=400, completion_tokens=100, cost=cost,
        )
        for role, count, cost in (("task", 3, 20_000), ("optimizer", 2, 0))
        for n in range(count)
    )  # fmt: skip
    page = page_of(client_of(carol), halfway)
    settings = texts(page[page.index('id="run-settings"') :])
    assert "3 calls · 1.5k tokens · $0.06" in settings
    assert "2 calls · 1.0k tokens" in settings


def test_what_is_read_beside_what_was_known_is_what_there_is(
    scene: Scene, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """Trials that were settled, one that is scored later, others that come, and the end."""
    project_run = play(scene.start(), until=3)
    run = project_run.run
    Trial.objects.filter(run=run, number=2).update(scored_at=None, mean=None)
    known = read_state(project_run)
    Trial.objects.filter(run=run, number=2).update(scored_at=timezone.now(), mean=0.5)
    thousand_trials(run)
    RunEvent.objects.create(
        run=run, seq=run.last_seq + 1, kind="noted", data=to_json(Noted("Late."))
    )
    with django_assert_max_num_queries(3):
        now = read_state(project_run, known)
    assert now == read_state(project_run)
    assert len(now.board.trials) == 1000
    assert read_state(project_run, now) == now

    Candidate.objects.filter(run=run).update(expected={"mean": 0.7})
    Run.objects.filter(pk=run.pk).update(status=Run.Status.FINISHED)
    ended = type(project_run).objects.select_related("run").get(pk=project_run.pk)
    assert read_state(ended, now) == read_state(ended)
    assert {trial.expected for trial in read_state(ended, now).board.trials} == {0.7}


def test_a_trial_says_how_many_examples_were_asked_again(
    scene: Scene, carol: User, client_of: ClientOf
) -> None:
    project_run = play(scene.start(), until=3)
    trial = Trial.objects.exclude(exchange=None).get(run=project_run.run, number=2)
    Exchange.objects.filter(pk=trial.exchange_id).update(asked_again=3, answered_again=2)
    page = page_of(client_of(carol), project_run, "?trials=all")
    assert len(re.findall(r"3 asked again,\s+2 answered", page)) == 1

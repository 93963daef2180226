"""Starting a run: filled in, estimated, started, repeated."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client

from optimizer.core.optimizers import DEFAULT, OPTIMIZERS
from optimizer.core.programs.lm import Role
from optimizer.core.runs.validation import OWN_SETTINGS
from optimizer.models import Completion, Provider
from optimizer.sentences.optimizers import description_of
from promptlab.accounts.models import Project, User
from promptlab.programs.services import create_program
from promptlab.runs.models import ProjectRun
from promptlab.runs.queries import spec_of
from tests.promptlab.runs.new_run_form import (
    NEW,
    Post,
    errors_at,
    refused,
    texts,
    values_in,
)
from tests.promptlab.runs.scene import Scene, play, triage

ClientOf = Callable[[User], Client]


def test_pressing_optimize_at_once_starts_a_sensible_run(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    answer = client_of(erin).post(NEW, filled)
    project_run = ProjectRun.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, "/p/support-triage/runs/1/")
    assert (project_run.number, project_run.started_by, project_run.program) == (
        1,
        erin,
        scene.program,
    )
    assert (project_run.dataset_name, project_run.metric) == ("tickets-2k", scene.metric)
    assert project_run.effort == "light"
    spec = spec_of(project_run.run)
    assert spec.optimizer == DEFAULT == "racing"
    assert (spec.settings.trials, spec.settings.minibatch_size, spec.settings.rounds) == (60, 10, 1)
    assert set(spec.models) == {Role.TASK, Role.OPTIMIZER}
    assert project_run.run.status == "queued"
    assert project_run.run.max_calls
    assert project_run.run.max_cost
    assert project_run.run.validation.count == 40


def test_a_time_limit_ends_a_run_and_is_kept_when_it_is_repeated(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    client.post(NEW, filled | {"max_minutes": "45"})
    project_run = ProjectRun.objects.get()
    assert spec_of(project_run.run).limits.max_seconds == 2700
    again = values_in(client.get(f"{NEW}?from={project_run.number}").content.decode())
    assert again["max_minutes"] == "45"
    html = client.post(NEW, filled | {"max_minutes": "0"}).content.decode()
    assert "greater than or equal to 1" in errors_at(html, "max_minutes")


def test_the_other_optimizers_are_folded_away_until_one_of_them_is_chosen(
    scene: Scene, erin: User, client_of: ClientOf
) -> None:
    page = client_of(erin).get(NEW).content.decode()
    folded = page[page.index('<details class="folded"') : page.index('id="effort"')]
    assert " open" not in folded[: folded.index(">")]
    assert 'value="racing"' not in folded
    for name in set(OPTIMIZERS) - {DEFAULT}:
        assert folded.count(f'name="optimizer" value="{name}"') == 1
        assert description_of(OPTIMIZERS[name]) in unescape(folded)
    chosen = client_of(erin).get(f"{NEW}?optimizer=bootstrap_search").content.decode()
    assert '<details class="folded" id="id_optimizer_others" open>' in chosen


def test_own_settings_follow_effort_and_optimizer_until_somebody_writes_others(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)

    def after(before: Post, changes: Post) -> Post:
        html = client.post(f"{NEW}estimate/", before | changes).content.decode()
        return {**before, **changes, **values_in('id="new-run"' + html)}

    heavy = after(filled, {"effort": "heavy"})
    assert (heavy["trials"], heavy["rounds"]) == ("750", "4")
    own = after(heavy, {"effort": "custom"})
    assert (own["trials"], own["rounds"]) == ("750", "4")  # own settings begin where one was
    mine = after(own, {"trials": "33"})
    assert (mine["trials"], mine["minibatch_size"]) == ("33", "10")
    other = after(mine, {"optimizer": "mipro"})
    assert (other["trials"], other["minibatch_size"]) == ("33", "25")


def test_rounds_are_asked_for_only_where_they_count(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    racing = client.get(NEW).content.decode()
    assert "Rounds of new proposals" in racing
    assert "Full evaluation every" not in racing
    assert "60 blocks of 10 examples, up to 100 examples" in texts(racing)
    assert "Examples of a block" in texts(racing)
    mipro = client.get(f"{NEW}?optimizer=mipro").content.decode()
    assert "Rounds of new proposals" not in mipro
    assert "Full evaluation every" in mipro
    assert "20 trials, up to 100 examples" in texts(mipro)
    client.post(NEW, filled | {"effort": "custom", "rounds": "0"})
    assert spec_of(ProjectRun.objects.get().run).settings.rounds == 0


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_settings_that_count_are_asked_for_and_others_are_kept_out_of_sight(
    name: str, erin: User, client_of: ClientOf, filled: Post
) -> None:
    html = client_of(erin).get(f"{NEW}?optimizer={name}").content.decode()
    own = html[html.index('id="own"') : html.index("</details>", html.index('id="own"'))]
    hidden = set(re.findall(r'<input type="hidden" name="(\w+)"', own)) - {"numbers_of"}
    shown = set(re.findall(r'<input type="number" name="(\w+)"', own))
    assert shown == OPTIMIZERS[name].uses
    assert hidden == {f"idle_{name}" for name in set(OWN_SETTINGS) - shown}


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_a_run_is_told_to_have_as_many_trials_as_its_bar_counts(
    name: str, erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    html = client.get(f"{NEW}?optimizer={name}").content.decode()
    told = int(re.findall(r"(\d+) (?:trials|blocks)", texts(html[html.index('id="effort"') :]))[0])
    assert client.post(NEW, values_in(html)).status_code == 302
    page = client.get("/p/support-triage/runs/1/").content.decode()
    assert f"0 / {told}" in texts(page)
    assert re.search(rf"(up to|about) {told}\b", texts(page[page.index("facts-list") :]))


def test_a_setting_that_does_nothing_is_refused_as_over_the_api(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    """All of an optimizer's at once."""
    client = client_of(erin)
    for name, optimizer in sorted(OPTIMIZERS.items()):
        form = values_in(client.get(f"{NEW}?optimizer={name}").content.decode())
        idle = set(OWN_SETTINGS) - optimizer.uses
        shown = texts(refused(client, form | {"effort": "custom"} | dict.fromkeys(idle, "3")))
        for setting in idle:
            assert f"{setting} does nothing in “{name}”: leave it out." in shown
    assert client.post(NEW, form | {"effort": "custom"}).status_code == 302


def test_a_setting_of_another_optimizer_waits_out_of_sight_until_it_counts_again(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    form = values_in(client.get(f"{NEW}?optimizer=mipro").content.decode())
    form |= {"effort": "custom", "full_every": "7"}
    for name in ("racing", "module_opro", "mipro"):
        answer = client.post(f"{NEW}estimate/", form | {"optimizer": name})
        found = values_in('id="new-run"' + answer.content.decode())
        form = {key: value for key, value in form.items() if "full_every" not in key} | found
        assert ("full_every" in found) == ("full_every" in OPTIMIZERS[name].uses)
    assert form["full_every"] == "7"


def test_an_odd_number_in_a_setting_out_of_sight_is_in_nobodys_way(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    own = {"effort": "custom", "optimizer": "module_opro", "minibatch_size": "0", "trials": "3"}
    assert client_of(erin).post(NEW, filled | own).status_code == 302
    settings = spec_of(ProjectRun.objects.get().run).settings
    assert (settings.trials, settings.minibatch_size) == (3, 25)


def test_a_setting_left_empty_is_as_in_the_effort_it_was_filled_in_from(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    heavy = values_in(client.get(f"{NEW}?effort=heavy").content.decode())
    client.post(NEW, heavy | {"effort": "custom", "trials": ""})
    assert spec_of(ProjectRun.objects.get().run).settings.trials == 750


def test_a_model_that_would_have_nothing_to_do_is_not_asked_for_and_takes_no_part(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    client, other = client_of(erin), f"{scene.provider.pk}:scripted-2"
    html = client.get(f"{NEW}?optimizer=bayesian_bootstrap").content.decode()
    assert "Writes instructions." not in html[html.index('id="writers"') :]
    assert "Makes demos by solving" in html
    client.post(NEW, filled | {"optimizer": "bayesian_bootstrap", "model_optimizer": other})
    assert {ref.model for ref in spec_of(ProjectRun.objects.get().run).models.values()} == {
        "scripted-1"
    }
    reflective = client.get(f"{NEW}?optimizer=reflective").content.decode()
    assert "Makes demos by solving" not in reflective


def test_runs_are_numbered_within_their_project(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    for _ in range(3):
        client_of(erin).post(NEW, filled)
    assert sorted(ProjectRun.objects.values_list("number", flat=True)) == [1, 2, 3]


def test_caps_follow_the_estimate_until_somebody_writes_others(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)

    def after(changes: Post) -> Post:
        html = client.post(f"{NEW}estimate/", filled | changes).content.decode()
        return values_in('id="new-run"' + html)

    heavy = after({"effort": "heavy"})
    assert int(heavy["max_calls"]) > int(filled["max_calls"])
    assert heavy["max_calls"] == heavy["suggested_calls"]
    assert float(heavy["max_cost"]) > float(filled["max_cost"])
    own = after({"effort": "heavy", "max_calls": "700"})
    assert (own["max_calls"], own["suggested_calls"]) == ("700", heavy["suggested_calls"])
    none = after({"effort": "heavy", "max_calls": ""})
    assert none["max_calls"] == ""


def test_the_estimate_tells_calls_tokens_cost_and_time(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    shown = texts(client.post(f"{NEW}estimate/", filled).content.decode())
    assert re.search(r"Calls [\d.]+k?–[\d.]+k", shown)
    assert re.search(r"Cost \$[\d.]+–\$[\d.]+", shown)
    assert "Time ≈" in shown  # from the provider's check
    Completion.objects.create(
        key="k", namespace=scene.project.namespace, role="task", provider=scene.provider.pk,
        model="scripted-1", state="settled", owner="o", request={}, seconds=10.0,
        prompt_tokens=50, completion_tokens=5,
    )  # fmt: skip
    measured = texts(client.post(f"{NEW}estimate/", filled).content.decode())
    assert "From 1 measured call of the task model." in measured


def test_the_estimate_says_what_demos_for_each_input_add_to_a_call(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    own = filled | {"effort": "custom", "nearest_demos": "5"}
    told = r"Demos for each input add (\d+)–(\d+) tokens to a call where they are tried"
    found = re.search(told, texts(client.post(f"{NEW}estimate/", own).content.decode()))
    without = texts(client.post(f"{NEW}estimate/", own | {"nearest_demos": "0"}).content.decode())
    assert found
    assert int(found[2]) == 4 * int(found[1]) > 0  # four demos at first, sixteen at most
    assert "Demos for each input add" not in without


def test_a_free_model_costs_nothing_and_an_unpriced_one_has_no_dollar_cap(
    scene: Scene, erin: User, client_of: ClientOf, filled: Post
) -> None:
    client = client_of(erin)
    Provider.objects.filter(pk=scene.provider.pk).update(input_price=0, output_price=0)
    assert "nothing: the model runs here" in texts(client.get(NEW).content.decode())
    Provider.objects.filter(pk=scene.provider.pk).update(input_price=None, output_price=None)
    page = client.get(NEW).content.decode()
    assert values_in(page)["max_cost"] == ""
    assert "only calls can be capped" in texts(page)
    html = refused(client, filled)
    assert "a cap in dollars cannot be kept" in errors_at(html, "max_cost")


def test_own_settings_count_when_they_are_chosen(
    erin: User, client_of: ClientOf, filled: Post
) -> None:
    own = filled | {"effort": "custom", "trials": "6", "minibatch_size": "8", "max_calls": ""}
    client_of(erin).post(NEW, own)
    spec = spec_of(ProjectRun.objects.get().run)
    assert (spec.settings.trials, spec.settings.minibatch_size) == (6, 8)
    assert spec.settings.effort == "custom"


def test_a_suggested_metric_is_stored_with_the_run(
    scene: Scene, erin: User, client_of: ClientOf
) -> None:
    scene.metric.delete()
    client = client_of(erin)
    filled = values_in(client.get(NEW).content.decode())
    assert filled["metric"] == "suggested"
    client.post(NEW, filled)
    project_run = ProjectRun.objects.get()
    assert project_run.metric is not None
    assert (project_run.metric.kind, project_run.metric.output) == ("choice_accuracy", "intent")


def test_a_run_is_repeated_as_it_was(
    scene: Scene, finished: ProjectRun, erin: User, client_of: ClientOf
) -> None:
    filled = values_in(client_of(erin).get(f"{NEW}?from={finished.number}").content.decode())
    assert (filled["effort"], filled["trials"], filled["seed"]) == ("custom", "12", "7")
    assert filled["metric"] == str(scene.metric.pk)
    assert filled["model_optimizer"] == ""  # the same as the task model


def test_a_project_without_data_says_what_is_missing(
    project: Project, erin: User, client_of: ClientOf
) -> None:
    client = client_of(erin)
    shown = texts(client.get(NEW).content.decode())
    assert "Add a dataset" in shown
    assert "Draw a program" in shown
    create_program(project, erin, "One", triage())
    assert "There is a program." in texts(client.get(NEW).content.decode())
    assert client.post(NEW, {}).status_code == 422


def test_a_viewer_cannot_start_a_run(
    scene: Scene, carol: User, client_of: ClientOf, filled: Post
) -> None:
    assert client_of(carol).get(NEW).status_code == 403
    assert client_of(carol).post(NEW, filled).status_code == 403
    assert ProjectRun.objects.count() == 0


def test_what_is_deleted_later_stays_explained(
    scene: Scene, erin: User, client_of: ClientOf
) -> None:
    project_run = play(scene.start(), until=2)
    scene.dataset.delete()
    page = client_of(erin).get(f"/p/support-triage/runs/{project_run.number}/")
    assert "tickets-2k" in page.content.decode()

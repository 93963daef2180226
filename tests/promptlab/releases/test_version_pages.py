"""The overview, versions, their files and labels, as people see them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from optimizer.codec import from_json
from optimizer.core.problems import problem
from optimizer.core.programs.candidate import Candidate
from optimizer.core.programs.program import Module
from optimizer.core.programs.render import system_text
from promptlab.accounts.models import Project, User
from promptlab.releases.formats import FORMATS
from promptlab.reviews import labels, packets, services
from promptlab.reviews.models import Version
from promptlab.runs.models import ProjectRun
from tests.promptlab.approving import approve
from tests.promptlab.runs.scene import Scene, play

ClientOf = Callable[[User], Client]
PROJECT = "/p/support-triage/"


@pytest.fixture
def version(finished: ProjectRun, bob: User) -> Version:
    assert finished.run.best_candidate is not None
    return approve(finished, finished.run.best_candidate, bob, "Good enough.")


def url(version: Version, rest: str = "") -> str:
    return f"{PROJECT}versions/{version.program_id}/{version.number}/{rest}"


def texts(html: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", html).split()))


def opened(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


# --- Overview ---------------------------------------------------------------------------------


def test_a_new_project_shows_its_first_steps(
    project: Project, erin: User, client_of: ClientOf
) -> None:
    shown = texts(opened(client_of(erin), PROJECT))
    for step in ("Add a dataset", "Draw a program", "Choose a metric", "Start a first run"):
        assert step in shown
    assert "Drop a CSV or JSONL file" in shown  # the first thing to do, said in full


def test_a_project_with_everything_leads_to_its_first_run(
    scene: Scene, erin: User, carol: User, client_of: ClientOf
) -> None:
    page = opened(client_of(erin), PROJECT)
    assert "Everything is ready." in texts(page)
    assert f'class="btn primary" href="{PROJECT}runs/new/"' in page
    assert "An editor of the project can start a run" in texts(opened(client_of(carol), PROJECT))


def test_the_overview_shows_what_is_in_use_what_goes_on_and_what_waits(
    scene: Scene, version: Version, bob: User, client_of: ClientOf,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    going = play(scene.start(seed=8), until=2)
    waiting = play(scene.start(seed=9))
    client = client_of(bob)
    opened(client, PROJECT)
    with django_assert_max_num_queries(15):
        page = opened(client, PROJECT)
    shown = texts(page)
    assert f"Running now Run {going.number}" in shown
    assert "Support triage v1 latest" in shown
    assert f"Review Run {waiting.number}" in shown
    assert f"/runs/{waiting.number}/review/" in page
    assert "First steps" not in shown


def test_the_overview_says_who_asks_the_reader_and_where_they_are_named(
    scene: Scene, finished: ProjectRun, bob: User, erin: User, carol: User, client_of: ClientOf
) -> None:
    assert finished.run.best_candidate is not None
    packet = packets.send(finished, finished.run.best_candidate, erin, "", bob)
    packets.comment(packet, packet.evidence.changed[0], 1, "@bob, is it right?", erin)
    shown = texts(opened(client_of(bob), PROJECT))
    assert "Needs you (2)" in shown
    assert "Erin asks you to decide" in shown
    assert "Erin named you on Run 1 @bob, is it right?" in shown
    other = texts(opened(client_of(carol), PROJECT))
    assert "asks you" not in other
    assert "named you" not in other
    services.reject(finished, packet.candidate, bob, "No.")
    assert "asks you" not in texts(opened(client_of(bob), PROJECT))


# --- Versions -----------------------------------------------------------------------------------


def test_an_empty_list_says_how_versions_come_about(
    project: Project, carol: User, client_of: ClientOf
) -> None:
    assert "When a reviewer approves" in texts(opened(client_of(carol), f"{PROJECT}versions/"))


def test_versions_are_listed_with_scores_and_labels(
    version: Version, bob: User, carol: User, client_of: ClientOf
) -> None:
    labels.promote(version, "production", bob, None)
    shown = texts(opened(client_of(carol), f"{PROJECT}versions/"))
    assert "v1 Support triage latest production" in shown
    assert version.sha256[:12] in shown
    scored = version.content.provenance.scores.candidate
    assert scored is not None
    assert f"{100 * scored.mean:.1f}" in shown


def test_a_version_shows_its_prompts_and_where_it_comes_from(
    finished: ProjectRun, version: Version, carol: User, client_of: ClientOf
) -> None:
    page = opened(client_of(carol), url(version))
    shown = texts(page)
    assert "Approved by Bob on" in shown
    assert "“Good enough.”" in shown
    assert version.sha256 in shown
    assert "erin@example.org" in shown
    assert "scripted-1" in shown
    assert "Promote to" not in shown  # a viewer moves nothing
    assert finished.run.best_candidate is not None
    candidate = from_json(Candidate, finished.run.best_candidate.prompts)
    for prompt in candidate.modules.values():
        assert texts(prompt.instruction) in shown


def test_a_second_version_shows_what_changed(
    scene: Scene, version: Version, bob: User, client_of: ClientOf
) -> None:
    again = play(scene.start(seed=11))
    assert again.run.best_candidate is not None
    second = approve(again, again.run.best_candidate, bob, "Fine.")
    assert "Changes since v1" in texts(opened(client_of(bob), url(second)))
    assert "Changes since" not in texts(opened(client_of(bob), url(version)))


# --- Files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
def test_every_file_is_an_attachment_with_a_safe_name(
    format: str, version: Version, carol: User, client_of: ClientOf
) -> None:
    answer = client_of(carol).get(url(version, f"files/{format}/"))
    if FORMATS[format].lacks(version.content):
        assert answer.status_code == 302  # back to the page, which says why
        return
    assert answer.status_code == 200
    named = re.fullmatch(r'attachment; filename="([a-z0-9_.-]+)"', answer["Content-Disposition"])
    assert named is not None
    assert answer["X-Content-Type-Options"] == "nosniff"
    if named.group(1).endswith(".py"):
        compile(answer.content, named.group(1), "exec")
    elif named.group(1).endswith(".json"):
        json.loads(answer.content)


def test_the_canonical_file_has_the_digest_that_is_shown(
    version: Version, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    content = client.get(url(version, "files/json/")).content
    assert hashlib.sha256(content).hexdigest() == version.sha256
    assert json.loads(content)["provenance"]["approval"]["note"] == "Good enough."


def test_the_files_carry_the_approved_prompts(
    version: Version, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    state = json.loads(client.get(url(version, "files/dspy/")).content)
    source = client.get(url(version, "files/python/")).content.decode()
    space: dict[str, object] = {"__name__": "prompt"}
    exec(compile(source.replace("import litellm\n", ""), "prompt.py", "exec"), space)
    for module in version.content.program.modules:
        key = next(key for key in state if key.split(".")[0] == module.name)
        assert len(state[key]["demos"]) == len(module.demos)
        said = system_text(module, module.signature.instruction)
        assert space[module.name.upper()].system == said  # type: ignore[attr-defined]


def test_an_unknown_format_or_version_is_not_found(
    version: Version, carol: User, client_of: ClientOf
) -> None:
    client = client_of(carol)
    assert client.get(url(version, "files/pickle/")).status_code == 404
    assert client.get(f"{PROJECT}versions/{version.program_id}/99/").status_code == 404
    assert client.get(f"{PROJECT}versions/999999/1/").status_code == 404


# --- Labels -------------------------------------------------------------------------------------


def test_a_reviewer_promotes_and_rolls_back(
    scene: Scene, version: Version, bob: User, client_of: ClientOf
) -> None:
    again = play(scene.start(seed=8))
    assert again.run.best_candidate is not None
    second = approve(again, again.run.best_candidate, bob, "Fine.")
    client = client_of(bob)
    page = opened(client, url(version))
    assert "production points at nothing yet; it will be at v1." in texts(page)
    client.post(url(version, "promote/"), {"label": "production", "replacing": ""})
    assert "production is now at v1; it will be replaced by v2." in texts(
        opened(client, url(second))
    )
    client.post(url(second, "promote/"), {"label": "production", "replacing": "1"})
    assert labels.at(version.program_id, "production") == second
    assert "Roll production back to v1?" in texts(opened(client, url(second)))
    back = f"{PROJECT}versions/{version.program_id}/roll-back/"
    client.post(back, {"label": "production", "replacing": "2"})
    assert labels.at(version.program_id, "production") == version


def test_a_label_moved_meanwhile_is_not_moved(
    version: Version, bob: User, client_of: ClientOf
) -> None:
    labels.promote(version, "production", bob, None)
    client = client_of(bob)
    post = {"label": "production", "replacing": ""}
    answer = client.post(url(version, "promote/"), post, follow=True)
    assert "was moved meanwhile and is now at v1" in texts(answer.content.decode())
    answer = client.post(url(version, "promote/"), {"label": "latest"}, follow=True)
    assert "“latest” is moved by approvals, not by hand." in texts(answer.content.decode())


def test_an_editor_moves_no_label(version: Version, erin: User, client_of: ClientOf) -> None:
    client = client_of(erin)
    assert client.post(url(version, "promote/"), {"label": "production"}).status_code == 403
    back = f"{PROJECT}versions/{version.program_id}/roll-back/"
    assert client.post(back, {"label": "production"}).status_code == 403


def test_outsiders_find_nothing(version: Version, dave: User, client_of: ClientOf) -> None:
    client = client_of(dave)
    for address in (PROJECT, f"{PROJECT}versions/", url(version), url(version, "files/json/")):
        assert client.get(address).status_code == 404


def test_a_file_that_a_version_cannot_be_written_as_says_why(
    version: Version, carol: User, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [problem("react.not_in_dspy", module="find_out")]
    monkeypatch.setattr(Module, "not_in_dspy", lambda module: found)
    client = client_of(carol)
    shown = texts(opened(client, url(version)))
    assert "“find_out” is an agent with tools, and dspy.ReAct says other messages" in shown
    assert client.get(url(version, "files/python/")).status_code == 200
    for name in ("dspy", "dspy_module"):
        answer = client.get(url(version, f"files/{name}/"), follow=True)
        assert answer.redirect_chain
        assert "take the Python file" in texts(answer.content.decode())


def test_a_label_of_ones_own_is_made_by_pointing_it_somewhere(
    version: Version, bob: User, carol: User, client_of: ClientOf
) -> None:
    client = client_of(bob)
    client.post(url(version, "promote/"), {"label": "canary", "replacing": ""})
    assert labels.at(version.program_id, "canary") == version
    assert "Roll canary back" not in opened(client, url(version))
    reader = client_of(carol)
    assert f"api/v1/prompts/{version.program.slug}?label=production" in opened(reader, url(version))
    table = reader.get(f"{PROJECT}versions/{version.program_id}/labels.csv").content.decode()
    assert table.splitlines()[0] == "label,from,to,rolled back,by,at"
    assert table.splitlines()[1].startswith("canary,,v1,no,bob@example.org,")


def test_promoting_shows_old_and_new_with_their_scores(
    scene: Scene, version: Version, bob: User, client_of: ClientOf
) -> None:
    labels.promote(version, "production", bob, None)
    again = play(scene.start(seed=8))
    assert again.run.best_candidate is not None
    newer = approve(again, again.run.best_candidate, bob, "Better still.")
    page = opened(client_of(bob), url(newer))
    dialog = page[page.index('<dialog id="promote-production"') :]
    shown = texts(dialog[: dialog.index("</dialog>")])
    assert "production is now at v1" in shown
    assert "These 40 examples cannot tell v2 and v1 apart" in shown
    assert "now, v1 then, v2" in shown
    for each in (version, newer):
        found = each.content.provenance.scores.candidate
        assert found is not None
        assert f"{100 * found.mean:.1f}" in shown


def test_a_label_is_for_one_model_if_wished(
    version: Version, bob: User, client_of: ClientOf
) -> None:
    client = client_of(bob)
    said = {"label": "production", "model": "openai/GPT-5 mini", "replacing": ""}
    client.post(url(version, "promote/"), said)
    shown = texts(opened(client, url(version)))
    assert "production@gpt-5-mini" in shown
    assert labels.at_for_model(version.program_id, "production", "openai/gpt-5-mini") == version
    assert labels.at_for_model(version.program_id, "production", "gpt-4") is None
    labels.promote(version, "production", bob, None)
    assert labels.at_for_model(version.program_id, "production", "gpt-4") == version
    client.post(url(version, "promote/"), {"label": "latest", "model": "gpt-4"})
    assert labels.at(version.program_id, "latest@gpt-4") is None  # moved by approvals alone


def test_a_reviewer_removes_a_label_of_the_programs_own(
    version: Version, bob: User, erin: User, client_of: ClientOf
) -> None:
    labels.promote(version, "canary", bob, None)
    client, gone = client_of(bob), f"{PROJECT}versions/{version.program_id}/remove-label/"
    assert "Remove the label canary?" in client.get(url(version)).content.decode()
    assert client_of(erin).post(gone, {"label": "canary", "replacing": "1"}).status_code == 403
    page = client.post(gone, {"label": "canary", "replacing": "1"}, follow=True).content.decode()
    assert "“canary” was removed." in page
    assert "<strong>removed</strong>" in page  # in the history
    assert (
        "canary,v1,,no,bob@example.org"
        in client.get(f"{PROJECT}versions/{version.program_id}/labels.csv").content.decode()
    )
    kept = client.post(gone, {"label": "latest", "replacing": "1"}, follow=True)
    assert "is not removed" in kept.content.decode()

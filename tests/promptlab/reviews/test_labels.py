"""Labels: promoted knowingly, rolled back, with a history."""

from __future__ import annotations

import pytest

from optimizer.core.problems import Conflict
from promptlab.accounts.models import User
from promptlab.reviews import labels
from promptlab.reviews.models import LabelMove, Version
from promptlab.runs.models import ProjectRun
from tests.fakes.telling import refused
from tests.promptlab.approving import approve
from tests.promptlab.runs.scene import Scene, play


@pytest.fixture
def versions(scene: Scene, bob: User) -> list[Version]:
    made = []
    for seed in (7, 8, 9):
        project_run = play(scene.start(seed=seed))
        assert project_run.run.best_candidate is not None
        made.append(approve(project_run, project_run.run.best_candidate, bob, "Fine."))
    return made


def test_promoting_moves_a_label_and_rolling_back_moves_it_again(
    scene: Scene, versions: list[Version], bob: User
) -> None:
    first, second, _third = versions
    labels.promote(first, "production", bob, None)
    labels.promote(second, "production", bob, 1)
    assert labels.at(scene.program.pk, "production") == second
    assert labels.previous(scene.program.pk, "production") == first
    labels.roll_back(scene.program, "production", bob, 2)
    assert labels.at(scene.program.pk, "production") == first
    moves = LabelMove.objects.filter(label="production")
    assert [(m.replaced and m.replaced.number, m.version.number) for m in moves] == [
        (2, 1), (1, 2), (None, 1),
    ]  # fmt: skip


def test_rolling_back_again_goes_further_back(
    scene: Scene, versions: list[Version], bob: User
) -> None:
    for at, version in enumerate(versions):
        labels.promote(version, "production", bob, at or None)
    labels.roll_back(scene.program, "production", bob, 3)
    assert labels.roll_back(scene.program, "production", bob, 2).version == versions[0]
    with pytest.raises(Conflict):
        labels.roll_back(scene.program, "production", bob, 1)
    labels.promote(versions[2], "production", bob, 1)
    assert labels.previous(scene.program.pk, "production") == versions[0]
    labels.roll_back(scene.program, "production", bob, 3)
    assert labels.at(scene.program.pk, "production") == versions[0]


def test_a_label_that_somebody_else_moved_is_not_moved_blindly(
    versions: list[Version], bob: User
) -> None:
    first, second, third = versions
    labels.promote(first, "production", bob, None)
    with refused("is now at v1", kind=Conflict):
        labels.promote(second, "production", bob, None)
    labels.promote(third, "production", bob, 1)
    with refused("is now at v3", kind=Conflict):
        labels.promote(second, "production", bob, 1)


def test_promoting_what_is_there_already_changes_nothing(
    versions: list[Version], bob: User
) -> None:
    labels.promote(versions[0], "staging", bob, None)
    labels.promote(versions[0], "staging", bob, 1)
    assert LabelMove.objects.filter(label="staging").count() == 1


def test_there_may_be_nothing_to_roll_back_to(
    scene: Scene, versions: list[Version], bob: User
) -> None:
    with pytest.raises(Conflict):
        labels.roll_back(scene.program, "production", bob, None)
    labels.promote(versions[0], "production", bob, None)
    with pytest.raises(Conflict):
        labels.roll_back(scene.program, "production", bob, 1)


def test_latest_is_moved_by_approvals_only(versions: list[Version], bob: User) -> None:
    assert labels.at(versions[0].program_id, "latest") == versions[2]
    with refused("moved by approvals", kind=Conflict):
        labels.promote(versions[0], "latest", bob, 3)


def test_a_label_is_called_what_no_version_is(versions: list[Version], bob: User) -> None:
    for name in ("", "Canary", "v3", "3", "moves", "a b", "-a", "a" * 41, "ä"):
        with refused("No label can be called"):
            labels.promote(versions[0], name, bob, None)


def test_a_label_of_ones_own_rolls_back_step_by_step(
    scene: Scene, versions: list[Version], bob: User
) -> None:
    before = None
    for version in versions:
        labels.promote(version, "canary-eu", bob, before)
        before = version.number
    for number in (2, 1):
        moved = labels.roll_back(scene.program, "canary-eu", bob, number + 1)
        assert moved.version.number == number
    with refused("no earlier version", kind=Conflict):
        labels.roll_back(scene.program, "canary-eu", bob, 1)
    assert labels.names_of(scene.program.pk) == ["latest", "production", "staging", "canary-eu"]


def test_a_label_of_ones_own_is_removed_and_its_history_stays(
    scene: Scene, versions: list[Version], bob: User
) -> None:
    first, second, _third = versions
    labels.promote(first, "canary", bob, None)
    labels.promote(second, "canary", bob, 1)
    with refused("was moved meanwhile and is now at v2", kind=Conflict):
        labels.remove(scene.program, "canary", bob, 1)
    assert labels.remove(scene.program, "canary", bob, 2) == second
    assert "canary" not in labels.names_of(scene.program.pk)
    gone, *_before = labels.moves_of(scene.program.pk).filter(label="canary")
    assert (gone.replaced, gone.version, gone.by) == (second, None, bob)
    with refused("is now at no version", kind=Conflict):
        labels.remove(scene.program, "canary", bob, None)
    labels.promote(first, "canary", bob, None)  # begun anew: nothing to roll back to
    assert labels.previous(scene.program.pk, "canary") is None


@pytest.mark.parametrize("name", ["latest", "production", "staging"])
def test_labels_that_every_program_has_are_not_removed(
    name: str, scene: Scene, finished: ProjectRun, bob: User
) -> None:
    assert finished.run.best_candidate is not None
    version = approve(finished, finished.run.best_candidate, bob, "Fine.")
    labels.move(version, name, bob)
    with refused("is not removed", kind=Conflict):
        labels.remove(scene.program, name, bob, 1)
    assert labels.at(scene.program.pk, name) == version

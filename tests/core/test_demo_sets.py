"""Demo sets: what they are made of, who may have them, and what is shown to whom."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import pytest

from optimizer.core.conversation.events import DemoSetFound, Noted, TrialStarted
from optimizer.core.conversation.requests import Purpose
from optimizer.core.programs.demo import Demo
from tests.core.test_optimizers import NAMES, SMALL, converse, spec_for
from tests.fakes.telling import told
from tests.fakes.world import World, always, messages, one_module_program, two_module_program


@pytest.mark.parametrize("name", NAMES)
def test_no_demos_allowed_means_no_candidate_has_any(name):
    world = World(one_module_program())
    none = replace(SMALL, demo_sets=1, max_bootstrapped_demos=0, max_labeled_demos=0)
    world.hold(converse(spec_for(name, settings=none)))
    shown = [p.demos for e in world.evaluated for p in e.candidate.modules.values()]
    assert not any(shown)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sets", [1, 4])
def test_no_demos_allowed_leaves_a_program_its_own_or_none(name, sets):
    own = (Demo({"message": "win a prize", "label": "spam"}),)
    program = one_module_program(own)
    world = World(program)
    none = replace(SMALL, demo_sets=sets, max_bootstrapped_demos=0, max_labeled_demos=0)
    world.hold(converse(spec_for(name, program, settings=none)))
    shown = [p.demos for e in world.evaluated for p in e.candidate.modules.values()]
    assert all(demos in (own, ()) for demos in shown)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("made", "labelled"), [(0, 3), (3, 0)])
def test_demos_of_one_kind_alone_are_no_fault(name, made, labelled):
    world = World(one_module_program())
    few = replace(SMALL, max_bootstrapped_demos=made, max_labeled_demos=labelled)
    world.hold(converse(spec_for(name, settings=few)))
    shown = [d for e in world.evaluated for p in e.candidate.modules.values() for d in p.demos]
    assert all(demo.augmented == bool(made) for demo in shown)


@pytest.mark.parametrize("name", ["mipro", "bayesian_bootstrap", "bootstrap_search"])
def test_labels_alone_make_demos_when_no_trace_succeeds(name):
    world = World(one_module_program(), judge=always(0.0))
    world.hold(converse(spec_for(name)))
    sets = [e for e in world.events_of(DemoSetFound) if e.demos]
    assert sets
    assert all(demo.augmented is False for e in sets for demo in e.demos)


@pytest.mark.parametrize("name", ["zero_shot_mipro", "module_opro", "program_opro"])
def test_what_the_teacher_solved_is_shown_to_the_writer(name):
    world = World(one_module_program(), judge=lambda c, e: float(e.id.startswith("t")))
    world.hold(converse(spec_for(name, train=messages(30, "t"))))
    sets = [e.demos for e in world.events_of(DemoSetFound) if e.demos]
    assert sets
    assert all(demo.augmented for demos in sets for demo in demos)


def test_the_teacher_solves_no_example_that_it_shows_as_a_demo():
    shown = messages(30, "t")[7]
    program = one_module_program((Demo({**shown.inputs, **shown.expected}),))
    world = World(program, judge=lambda c, e: float(e.id.startswith("t")))
    world.hold(converse(spec_for("mipro", program, train=messages(30, "t"))))
    taught = [e for e in world.evaluated if e.purpose is Purpose.BOOTSTRAP]
    assert taught
    assert all(shown not in request.examples for request in taught)


def test_fewer_random_combinations_than_trials_are_told():
    few = replace(SMALL, trials=30, demo_sets=3)
    world = World(two_module_program())
    world.hold(converse(spec_for("bootstrap_search", two_module_program(), settings=few)))
    sets = Counter(e.module for e in world.events_of(DemoSetFound))
    others = math.prod(sets.values()) - 1
    assert others > 3
    assert len([t for t in world.events_of(TrialStarted) if t.number]) == others
    expected = f"{others} combinations of demo sets are tried instead of 30"
    assert any(expected in told(note.message) for note in world.events_of(Noted))


def test_the_only_other_demo_set_is_one_of_traces():
    world = World(one_module_program(), judge=lambda c, e: float(e.id.startswith("t")))
    two = replace(SMALL, demo_sets=2, max_bootstrapped_demos=3, max_labeled_demos=3)
    world.hold(converse(spec_for("bayesian_bootstrap", settings=two)))
    (found,) = (e.demos for e in world.events_of(DemoSetFound) if e.demos)
    assert all(demo.augmented for demo in found)


def test_a_program_with_demos_of_its_own_can_keep_or_drop_them():
    own = (Demo({"message": "win a prize", "label": "spam"}),)
    program = one_module_program(own)
    world = World(program)
    world.hold(converse(spec_for("mipro", program)))
    sets = [e.demos for e in world.events_of(DemoSetFound)]
    assert sets[:2] == [own, ()]


def test_instructions_only_never_adds_a_demo():
    world = World(one_module_program())
    world.hold(converse(spec_for("zero_shot_mipro")))
    assert all(not prompt.demos for e in world.evaluated for prompt in e.candidate.modules.values())

"""New demo sets are put together from demos that did well."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from optimizer.core.demos.demo_pool import new_sets, worth_of
from optimizer.core.modules.predict import Predict
from optimizer.core.programs.demo import Demo
from optimizer.core.programs.signature import Field, Signature

A, B, C, D, E, F = (Demo({"q": name}) for name in "abcdef")

MODULE = Predict("answer", Signature((Field("q"),), (Field("why"),), "Answer."))


def test_a_demo_is_worth_what_the_sets_that_have_it_are_worth():
    found = worth_of([(), (A, B), (A, C)], np.array([0.0, 0.1, -0.3]))
    assert [demo for demo, _ in found] == [B, A, C]
    assert [round(value, 6) for _, value in found] == [0.1, -0.1, -0.3]


def test_the_best_demos_come_together_and_half_of_the_best_set_stands_alone():
    sets = [(), (A, B), (C, D)]
    found = new_sets(MODULE, sets, np.array([0.0, 0.1, 0.05]), [], 4)
    assert found == [(A, B, C, D), (A,)]


def test_a_harvested_demo_takes_the_place_of_the_poorest():
    sets = [(), (A, B), (A, C)]
    found = new_sets(MODULE, sets, np.array([0.0, 0.1, 0.2]), [E, F], 2)
    assert (C, E) in found


def test_an_example_is_shown_with_its_label_or_with_a_trace_not_twice():
    label, trace = Demo({"q": "a", "why": ""}), Demo({"q": "a", "why": "so"}, augmented=True)
    sets = [(), (label, B), (trace, C)]
    found = new_sets(MODULE, sets, np.array([0.0, 0.1, 0.2]), [], 4)
    assert (trace, C, B) in found
    assert not any(label in demos and trace in demos for demos in found)


def test_no_demos_allowed_gives_no_sets():
    assert new_sets(MODULE, [()], np.array([0.0]), [A], 0) == []


@given(
    st.lists(st.lists(st.sampled_from([A, B, C, D]), max_size=3, unique_by=id), min_size=1),
    st.integers(1, 4),
    st.lists(st.sampled_from([E, F]), unique_by=id),
)
def test_new_sets_are_new_small_enough_and_without_repetition(lists, most, harvested):
    sets = [tuple(demos) for demos in lists]
    effects = np.linspace(0.2, -0.2, len(sets))
    for demos in new_sets(MODULE, sets, effects, harvested, most):
        assert 0 < len(demos) <= max(most, max(map(len, sets)))
        assert all(demos.count(demo) == 1 for demo in demos)
        assert not any(sorted(map(id, demos)) == sorted(map(id, known)) for known in sets)

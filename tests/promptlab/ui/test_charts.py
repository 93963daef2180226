"""Marks stand where their values are, and charts with little to show are still right."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from promptlab.runs.results.codes import letter
from promptlab.ui import axes, charts
from promptlab.ui.charts import Cost, Trial

SCORES = st.floats(0, 1)


def full(number: int, score: float) -> Trial:
    return Trial(number, score, full=True)


def mini(number: int, score: float) -> Trial:
    return Trial(number, score, full=False)


def test_a_lucky_minibatch_does_not_raise_the_best_so_far() -> None:
    chart = charts.score_by_trial([mini(1, 0.99), full(2, 0.65), mini(3, 0.9)], 4, baseline=0.6)
    assert chart.best == 0.65
    assert min(line.y2 for line in chart.steps) == chart.full[0].y


def test_the_best_so_far_begins_at_the_baseline_and_ends_at_the_last_trial() -> None:
    chart = charts.score_by_trial([mini(1, 0.5), full(2, 0.7), mini(3, 0.5)], 4, baseline=0.6)
    assert (chart.steps[0].x1, chart.steps[0].y1) == (0, chart.baseline_y)
    assert chart.steps[-1].x2 == 100 * 2.5 / 4


def test_a_worse_full_evaluation_leaves_the_best_where_it_was() -> None:
    chart = charts.score_by_trial([full(1, 0.7), full(2, 0.65)], 2, baseline=0.6)
    assert chart.best == 0.7
    assert chart.steps[-1].y2 == chart.full[0].y


def test_without_a_baseline_the_line_begins_at_the_first_full_evaluation() -> None:
    chart = charts.score_by_trial([full(2, 0.5), full(3, 0.9)], 4, baseline=None)
    assert chart.baseline_y is None
    assert chart.steps[0].x1 == chart.full[0].x


def test_a_chart_without_trials_has_axes_and_the_baseline() -> None:
    chart = charts.score_by_trial([], 40, baseline=0.6)
    assert chart.y_ticks
    assert 0 < (chart.baseline_y or 0) < chart.height
    assert chart.steps == ()


def test_a_chart_without_anything_does_not_fail() -> None:
    chart = charts.score_by_trial([], 0, baseline=None)
    assert (chart.total, chart.best, chart.steps) == (1, None, ())


def test_one_trial_of_one_stands_in_the_middle() -> None:
    chart = charts.score_by_trial([full(1, 0.7)], 1, baseline=None)
    assert chart.full[0].x == 50


def test_scores_that_are_all_the_same_make_a_level_line_inside_the_chart() -> None:
    chart = charts.score_by_trial([full(n, 0.5) for n in (1, 2, 3)], 3, baseline=0.5)
    assert {mark.y for mark in chart.full} == {chart.height / 2}
    assert len(chart.y_ticks) > 1


def test_the_scale_never_leaves_0_to_100() -> None:
    chart = charts.score_by_trial([full(1, 1.0), full(2, 0.0)], 2, baseline=None)
    assert [mark.y for mark in chart.full] == [0, chart.height]


def test_the_best_so_far_is_who_the_optimizer_says_and_may_have_a_lower_mean() -> None:
    trials = [full(1, 0.8), mini(2, 0.9), full(3, 0.75)]
    chart = charts.score_by_trial(trials, 4, baseline=0.6, bests=[(0, 0.6), (1, 0.8), (3, 0.75)])
    assert chart.best == 0.75
    assert chart.steps[-1].y2 == chart.full[1].y


def test_a_best_that_comes_late_has_no_line_before() -> None:
    trials = [mini(1, 0.5), full(2, 0.7), mini(3, 0.5)]
    chart = charts.score_by_trial(trials, 4, baseline=0.6, bests=[(2, 0.7)])
    assert [line.x1 for line in chart.steps] == [chart.full[0].x]


def test_whiskers_span_the_interval_of_a_full_evaluation() -> None:
    trials = [Trial(1, 0.6, full=True, low=0.55, high=0.65)]
    whisker = charts.score_by_trial(trials, 1, baseline=0.6).full[0].whisker
    assert whisker is not None
    assert whisker.y1 < whisker.y2


def test_above_six_hundred_trials_minibatches_become_ranges() -> None:
    trials = [full(n, 0.6) if n % 5 == 0 else mini(n, 0.4 + n % 7 / 20) for n in range(1, 1001)]
    chart = charts.score_by_trial(trials, 1000, baseline=0.5)
    assert chart.mini == ()
    assert len(chart.full) == 200
    assert 0 < len(chart.bins) <= charts.BINS
    assert all(bin_.y1 <= bin_.y2 for bin_ in chart.bins)


def test_six_hundred_trials_still_have_a_mark_each() -> None:
    chart = charts.score_by_trial([mini(n, 0.5) for n in range(1, 601)], 600, baseline=0.5)
    assert len(chart.mini) == 600


@given(st.lists(SCORES, max_size=60), SCORES)
def test_every_mark_stands_inside_its_chart(scores: list[float], baseline: float) -> None:
    trials = [Trial(n, score, full=n % 3 == 0) for n, score in enumerate(scores, 1)]
    chart = charts.score_by_trial(trials, len(trials) + 5, baseline)
    for mark in (*chart.full, *chart.mini):
        assert 0 <= mark.x <= 100
        assert 0 <= mark.y <= chart.height
    assert all(0 <= tick.at <= chart.height for tick in chart.y_ticks)


@pytest.mark.parametrize("total", [1, 2, 8, 9, 10, 40, 41, 99, 500, 1000, 12_345])
def test_an_axis_has_at_most_nine_trial_numbers(total: int) -> None:
    ticks = charts.score_by_trial([], total, 0.5).x_ticks
    assert 1 <= len(ticks) <= 9
    assert all(1 <= tick.value <= total for tick in ticks)


@given(st.floats(0, 1), st.floats(0.001, 1), st.integers(2, 8))
def test_ticks_are_few_and_inside(low: float, width: float, about: int) -> None:
    values = axes.round_values(low, low + width, about)
    assert len(values) <= about + 1
    assert all(low - 1e-6 <= value <= low + width + 1e-6 for value in values)


def test_wins_stand_left_losses_right_and_each_run_is_one_stretch() -> None:
    strip = charts.win_loss(["loss", "tie", "win", "tie", "win"])
    assert [(s.outcome, s.width) for s in strip.stretches] == [
        ("win", 40),
        ("tie", 40),
        ("loss", 20),
    ]
    assert (strip.wins, strip.losses, strip.ties, strip.examples) == (2, 1, 2, 5)


def test_a_strip_of_nothing_is_empty() -> None:
    assert charts.win_loss([]).stretches == ()


def test_a_strip_may_keep_the_order_of_the_examples() -> None:
    strip = charts.win_loss(["win", "loss", "win"], sort=False)
    assert [s.outcome for s in strip.stretches] == ["win", "loss", "win"]


def test_modules_are_listed_by_how_much_they_explain() -> None:
    bars = charts.importance([("a", 0.1), ("b", 0.7), ("c", 1.2)])
    assert [(bar.name, bar.width) for bar in bars] == [("c", 100), ("b", 70), ("a", 10)]


def test_the_front_holds_what_nothing_beats_on_cost_and_score() -> None:
    chart = charts.cost_and_score(
        [Cost("dear", 0.7, 3_000_000), Cost("cheap", 0.6, 1_000_000), Cost("bad", 0.5, 2_000_000)]
    )
    assert [mark.cost.name for mark in chart.marks if mark.front] == ["dear", "cheap"]
    assert len(chart.steps) == 2


def test_costs_that_are_all_nothing_can_be_drawn() -> None:
    chart = charts.cost_and_score([Cost("a", 0.5, 0), Cost("b", 0.6, 0)])
    assert [mark.x for mark in chart.marks] == [0, 0]
    assert charts.cost_and_score([]).marks == ()


def test_a_choice_that_nobody_tried_has_no_score() -> None:
    heat = charts.heat("m", ["i0", "i1"], ["none"], {(0, 0): [0.5, 0.7]}, chosen=(0, 0))
    tried, untried = heat.rows[0].cells[0], heat.rows[1].cells[0]
    assert (tried.score, tried.count, tried.chosen) == (pytest.approx(0.6), 2, True)
    assert untried.score is None


@pytest.mark.parametrize(("columns", "wide"), [(16, False), (17, True)])
def test_choices_among_many_demo_sets_scroll_in_their_card(columns: int, wide: bool) -> None:
    heat = charts.heat("classify", ["i0"], [letter(n) for n in range(columns)], {(0, 0): [0.2]})
    html = render_to_string("parts/heat.html", {"heat": heat})
    assert '<div class="scroll" tabindex="0" role="group" aria-label="classify">' in html
    assert ('class="heat wide"' in html) is wide


def test_the_best_choice_has_the_strongest_level() -> None:
    heat = charts.heat("m", ["i0"], ["a", "b"], {(0, 0): [0.2], (0, 1): [0.8]})
    assert [cell.level for cell in heat.rows[0].cells] == [0, charts.HEAT_LEVELS - 1]

"""What figures settle, and that no sentence says more."""

from __future__ import annotations

import pytest

from optimizer.core.evaluation.stats import compare_differences
from optimizer.core.programs.candidate import Candidate
from promptlab.runs.results.codes import code_of, letter
from promptlab.runs.results.evidence import Evaluated, Seen, comparing, verdict


def evaluated(number: int, scores: dict[str, float | None], full: bool = True) -> Evaluated:
    outcomes = {
        example: Seen(place, score, "" if score is not None else "failed", {}, "")
        for place, (example, score) in enumerate(scores.items())
    }
    candidate = Candidate({})
    return Evaluated(number, "", candidate, {}, full, (), outcomes, 0.0, 0)


def row(found: object) -> str:
    return "".join(
        {"win": "w", "loss": "l", "tie": "=", "pending": "-"}[c.outcome] for c in found.cells
    )  # type: ignore[attr-defined]


def test_examples_are_won_lost_or_the_same_against_the_first() -> None:
    first = evaluated(0, {"a": 1.0, "b": 0.0, "c": 1.0, "d": 0.5, "e": None})
    second = evaluated(3, {"a": 1.0, "b": 1.0, "c": 0.0, "d": 0.5, "e": 1.0})
    found = comparing([first, second])
    assert [row(r) for r in found.rows] == ["=", "w", "l", "=", "-"]
    assert found.counts() == {"disagreements": 2, "regressions": 1, "all": 5}
    only = found.others[0].comparison
    assert (only.n, only.wins, only.losses, only.ties) == (4, 1, 1, 2)


def test_a_failed_example_is_never_a_loss() -> None:
    first = evaluated(0, {"a": 1.0})
    second = evaluated(1, {"a": None})
    found = comparing([first, second])
    assert row(found.rows[0]) == "-"
    assert found.others[0].comparison.n == 0
    assert "nothing can be said" in found.others[0].verdict


def test_minibatches_are_compared_on_their_own_examples_only() -> None:
    first = evaluated(0, {str(i): 0.0 for i in range(100)})
    second = evaluated(4, {str(i): 1.0 for i in range(0, 20, 2)}, full=False)
    found = comparing([first, second])
    assert len(found.rows) == 10
    assert "Not scored on all examples" in found.others[0].verdict


def test_a_comparison_with_what_only_minibatches_scored_is_no_full_one() -> None:
    first = evaluated(4, {str(i): 0.0 for i in range(10)}, full=False)
    second = evaluated(7, {str(i): 1.0 for i in range(100)})
    found = comparing([first, second])
    assert found.others[0].comparison.n == 10
    assert "Not scored on all examples" in found.others[0].verdict


@pytest.mark.parametrize(
    ("wins", "losses", "ties", "said"),
    [
        (12, 5, 83, "is no worse than the baseline, and ahead by +7.0 points"),
        (40, 5, 155, "is better than the baseline: +17.5 points"),
        (5, 40, 155, "is worse than the baseline: −17.5 points"),
        (8, 6, 186, "A loss that matters is ruled out; a gain is not proved."),
        (8, 7, 20, "These 35 examples cannot tell Candidate 7 and the baseline apart"),
        (0, 0, 200, "cannot tell Candidate 7 and the baseline apart: 0.0 points"),
    ],
)
def test_the_verdict_is_a_sentence(wins: int, losses: int, ties: int, said: str) -> None:
    found = compare_differences([1.0] * wins + [-1.0] * losses + [0.0] * ties)
    sentence = verdict(found, "the baseline", "Candidate 7")
    assert said in sentence
    assert "95 % interval" in sentence


def test_a_comparison_with_another_candidate_names_it() -> None:
    found = compare_differences([0.0, 0.0])
    assert "Candidate 7 and candidate 3 apart" in verdict(found, "candidate 3", "Candidate 7")


def test_codes_name_instruction_and_demo_set_of_each_module() -> None:
    modules = ["classify", "draft"]
    assert code_of({}, modules) == "baseline"
    assert code_of({"classify:instruction": 2, "classify:demos": 1}, modules) == "2a·0"
    assert code_of({"draft:demos": 28}, modules) == "0·0ab"
    assert [letter(n) for n in (0, 1, 26, 27)] == ["", "a", "z", "aa"]

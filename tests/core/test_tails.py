"""What a race reports of a leader that stands far out, and of one that does not."""

from __future__ import annotations

import numpy as np

from optimizer.core.conversation.spec import Effort, Settings
from optimizer.core.optimizers import OPTIMIZERS
from optimizer.core.search.arms import Factor
from optimizer.core.search.race import Race, Step
from optimizer.core.search.surrogate import Surrogate
from tests.fakes.world import one_module_program

SETS, EXAMPLES = 8, 60
DEMO_SETS = Factor(0, np.eye(SETS), typical=0.09, freedom=0.5)


def seen(effects: list[float], seed: int, firsts: int = 20) -> Surrogate:
    """Every demo set on some examples, the best of these on all; examples differ in difficulty."""
    rng = np.random.default_rng(seed)
    difficulty = rng.normal(0, 0.15, EXAMPLES)
    model = Surrogate((DEMO_SETS,), EXAMPLES)
    answers = {
        (option,): (rng.random(EXAMPLES) < 0.3 + effect + difficulty).astype(float)
        for option, effect in enumerate(effects)
    }
    best = max(answers, key=lambda arm: answers[arm][:firsts].mean())
    for arm, scores in answers.items():
        count = EXAMPLES if arm in ((0,), best) else firsts
        model.observe(arm, range(count), scores[:count])
    model.learn()
    return model


def promised(effects: list[float], seed: int) -> tuple[float, float]:
    """What is promised too much of who leads: with normal effects, and with heavy tails."""
    model = seen(effects, seed)
    told = model.posterior(model.arms).mean, model.tailed_posterior(model.arms).mean
    leads = int(np.argmax(told[0]))
    true = 0.3 + effects[model.arms[leads][0]]
    return float(told[0][leads] - true), float(told[1][leads] - true)


def test_a_demo_set_that_stands_far_out_is_reported_at_nearly_what_it_is_worth():
    effects = [0.0, -0.08, -0.05, 0.35, -0.06, -0.1, -0.07, -0.03]
    normal, tailed = np.mean([promised(effects, seed) for seed in range(150)], axis=0)
    assert normal < -0.035
    assert abs(tailed) < 0.022


def test_where_none_stands_out_no_more_is_promised_than_before():
    rng = np.random.default_rng(5)
    narrow = [list(rng.normal(0, 0.02, SETS)) for _ in range(150)]
    found = [promised(effects, seed) for seed, effects in enumerate(narrow)]
    normal, tailed = np.mean(found, axis=0)
    assert abs(tailed - normal) < 0.01


def test_of_options_without_a_score_nothing_more_is_promised():
    model = Surrogate((Factor(0, np.eye(3), freedom=1.0),), 40)
    model.observe((0,), range(40), [0.0] * 40)
    model.observe((1,), range(40), [1.0] * 30 + [0.0] * 10)
    model.learn()
    normal, tailed = (f([(2,)]) for f in (model.posterior, model.tailed_posterior))
    assert tailed.mean[0] <= normal.mean[0] + 0.02
    assert tailed.covariance[0, 0] <= 1.2 * normal.covariance[0, 0]


def test_the_program_s_own_instruction_is_not_drawn_to_those_that_were_written():
    found = []
    for own in (0.0, 0.06):
        factor = Factor(0, np.eye(SETS), typical=0.025, freedom=2.0, own=own)
        promises = []
        for seed in range(100):
            rng = np.random.default_rng(seed)
            model = Surrogate((factor,), EXAMPLES)
            for option in range(SETS):
                count = EXAMPLES if option == 0 else 20
                chance = 0.60 if option == 0 else 0.50
                model.observe((option,), range(count), (rng.random(count) < chance).astype(float))
            model.learn()
            promises.append(float(model.tailed_posterior([(0,)]).mean[0]) - 0.60)
        found.append(float(np.mean(promises)))
    assert found[0] + 0.005 < found[1] < 0.0


def test_the_interval_of_who_stands_out_is_no_narrower():
    model = seen([0.0, -0.08, -0.05, 0.35, -0.06, -0.1, -0.07, -0.03], 1)
    normal, tailed = (f([(3,)]) for f in (model.posterior, model.tailed_posterior))
    assert tailed.covariance[0, 0] >= normal.covariance[0, 0]


def test_tails_change_what_is_judged_and_not_which_block_is_next():
    races = [Race((SETS,), EXAMPLES, 300, 10, "s", tails=tails) for tails in (False, True)]
    chances = [0.2, 0.2, 0.2, 0.8, 0.2, 0.2, 0.2, 0.2]
    paths: list[list[Step]] = [[], []]
    for race, path in zip(races, paths, strict=True):
        rng = np.random.default_rng(3)
        answers = rng.random((SETS, EXAMPLES)) < np.array(chances)[:, None]
        race.tell(Step((0,), tuple(range(EXAMPLES))), list(map(float, answers[0])))
        while (step := race.next()) is not None:
            path.append(step)
            race.tell(step, [float(answers[step.arm[0]][p]) for p in step.positions])
    assert paths[0] == paths[1]
    plain, tailed = (race.leader() for race in races)
    assert plain.arm == tailed.arm == (3,)
    assert plain.mean < tailed.mean


def test_new_races_have_tails_and_those_from_before_go_on_without():
    program = one_module_program()
    assert all(OPTIMIZERS["racing"].settings(effort, program).heavy_tails for effort in Effort)
    assert not Settings().heavy_tails

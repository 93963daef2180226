"""What rounds of proposals are worth to a race, with a simulated writer.

    python -m benchmarks.proposals [--worlds N] [--kinds wide narrow]

Worlds are those of `make bench-search`: one module, 4 instructions and 6 demo sets to begin with,
60 examples to choose by. A proposal is an instruction of the same kind as the others (*fresh*), or
its parent's with a small change, for the better more often than not (*near*). Lessons are paid from
the budget as in a run. With 660 examples to score a race has little to spare; of 1,500 it would
leave some. *screened*: four proposals from two parents run on a lesson's 20 training examples, and
the best two of them join the race.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from benchmarks.contest import error
from benchmarks.simulator import KINDS, World
from optimizer.core.optimizers.racing import LAST_ROUND, LESSON
from optimizer.core.search.arms import Factor
from optimizer.core.search.race import Race, Step
from optimizer.core.strategies import race_state
from optimizer.core.strategies.cost_model import DRAFTS_A_ROUND
from optimizer.core.strategies.race_loop import LOOK_EVERY, SETTLED_AFTER, STUCK, WORTHWHILE

INSTRUCTIONS, DEMOS, EXAMPLES, BLOCK = 4, 6, 60, 10
PROPOSALS = 40
"""At most, in all."""
BETTER, OTHER = 0.1, 0.7
"""Mean and deviation of a small change, in deviations of instructions' effects."""
BUDGETS = 660, 1500


@dataclass(frozen=True)
class Way:
    rounds: int = 1
    late: int = 0
    screened: int = 0


WAYS = {
    "a round": Way(),
    "no round": Way(rounds=0),
    "a round and late ones": Way(late=4),
    "a round, screened": Way(screened=4),
}


class Written(World):
    """A world whose later instructions are written in rounds."""

    def __init__(self, kind: str, near: bool, seed: int) -> None:
        super().__init__(KINDS[kind], 1, INSTRUCTIONS + PROPOSALS, DEMOS, EXAMPLES, seed)
        self._usual, self._near = KINDS[kind].instructions, near
        self._rng = np.random.default_rng([seed, 9])
        self.written = INSTRUCTIONS

    def write(self, parents: list[int], count: int) -> None:
        """Let the next instructions be changes of these; what was not kept is written over."""
        for number in range(count if self._near else 0):
            change = self._rng.normal(BETTER * self._usual, OTHER * self._usual)
            effects = self._effects[0]
            effects[self.written + number] = effects[parents[number % len(parents)]] + change

    def screen(self, demos: int, count: int) -> None:
        """Put first what is right on most of a lesson's examples."""
        places = np.arange(self.written, self.written + count)
        chances = [self._chances((int(p), demos))[EXAMPLES : EXAMPLES + LESSON] for p in places]
        right = [int((self._rng.random(LESSON) < chance).sum()) for chance in chances]
        best = places[np.argsort(-np.array(right), kind="stable")]
        for drawn in (self._effects[0], self._on_items[0], self._pairs[0][2]):
            drawn[places] = drawn[best]


def raced(kind: str, near: bool, budget: int, way: Way, seed: int) -> tuple[float, int]:
    """The winner's true gain, and the examples scored."""
    world = Written(kind, near, seed)
    race = Race((INSTRUCTIONS, DEMOS), EXAMPLES, budget, BLOCK, str(seed))
    _widen(race, world)
    _tell(race, world, Step((0, 0), tuple(range(EXAMPLES))))
    if way.rounds:
        while race.spent < LAST_ROUND * budget and (step := race.next()) is not None:
            _tell(race, world, step)
        _learn(race, world, way.screened)
    late, leader, since = way.late, race.front(), race.spent
    while (step := race.next()) is not None:
        _tell(race, world, step)
        settled = _is_settled(race)
        if race.front() != leader:
            leader, since = race.front(), race.spent
        if late and (settled or race.spent - since >= STUCK * budget):
            late = late - 1 if _learn(race, world) else 0
            since = race.spent
        elif settled:
            break
    while (step := race.finishing_block()) is not None:
        _tell(race, world, step)
    return world.truth(race.leader().arm) - world.truth((0, 0)), race.spent


def _tell(race: Race, world: World, step: Step) -> None:
    race.tell(step, list(world.scores(step.arm)[list(step.positions)]))


def _is_settled(race: Race) -> bool:
    if race.spent < SETTLED_AFTER * race.budget or race.spent % LOOK_EVERY >= BLOCK:
        return False
    return race.prospect() < WORTHWHILE


def _learn(race: Race, world: Written, screened: int = 0) -> bool:
    """One round, where there is room for it."""
    paid = (2 + screened) * LESSON
    if not race.has_room_for(paid):
        return False
    race.pay(paid)
    ranked = sorted(race.standings(race.surrogate.arms), key=lambda s: -s.mean)
    parents = list(dict.fromkeys(standing.arm[0] for standing in ranked))
    world.write(parents[: 2 if screened else 1], screened or DRAFTS_A_ROUND)
    if screened:
        world.screen(ranked[0].arm[1], screened)
    world.written += DRAFTS_A_ROUND
    _widen(race, world)
    return True


def _widen(race: Race, world: Written) -> None:
    instructions = Factor(
        0, np.eye(world.written), race_state.INSTRUCTIONS, race_state.INSTRUCTIONS_FREEDOM,
        race_state.OWN_INSTRUCTION,
    )  # fmt: skip
    demos = Factor(1, np.eye(DEMOS), race_state.DEMOS, race_state.DEMOS_FREEDOM)
    race.widen((world.written, DEMOS), (instructions, demos))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.proposals")
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--kinds", nargs="*", default=["wide", "narrow"], choices=sorted(KINDS))
    asked = parser.parse_args()
    print(f"{'':46} {'gain':>6} {'than a round':>14} {'used':>6}")
    for kind in asked.kinds:
        for budget in BUDGETS:
            for near in (False, True):
                usual: list[float] = []
                for name, way in WAYS.items():
                    seeds = range(1, asked.worlds + 1)
                    found = [raced(kind, near, budget, way, seed) for seed in seeds]
                    gains = [100 * gain for gain, _ in found]
                    usual = usual or gains
                    more = [gain - before for gain, before in zip(gains, usual, strict=True)]
                    label = f"{kind}, {budget}, {'near' if near else 'fresh'}, {name}"
                    print(
                        f"{label:46} {fmean(gains):6.1f} {fmean(more):+7.1f} ± {error(more):3.1f} "
                        f"{fmean(used for _, used in found):6.0f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()

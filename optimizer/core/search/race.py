"""A race: which combination of options is scored on which examples next, and which one leads.

All combinations (arms) are scored on the same examples in the same order, block by block. Every
option is shown on the first blocks. Then the next block goes where it is expected to raise the true
score of the final choice most (the knowledge gradient) or, now and then, to the best arm of one
draw from the posterior (Thompson sampling).
Only a fully scored arm can win: as long as the front is none, enough is kept back to make it one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.core.search.arms import Arm, Factor, Floats
from optimizer.core.search.beliefs import Posterior
from optimizer.core.search.initial_design import ENOUGH_BLOCKS, initial_design
from optimizer.core.search.surrogate import Outlook, Surrogate

THOMPSON = 0.15
"""Share of blocks that Thompson sampling places."""
RELEARN = 1.12
"""Variances are estimated anew when there are this many times the scores."""
RESERVE = 4
"""Blocks beyond what the leader still needs, at which the final begins."""
POOL = 200
"""Arms looked at when there are more: the observed, the leader's neighbours, and a draw."""
PROMISING = 40
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
DIGITS = 9
"""Values are compared after rounding, so that another machine's last bits change no choice."""


@dataclass(frozen=True)
class Step:
    """Score an arm on examples, by their positions in the common order."""

    arm: Arm
    positions: tuple[int, ...]


@dataclass(frozen=True)
class Standing:
    """What is believed of one arm's true mean score."""

    arm: Arm
    mean: float
    deviation: float


class Race:
    """`sizes`: options per parameter; `examples`: how many all arms can be scored on;
    `budget`: scores that may be asked for in all; `block`: scores asked for at a time; `tails`:
    whether options may stand far out where arms are judged. Which block is next is decided as if
    none did: a leader that is believed sooner would end the race sooner.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        examples: int,
        budget: int,
        block: int,
        seed: str,
        tails: bool = True,
    ) -> None:
        self._sizes = tuple(sizes)
        self._examples, self._seed, self._tails = examples, seed, tails
        self.budget, self.block = budget, block
        self._elsewhere = 0
        self.surrogate = Surrogate((), examples)
        self._asked: dict[Arm, int] = {}
        self._answered: set[Arm] = set()
        self._dropped: set[Arm] = set()
        self._learned_at = 0.0
        self._steps = 0
        self._final: Arm | None = None
        self.widen(sizes)

    @property
    def spent(self) -> int:
        """Examples scored, those paid for elsewhere among them."""
        return sum(self._asked.values()) + self._elsewhere

    def pay(self, examples: int) -> None:
        """Take from the budget what was scored for another purpose."""
        self._elsewhere += examples

    def has_room_for(self, examples: int) -> bool:
        """Whether so much can be paid for and the leader still be finished, with as much again to
        race with.
        """
        return self.budget - self.spent >= 2 * examples + self._examples

    def effects(self, parameter: int) -> Floats:
        """What is believed of a parameter's options' effects on the true mean, shape (options,)."""
        found = np.zeros(self._sizes[parameter])
        for factor in self.surrogate.factors:
            if factor.parameter == parameter:
                found += self.surrogate.effects(factor)
        return found

    def widen(self, sizes: Sequence[int], factors: Sequence[Factor] = ()) -> None:
        """Let parameters have these options, usually more than before; what is known stays.

        `factors` are the effects of options; where none are given each option has one of its own.
        """
        self._sizes = tuple(sizes)
        own = (Factor(index, np.eye(size)) for index, size in enumerate(sizes) if size > 1)
        self.surrogate.widen(tuple(factors) or tuple(own))
        self._learned_at = 0.0

    def tell(self, step: Step, scores: Sequence[float | None]) -> None:
        """Take in an answer; None is an example without a score (a failed call)."""
        known = [(p, s) for p, s in zip(step.positions, scores, strict=True) if s is not None]
        self.surrogate.observe(step.arm, [p for p, _ in known], [s for _, s in known])
        self._asked[step.arm] = self._asked.get(step.arm, 0) + len(step.positions)
        if known:
            self._answered.add(step.arm)

    def drop(self, arm: Arm) -> None:
        """Score this arm no more, let it lead nothing, and learn nothing from it: what it answers
        is not what the others answer.
        """
        self._dropped.add(arm)
        self.surrogate.forget(arm)
        if self._final == arm:
            self._final = None

    def unseen(self, arm: Arm) -> tuple[int, ...]:
        """Positions of the examples that it was not scored on."""
        return tuple(range(self._asked.get(arm, 0), self._examples))

    def next(self) -> Step | None:
        """What to score next; None when the budget is spent or nothing is left to see."""
        left = self.budget - self.spent
        pool = self._pool()
        if left <= 0 or not pool or all(self.is_complete(arm) for arm in pool):
            return None
        self._steps += 1
        self._learn()
        posterior = self.surrogate.posterior(pool)
        finalist = self._finalist(pool, posterior, left)
        if finalist is not None:
            return self._step(finalist, left)
        return self._step(self._chosen(pool, posterior), left)

    def leader(self) -> Standing:
        """The fully scored arm with the highest expected true score; there must be one."""
        running = sorted(self._answered - self._dropped)
        complete = [arm for arm in running if self.is_complete(arm)]
        return max(self.standings(complete), key=lambda s: round(s.mean, DIGITS))

    def front(self) -> Arm:
        """Who leads: the observed arm with the highest expected true score, complete or not."""
        self._learn()
        return self._front()

    def finishing_block(self) -> Step | None:
        """The next block of the front on its way to the end; None when it is there, or when the
        budget does not take it there.
        """
        self._learn()
        front = self._front()
        missing = self._examples - self._asked[front]
        return self._step(front, missing) if 0 < missing <= self.budget - self.spent else None

    def standings(self, arms: Sequence[Arm]) -> list[Standing]:
        """Beliefs about arms, in their order."""
        if not arms:
            return []
        self._learn()
        believed = self.surrogate.tailed_posterior if self._tails else self.surrogate.posterior
        posterior = believed(arms)
        deviations = np.sqrt(np.maximum(np.diag(posterior.covariance), 0.0))
        means = np.clip(posterior.mean, 0.0, 1.0)
        return [
            Standing(arm, float(mean), float(deviation))
            for arm, mean, deviation in zip(arms, means, deviations, strict=True)
        ]

    def prospect(self) -> float:
        """By how much scoring one more arm to the end is expected to raise the final choice's true
        score, at best; 0 when nothing is left to see.
        """
        pool = self._pool()
        self._learn()
        ahead = [range(self._asked.get(arm, 0), self._examples) for arm in pool]
        outlook = self.surrogate.outlook(pool, ahead)
        return float(knowledge_gradient(self.surrogate.posterior(pool), outlook).max())

    def _learn(self) -> None:
        if self.spent >= self._learned_at:
            self.surrogate.learn()
            self._learned_at = self.spent * RELEARN + 1

    def is_complete(self, arm: Arm) -> bool:
        return self._asked.get(arm, 0) >= self._examples

    def _front(self) -> Arm:
        """The observed arm with the highest expected true score, complete or not."""
        observed = self._running()
        return observed[int(np.argmax(np.round(self.surrogate.means(observed), DIGITS)))]

    def _finalist(self, pool: Sequence[Arm], posterior: Posterior, left: int) -> Arm | None:
        """The arm that what is left is kept for, when it is just enough to score it fully.

        Of several that could be finished, the one with the highest expected true score; once it
        is finished, what is left goes to the next.
        """
        missing = {arm: len(self.unseen(arm)) for arm in self._running()}
        means = dict(zip(pool, np.round(posterior.mean, DIGITS), strict=True))
        ranked = sorted(missing, key=lambda arm: -means[arm])
        if self._final is None:
            front = ranked[0]
            if missing[front] == 0 or left > missing[front] + RESERVE * self.block:
                return None
            self._final = next((arm for arm in ranked if missing[arm] <= left), None)
        if self._final is None or missing[self._final]:
            return self._final
        return next((arm for arm in ranked if 0 < missing[arm] <= left), None)

    def _step(self, arm: Arm, left: int) -> Step:
        return Step(arm, self._ahead(arm)[:left])

    def _ahead(self, arm: Arm) -> tuple[int, ...]:
        done = self._asked.get(arm, 0)
        return tuple(range(done, min(done + self.block, self._examples)))

    def _chosen(self, pool: Sequence[Arm], posterior: Posterior) -> Arm:
        open_ = np.array([not self.is_complete(arm) for arm in pool])
        generator = self._generator("step")
        news = initial_design(self._asked, pool, min(ENOUGH_BLOCKS * self.block, self._examples))
        if news.any():
            worth, open_ = posterior.mean, news == news.max()
        elif generator.random() < THOMPSON:
            worth = _draws(posterior, 1, generator)[0]
        else:
            outlook = self.surrogate.outlook(pool, [self._ahead(arm) for arm in pool])
            worth = knowledge_gradient(posterior, outlook)
        worth = np.where(open_, np.round(worth, DIGITS), -np.inf)
        return pool[int(np.argmax(worth))]

    def _running(self) -> list[Arm]:
        """Arms that were scored and not dropped."""
        return [arm for arm in self._asked if arm not in self._dropped]

    def _pool(self) -> list[Arm]:
        return [arm for arm in self._choices() if arm not in self._dropped]

    def _choices(self) -> list[Arm]:
        """Every arm, or, of very many, the observed, their neighbours and the promising ones."""
        if np.prod([float(size) for size in self._sizes]) <= POOL:
            return [tuple(map(int, arm)) for arm in np.ndindex(*self._sizes)]
        chance = random.Random(f"{self._seed}:pool:{self._steps}")
        drawn = [tuple(chance.randrange(size) for size in self._sizes) for _ in range(POOL)]
        found = set(self._asked)
        if self._asked:
            means = self.surrogate.means(drawn)
            promising = np.argsort(-np.round(means, DIGITS), kind="stable")[:PROMISING]
            found |= {drawn[index] for index in promising}
            front = self._front()
            for parameter, size in enumerate(self._sizes):
                found |= {_changed(front, parameter, option) for option in range(size)}
        return sorted(found | set(drawn[:PROMISING]))

    def _generator(self, purpose: str) -> np.random.Generator:
        seed = random.Random(f"{self._seed}:{purpose}:{self._steps}").getrandbits(64)
        return np.random.default_rng(seed)


def knowledge_gradient(posterior: Posterior, outlook: Outlook) -> Floats:
    """By how much each arm's next scores are expected to raise the best posterior mean.

    Shape (p,), in scores of 0–1; 0 where nothing is left to see (Frazier, Powell and Dayanik,
    2009, with the expectation taken by Gauss-Hermite quadrature).
    """
    worth = np.zeros(len(posterior.mean))
    open_ = np.flatnonzero(np.isfinite(outlook.noise))
    if not len(open_):
        return worth
    functionals = outlook.functionals[open_]
    covaried = posterior.covariance @ functionals.T
    variance = np.einsum("ij,ji->i", functionals, covaried) + outlook.noise[open_]
    slopes = covaried / np.sqrt(np.maximum(variance, 1e-12))
    best = (posterior.mean[:, None, None] + slopes[:, :, None] * NODES).max(axis=0)
    worth[open_] = best @ (WEIGHTS / WEIGHTS.sum()) - posterior.mean.max()
    return worth


def _draws(posterior: Posterior, count: int, generator: np.random.Generator) -> Floats:
    """Draws of all arms' true means, shape (count, p)."""
    size = len(posterior.mean)
    root = np.linalg.cholesky(posterior.covariance + 1e-8 * np.eye(size))
    return np.asarray(posterior.mean + generator.standard_normal((count, size)) @ root.T)


def _changed(arm: Arm, parameter: int, option: int) -> Arm:
    return (*arm[:parameter], option, *arm[parameter + 1 :])

"""The one checker of a run before it starts, for pages, API and command line alike."""

from __future__ import annotations

from optimizer.core.conversation.spec import Limits, ModelRef, RunSpec
from optimizer.core.optimizers import EVALUATION, OPTIMIZERS, Optimizer, optimizer_named
from optimizer.core.problems import Level, Problem, fine, problem, warning
from optimizer.core.programs.lm import Role
from optimizer.core.runs.checks import DataShape, checks_of, one_trial
from optimizer.costs import prices, spending
from optimizer.costs.money import dollars
from optimizer.costs.spending import INSTALLATION
from optimizer.jobs import model_checks
from optimizer.jobs.forecast import Forecast
from optimizer.jobs.model_checks import CheckState
from optimizer.jobs.reachable import unreachable
from optimizer.lm.door import LONGEST_NAME
from optimizer.lm.egress import AllowList, objection
from optimizer.models import Provider
from optimizer.retrieval import corpora

ORDER = (Level.PROBLEM, Level.WARNING, Level.OK)
CALLS, DOLLARS, MINUTES = "limits.calls", "limits.dollars", "limits.minutes"


def check(spec: RunSpec, data: DataShape, expected: Forecast | None) -> list[Problem]:
    """Problems first, then warnings, then what is fine.

    `data` is what is to be known of the examples: those of the spec itself are not looked at.
    `expected` is what the run would take, None while that cannot be said.
    """
    if spec.optimizer not in (EVALUATION, *OPTIMIZERS):
        known = tuple(OPTIMIZERS)
        return [problem("optimizer.unknown", "optimizer", name=spec.optimizer, known=known)]
    optimizer = optimizer_named(spec.optimizer)
    found = [
        *checks_of(spec, optimizer, data),
        *corpora.lacking(spec.namespace, spec.program),
        *unreachable(spec.namespace, spec.program),
        *_models(spec, optimizer),
    ]
    if expected is not None:
        needed = one_trial(spec, optimizer, expected.counts.baseline_calls)
        needed = needed if optimizer.searches else expected.calls[0]
        found += _limits(spec.limits, needed, expected)
        found += _months(spec, expected)
    return sorted(found, key=lambda told: ORDER.index(told.level))


def place_of(spec: RunSpec, role: Role, ref: ModelRef) -> str:
    """Where a model of the run is chosen."""
    if role is Role.EMBEDDING:
        return "models.embedding"
    if role is Role.JUDGE:
        return "metric"
    own = spec.models.get(role) == ref
    if role is Role.TASK and ref in spec.further_task_models:
        return "further_task_models"
    if role is Role.TASK and not own:
        return "program"
    return f"models.{role}" if own else "further_optimizers"


def _models(spec: RunSpec, optimizer: Optimizer) -> list[Problem]:
    wanted = {ref.provider for _role, ref in spec.model_refs}
    known = {p.pk: p for p in Provider.objects.filter(pk__in=wanted, namespace=spec.namespace)}
    allowed, capped = AllowList.now(), _money_cap(spec)
    found: list[Problem] = []
    if spec.further_optimizers and not optimizer.compares_writers:
        others = tuple(name for name, other in OPTIMIZERS.items() if other.compares_writers)
        called = problem(f"optimizer.{optimizer.name}")
        told = problem("models.one_writes", "further_optimizers", optimizer=called, others=others)
        found.append(told)
    if spec.embedding and not (spec.settings.nearest_demos and optimizer.uses_demos):
        found.append(warning("models.embeds_nothing", "models.embedding"))
    tested: set[int] = set()
    for role, ref in spec.model_refs:
        place, provider = place_of(spec, role, ref), known.get(ref.provider)
        if len(ref.model) > LONGEST_NAME:
            found.append(problem("models.long_name", place, name=ref.model[:40], most=LONGEST_NAME))
        elif provider is None:
            found.append(problem("models.provider_gone", place, role=role.value))
        else:
            found += _model(provider, ref, place, allowed, capped)
            found += _tested(provider, place) if provider.pk not in tested else []
            tested.add(provider.pk)
    return _once(found)


def _model(
    provider: Provider, ref: ModelRef, place: str, allowed: AllowList, capped: str
) -> list[Problem]:
    """What would be refused before anything is sent."""
    why = objection(provider, ref.model, allowed)
    if why:
        return [problem("models.objection", place, provider=provider.name, why=why)]
    if capped and prices.price_of(provider, ref.model) is None:
        return [prices.unknown(provider, ref.model, capped)]
    return []


def _tested(provider: Provider, place: str) -> list[Problem]:
    test = model_checks.latest(provider)
    if test.state is CheckState.FAILED:
        return [problem("models.test_failed", place, provider=provider.name, why=test.message)]
    if not test.as_asked:
        return [warning("models.otherwise", place, provider=provider.name, why=test.message)]
    if test.state is CheckState.WORKS:
        return [fine("models.works", place, provider=provider.name)]
    if provider.kind == Provider.Kind.EMBEDDED:
        return []
    return [warning("models.untested", place, provider=provider.name)]


def _once(found: list[Problem]) -> list[Problem]:
    """Two roles of one model have the same problems; they are told at the first."""
    said: list[tuple[str, object]] = []
    kept = []
    for told in found:
        if (told.code, told.values) not in said:
            said.append((told.code, told.values))
            kept.append(told)
    return kept


def _money_cap(spec: RunSpec) -> str:
    """Whose cap in dollars the run would have to keep to: its own, that of a month's scope, or ""
    for none.
    """
    if spec.limits.max_cost is not None:
        return prices.OF_RUN
    return spending.money_cap_above(spec.namespace)


def _limits(limits: Limits, needed: int, expected: Forecast) -> list[Problem]:
    """Caps below which nothing can be found, and those that may end the run early."""
    found = []
    if limits.max_calls is not None:
        if limits.max_calls < needed:
            counts = {"needed": needed, "cap": limits.max_calls}
            found.append(problem("limits.few_calls", CALLS, **counts))
        else:
            told = problem("limit.calls", n=limits.max_calls)
            found += _early(CALLS, limits.max_calls, expected.calls, told)
    if limits.max_cost is not None:
        if limits.max_cost <= 0:
            found.append(problem("limits.no_dollars", DOLLARS))
        elif expected.cost is not None:
            told = problem("limit.dollars", amount=dollars(limits.max_cost))
            found += _early(DOLLARS, limits.max_cost, expected.cost, told)
    elif expected.cost is None:
        found.append(warning("limits.price_unknown", DOLLARS))
    if limits.max_seconds is not None:
        if limits.max_seconds <= 0:
            found.append(problem("limits.no_seconds", MINUTES))
        elif expected.seconds is not None:
            told = problem("limit.minutes", n=limits.max_seconds // 60)
            found += _early(MINUTES, limits.max_seconds, expected.seconds, told)
    return found


def _early(place: str, limit: int, ends: tuple[float, float], told: Problem) -> list[Problem]:
    """A warning where a limit is below the upper end of what is expected."""
    if limit >= ends[1]:
        return []
    if limit < ends[0]:
        return [warning("limits.will_end_early", place, limit=told)]
    return [warning("limits.may_end_early", place, limit=told)]


def _months(spec: RunSpec, expected: Forecast) -> list[Problem]:
    """Whether the run fits in what monthly caps leave: the project's, the installation's above it.

    One for dollars and one for calls at most: of the cap that leaves less.
    """
    months = [(scope, spending.standing(scope)) for scope in (spec.namespace, INSTALLATION)]
    found = []
    money = [(m.cost_left, m.caps.cost or 0, s) for s, m in months if m.cost_left is not None]
    calls = [(m.calls_left, m.caps.calls or 0, s) for s, m in months if m.calls_left is not None]
    if money and expected.cost is not None:
        left, cap, scope = min(money)
        if _is_short(left, expected.cost, spec.limits.max_cost):
            found.append(_short(DOLLARS, scope, dollars(left), dollars(cap)))
    if calls:
        left, cap, scope = min(calls)
        if _is_short(left, expected.calls, spec.limits.max_calls):
            told = (problem("limit.calls", n=n) for n in (left, cap))
            found.append(_short(CALLS, scope, *told))
    return found


def _short(place: str, scope: str, left: str | Problem, cap: str | Problem) -> Problem:
    if scope == INSTALLATION:
        return warning("month.short_installation", place, left=left, cap=cap)
    return warning("month.short_project", place, left=left, cap=cap)


def _is_short(left: int, ends: tuple[int, int], own: int | None) -> bool:
    """Whether the run may take more: never more than its own cap."""
    return left < (ends[1] if own is None else min(ends[1], own))

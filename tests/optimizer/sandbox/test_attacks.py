"""Nothing that a metric's code does reaches anything outside, hangs, or ends the worker."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from optimizer.core.programs.steps import CodeAnswer, RunCode
from optimizer.sandbox.jail import ANSWER, SECONDS, SOURCE, Jail, why_closed
from tests.optimizer.sandbox.attacks import AMPLIFIERS, BOMBS, ENDLESS, ESCAPES

ARGUMENTS = {"example": {"a": "x"}, "prediction": {"a": "x"}, "trace": []}
PATIENCE = SECONDS + 6.0  # two of them at a time on a busy machine


@pytest.fixture(scope="module")
def jail() -> Iterator[Jail]:
    assert why_closed() == ""
    made = Jail()
    yield made
    made.close()


def run(jail: Jail, body: str) -> CodeAnswer:
    source = f"def metric(example, prediction, trace):\n    {body}\n"
    return jail.run(RunCode(source, "metric", ARGUMENTS))


def well(jail: Jail) -> bool:
    """Whether the next call is answered as ever."""
    return run(jail, "return example['a'] == prediction['a']").value is True


def all_at_once(jail: Jail, attacks: Mapping[str, str]) -> dict[str, tuple[CodeAnswer, float]]:
    def tried(body: str) -> tuple[CodeAnswer, float]:
        begun = time.monotonic()
        return run(jail, body), time.monotonic() - begun

    with ThreadPoolExecutor(2) as threads:
        return dict(zip(attacks, threads.map(tried, attacks.values()), strict=True))


def test_nothing_gets_out(jail: Jail, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEY", "do-not-tell")
    for name, (answer, _) in all_at_once(jail, ESCAPES).items():
        told = str(answer.value)
        assert "root:" not in told, name
        assert "do-not-tell" not in told, name
        assert "uid=" not in told, name
    assert list(tmp_path.iterdir()) == []
    assert not Path("/PWNED").exists()
    assert well(jail)


@pytest.mark.parametrize("name", [
    "os.system", "os.popen", "subprocess", "read a file", "write a file", "pathlib writes",
    "socket", "urllib", "dunder import", "ctypes", "a module is returned", "a function is returned",
])  # fmt: skip
def test_what_would_reach_outside_is_a_problem_and_no_score(jail: Jail, name: str) -> None:
    assert run(jail, ESCAPES[name]).problem is not None


def test_nothing_takes_more_than_it_may(jail: Jail) -> None:
    for name, (answer, seconds) in all_at_once(jail, AMPLIFIERS).items():
        assert seconds < PATIENCE, name
        assert answer.problem is not None or len(str(answer.value)) <= ANSWER, name
    assert well(jail)


def test_nothing_goes_on_for_ever(jail: Jail) -> None:
    for name, (answer, seconds) in all_at_once(jail, ENDLESS).items():
        assert seconds < PATIENCE, name
        assert answer.problem is not None or answer.value in (False, True, 1.0), name
    assert well(jail)


@pytest.mark.parametrize("name", BOMBS)
def test_a_source_that_is_a_bomb_is_a_problem(jail: Jail, name: str) -> None:
    answer = jail.run(RunCode(f"x = {BOMBS[name]}\ndef metric(): return 1", "metric", {}))
    assert answer.problem is not None or answer.value == 1
    assert jail.check(f"x = {BOMBS[name]}\n", "metric", []) != []
    assert well(jail)


def test_a_source_that_is_too_long_is_not_looked_at(jail: Jail) -> None:
    answer = jail.run(RunCode("#" * (SOURCE + 1), "metric", {}))
    assert answer.problem is not None
    assert answer.problem.code == "code.long"


def test_nothing_is_left_of_an_earlier_call(jail: Jail) -> None:
    source = "kept = []\ndef metric():\n    kept.append(1)\n    return len(kept)\n"
    assert [jail.run(RunCode(source, "metric", {})).value for _ in range(3)] == [1, 1, 1]


def test_it_is_the_same_each_time(jail: Jail) -> None:
    body = "import random, time\n    return [random.random(), time.monotonic() * 0]"
    assert run(jail, body).value == run(jail, body).value


@pytest.mark.parametrize("told", ["float('nan')", "float('inf')", "object()", "{1, 2}", "b'x'"])
def test_what_is_no_plain_value_is_a_problem(jail: Jail, told: str) -> None:
    assert run(jail, f"return {told}").problem is not None


def test_what_comes_back_is_what_was_returned(jail: Jail) -> None:
    assert run(jail, "return (0.5, 'half')").value == [0.5, "half"]
    assert run(jail, "return {'a': 1, 'ü': True}").value == {"a": 1, "ü": True}


def test_a_fault_is_told_with_its_line(jail: Jail) -> None:
    answer = run(jail, "x = 1\n    return example['b']")
    assert answer.problem is not None
    assert (answer.problem.code, answer.problem.values["line"]) == ("code.failed", 3)
    assert "KeyError" in str(answer.problem.values["why"])


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        ("def metric(example, prediction, trace):\n    return missing\n", "code.typing", 2),
        ("def metric(example, prediction, trace)\n    return 1\n", "code.typing", 1),
        ("def judge(example, prediction, trace):\n    return 1\n", "code.no_function", None),
        ("x = 1 / 0\ndef metric(example, prediction, trace):\n    return 1\n", "code.failed", 1),
    ],
)
def test_a_source_is_checked_before_it_is_kept(
    jail: Jail, source: str, code: str, line: int | None
) -> None:
    (fault,) = jail.check(source, "metric", ["example", "prediction", "trace"])
    assert (fault.code, fault.values.get("line")) == (code, line)


def test_a_sound_source_has_no_fault(jail: Jail) -> None:
    source = (
        "import re\n\ndef words(text):\n    return re.findall(r'\\w+', text.lower())\n\n"
        "def metric(example, prediction, trace):\n"
        "    wanted, given = set(words(example['a'])), set(words(prediction['a']))\n"
        "    return len(wanted & given) / max(len(wanted), 1)\n"
    )
    assert jail.check(source, "metric", ["example", "prediction", "trace"]) == []
    assert jail.run(RunCode(source, "metric", ARGUMENTS)).value == 1.0

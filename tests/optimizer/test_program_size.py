"""A program file is refused before anything is done with what nobody draws."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from optimizer.core.problems import Refused
from optimizer.files.program_file import MOST_FAULTS, read
from optimizer.files.program_size import MOST_CALLS, MOST_FIELDS
from tests.fakes.telling import all_told, places

SIZE = 250_000  # bytes
SECONDS = 5.0  # of the processor; here the slowest takes 0.2
SIGNATURE = {"inputs": [{"name": "a"}], "outputs": [{"name": "b"}]}
MODULE = {"name": "m", "signature": SIGNATURE}
CALL = {"name": "c", "module": "m", "inputs": {"a": "input.a"}}
PROGRAM: dict[str, Any] = {
    "name": "x", "inputs": [{"name": "a"}], "modules": [MODULE], "calls": [CALL],
    "outputs": {"o": "c.b"},
}  # fmt: skip


def module(**keys: Any) -> dict[str, Any]:
    return {"modules": [{**MODULE, **keys}]}


def named(count: int, **rest: Any) -> list[dict[str, Any]]:
    return [{"name": f"n{number}", **rest} for number in range(count)]


def chain(length: int) -> list[dict[str, Any]]:
    first = {**CALL, "name": "c0"}
    return [
        first,
        *({**CALL, "name": f"c{n}", "inputs": {"a": f"c{n - 1}.b"}} for n in range(1, length)),
    ]


HOSTILE: dict[str, Callable[[], dict[str, Any]]] = {
    "unknown keys": lambda: {f"k{n}": 1 for n in range(SIZE // 10)},
    "inputs": lambda: {"inputs": named(SIZE // 16)},
    "inputs of one name": lambda: {"inputs": [{"name": "a"}] * (SIZE // 15)},
    "modules": lambda: {"modules": named(SIZE // 90, signature=SIGNATURE)},
    "modules that are none": lambda: {"modules": [1] * (SIZE // 3)},
    "a chain of calls": lambda: {"calls": chain(SIZE // 50)},
    "calls beside one another": lambda: {"calls": named(SIZE // 50, module="m", inputs={})},
    "outputs": lambda: {"outputs": {f"o{n}": "c.b" for n in range(SIZE // 14)}},
    "wires of one call": lambda: {
        "calls": [{**CALL, "inputs": {f"a{n}": "input.a" for n in range(SIZE // 20)}}]
    },
    "demos": lambda: module(demos=[{"values": {"a": "x", "b": "y"}}] * (SIZE // 40)),
    "values of a demo": lambda: module(demos=[{"values": {f"v{n}": 1 for n in range(SIZE // 10)}}]),
    "locked phrases": lambda: module(
        signature={**SIGNATURE, "instruction": "x" * (SIZE // 2)}, locked=["xy"] * (SIZE // 12)
    ),
    "choices": lambda: {
        "inputs": [{"name": "a", "type": "choice", "choices": [f"{n}" for n in range(SIZE // 8)]}]
    },
    "names of nothing in an instruction": lambda: module(
        signature={
            "inputs": named(MOST_FIELDS, description="d"),
            "outputs": SIGNATURE["outputs"],
            "instruction": "".join(f"{{k{n}}}" for n in range(SIZE // 8)),
        }
    ),
    "characters that cannot be stored": lambda: {"more": ["\0"] * (SIZE // 9)},
    "one long name": lambda: {"inputs": [{"name": "a b" * (SIZE // 3)}]},
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_or_read_at_once_and_in_few_words(case: str) -> None:
    text = json.dumps({**PROGRAM, **HOSTILE[case]()})
    started = time.thread_time()
    try:
        told = all_told(read(text).problems())
    except Refused as refused:
        told = all_told(refused)
        most = MOST_FAULTS + 1
    else:
        most = 2 * MOST_FIELDS
    assert len(told) <= most
    assert time.thread_time() - started < SECONDS
    assert 0 < len("".join(told)) < SIZE / 2


def test_one_key_written_again_and_again_is_told_once() -> None:
    started = time.thread_time()
    with pytest.raises(Refused) as refused:
        read("{" + '"a":1,' * (SIZE // 6) + '"b":1}')
    assert time.thread_time() - started < SECONDS
    assert all_told(refused.value) == ["The key “a” is written twice in one object."]


def test_what_is_too_much_is_told_with_its_place_and_the_limit() -> None:
    with pytest.raises(Refused) as refused:
        read(json.dumps({**PROGRAM, "calls": chain(MOST_CALLS + 1), **module(demos=[{}] * 501)}))
    assert places(refused.value) == [
        ("calls", "it holds 101 entries; up to 100 are taken."),
        ("modules[0].demos", "it holds 501 entries; up to 500 are taken."),
    ]


def test_inputs_that_could_be_connected_with_too_many_outputs_are_refused() -> None:
    wide = {"inputs": named(20), "outputs": [{"name": f"o{n}"} for n in range(20)]}
    calls = [{"name": f"c{n}", "module": "m", "inputs": {}} for n in range(30)]
    with pytest.raises(Refused) as refused:
        read(json.dumps({**PROGRAM, **module(signature=wide), "calls": calls}))

    assert "have 1,202 inputs and outputs; up to 800" in all_told(refused.value)[0]


def test_a_program_of_two_steps_for_the_widest_dataset_is_read() -> None:
    names = named(MOST_FIELDS)
    step = {"inputs": names, "outputs": [{"name": "b"}]}
    wires = {field["name"]: f"input.{field['name']}" for field in names}
    calls = [{"name": f"c{n}", "module": "m", "inputs": wires} for n in range(2)]
    program = {**PROGRAM, **module(signature=step), "inputs": names, "calls": calls}
    assert read(json.dumps({**program, "outputs": {"o": "c1.b"}})).problems() == []

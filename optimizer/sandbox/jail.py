"""Users' code runs here and nowhere else: in jailed interpreters, each use in a session of its own.

Two walls: an interpreter of Python that knows no files, no network and no processes (Monty), and
around it a process without rights (launcher.py). Where the second cannot be had, no code runs.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock

import pydantic_monty as monty

from optimizer.core.problems import Problem, problem
from optimizer.core.programs.steps import CodeAnswer, RunCode

SECONDS, MEMORY, DEPTH, CALLS_OUT = 1.0, 64 * 2**20, 200, 50
"""What one use of a function may take, and how often it may ask for anything outside."""
GRACE = 0.5  # seconds that the interpreter has to end by itself
SOURCE, ANSWER, GIVEN = 64 * 2**10, 256 * 2**10, 2**20  # characters of source, answer and arguments
WAIT_SECONDS = 30.0
USES_OF_A_WORKER = 500
AT_ONCE = 4
WORDS = 300  # of an error, in characters

_SOURCE_FEED = "<python-input-1>"
_TOLD = """
import json as _json

def _told(value, dumps=_json.dumps):
    return dumps(value)
"""
_PLACE = re.compile(r"--> [^:]+:(\d+):(\d+)")
_LIMITS: monty.ResourceLimits = {
    "max_feed_duration_secs": SECONDS,
    "max_memory": MEMORY,
    "max_recursion_depth": DEPTH,
    "max_suspensions": CALLS_OUT,
}
# The same each time: no clock, no luck, no waiting.
_POLICY: monty.OSPolicy = {"sleep": "zero", "random_start": {"seed": 0}}


class Jail:
    """A pool of jailed interpreters; threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pool: monty.Monty | None = None

    def run(self, asked: RunCode) -> CodeAnswer:
        """Call the function once, with nothing left of earlier calls. Never raises for what the
        code does: that is told in the answer's `problem`.
        """
        too_much = _excess(asked)
        if too_much is not None:
            return CodeAnswer(problem=too_much)
        closed = why_closed()
        if closed:
            return CodeAnswer(problem=problem("code.closed", why=closed))
        # By place, under names of ours: no argument takes the place of what the source calls so.
        given = {f"_given_{n}": value for n, value in enumerate(asked.arguments.values())}
        call = f"_told({asked.function}({', '.join(given)}))"
        try:
            with self._checkout() as session:
                session.feed_run(_TOLD)
                session.feed_run(asked.source, print_callback=monty.CollectString())
                told = session.feed_run(call, inputs=given, print_callback=monty.CollectString())
        except monty.MontyError as error:
            return CodeAnswer(problem=_fault_of(error))
        except TimeoutError:
            return CodeAnswer(problem=problem("code.busy"))
        return _read(told)

    def check(self, source: str, function: str, arguments: Sequence[str]) -> list[Problem]:
        """What is wrong with a source before it is ever used: with line and column."""
        if len(source) > SOURCE:
            return [problem("code.long", most=SOURCE)]
        closed = why_closed()
        if closed:
            return [problem("code.closed", why=closed)]
        try:
            with self._checkout(type_check=True) as session:
                session.feed_run(_TOLD)
                session.feed_run(source, print_callback=monty.CollectString())
                fits = _is_used(session, function, arguments)
            with self._checkout() as session:
                session.feed_run(source, print_callback=monty.CollectString())
                session.feed_run(f"{function} and 1")
            if not fits:
                return [_no_function(function, arguments)]
        except monty.MontyTypingError as error:
            return [_typing_fault(error)]
        except monty.MontyRuntimeError as error:
            if f"name '{function}' is not defined" in str(error):
                return [_no_function(function, arguments)]
            return [_fault_of(error)]
        except monty.MontyError as error:
            return [_fault_of(error)]
        except TimeoutError:
            return [problem("code.busy")]
        return []

    def _checkout(self, *, type_check: bool = False) -> monty.MontySession:
        with self._lock:
            if self._pool is None:
                self._pool = monty.Monty(
                    binary_path=launcher(),
                    min_processes=1,
                    max_processes=min(os.cpu_count() or 1, AT_ONCE),
                    checkout_timeout=WAIT_SECONDS,
                    request_timeout=SECONDS + 2,
                    max_checkouts_per_worker=USES_OF_A_WORKER,
                    feed_duration_limit_grace=GRACE,
                ).__enter__()
        return self._pool.checkout(
            script_name="code.py", limits=_LIMITS, type_check=type_check, os_policy=_POLICY,
            type_check_format="full",
        )  # fmt: skip

    def close(self) -> None:
        """End the interpreters."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.__exit__(None, None, None)


_JAIL = Jail()


def jail() -> Jail:
    """The process's own."""
    return _JAIL


# --- The way in -----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def launcher() -> Path:
    """An executable that becomes the jailed interpreter, in a folder of this process's own."""
    folder = Path(tempfile.mkdtemp(prefix="promptlab-jail-"))
    script = folder / "interpreter"
    words = [sys.executable, "-I", str(Path(__file__).with_name("launcher.py")), _binary()]
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    script.chmod(0o700)
    return script


def _binary() -> str:
    """The interpreter, which comes as a program beside Python's own."""
    return str(Path(sys.executable).parent / "monty")


_PROBES = {
    "a file was written": "open('promptlab-probe', 'w')",
    "a socket was opened": "__import__('socket').socket()",
    "a program was started": "__import__('os').execv('/bin/true', ['true'])",
    "a process was made": "__import__('os').fork()",
}


@lru_cache(maxsize=1)
def why_closed() -> str:
    """Why no code can run here: the jail does not hold, which is tried once a process; "" where it
    does.
    """
    if not Path(_binary()).exists():
        return "its interpreter has no build for this platform"
    here = str(Path(__file__).parent)
    for fault, attempt in _PROBES.items():
        script = (
            f"import sys; sys.path.insert(0, {here!r}); import launcher, socket, os\n"
            f"launcher.confine()\ntry:\n    {attempt}\nexcept OSError:\n    os._exit(7)\n"
            "os._exit(0)"
        )
        ended = subprocess.run(
            [sys.executable, "-I", "-c", script],
            cwd=tempfile.gettempdir(), env={}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ended.returncode == 0:
            return f"{fault} in it"
        if ended.returncode > 0 and ended.returncode != 7:
            return (ended.stderr.strip().splitlines() or ["it does not start"])[-1]
    return ""


# --- The way out ----------------------------------------------------------------------------------


def _excess(asked: RunCode) -> Problem | None:
    if len(asked.source) > SOURCE:
        return problem("code.long", most=SOURCE)
    if len(json.dumps(asked.arguments, default=str)) > GIVEN:
        return problem("code.much_given", most=GIVEN)
    return None


def _read(told: object) -> CodeAnswer:
    """What came out is a text by our own hand, or not believed at all."""
    if type(told) is not str or len(told) > ANSWER:
        return CodeAnswer(problem=problem("code.much_told", most=ANSWER))
    try:
        return CodeAnswer(json.loads(told, parse_constant=_no_number))
    except (ValueError, RecursionError):
        return CodeAnswer(problem=problem("code.odd_answer"))


def _no_number(name: str) -> float:
    raise ValueError(name)


def _fault_of(error: monty.MontyError) -> Problem:
    """What the code did, in the words of its language, and where."""
    if isinstance(error, monty.MontyTypingError):
        return _typing_fault(error)
    if isinstance(error, monty.MontyCrashedError):
        return problem("code.slow", seconds=SECONDS) if error.timed_out else problem("code.ended")
    said = str(error)
    if said.startswith("TimeoutError: feed time limit"):
        return problem("code.slow", seconds=SECONDS)
    if said.startswith("MemoryError: memory limit"):
        return problem("code.large", mib=MEMORY // 2**20)
    if isinstance(error, monty.MontySyntaxError):
        said = f"SyntaxError: {said}"
    line = _line_of(error)
    why = said[:WORDS]
    return problem("code.failed", line=line, why=why) if line else problem("code.odd", why=why)


def _line_of(error: monty.MontyError) -> int:
    """The last line of the user's own source that was being run, 0 where none is known."""
    frames = error.traceback() if hasattr(error, "traceback") else []
    lines = [frame.line for frame in frames if frame.filename == _SOURCE_FEED]
    if not lines and isinstance(error, monty.MontySyntaxError):
        lines = [frame.line for frame in frames]
    return lines[-1] if lines else 0


def _typing_fault(error: monty.MontyTypingError) -> Problem:
    said = str(error)
    place = _PLACE.search(said)
    why = said.splitlines()[0].partition(": ")[2][:WORDS]
    line, column = (int(place[1]), int(place[2])) if place else (0, 0)
    return problem("code.typing", line=line, column=column, why=why)


def _is_used(session: monty.MontySession, function: str, arguments: Sequence[str]) -> bool:
    """Whether the function takes these arguments: a use of it is checked, and never made."""
    given = [f"_{number}" for number in range(len(arguments))]
    taken = ", ".join(f"{name}: Any" for name in given)
    use = (
        f"from typing import Any\ndef _used({taken}):\n    return {function}({', '.join(given)})\n"
    )
    try:
        session.feed_run(use)
    except monty.MontyTypingError:
        return False
    return True


def _no_function(function: str, arguments: Sequence[str]) -> Problem:
    return problem("code.no_function", wanted=f"def {function}({', '.join(arguments)}):")

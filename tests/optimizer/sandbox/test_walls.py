"""The process around the interpreter has no rights: what a fault of the interpreter could do."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from optimizer.core.programs.steps import RunCode
from optimizer.sandbox import jail as jail_module
from optimizer.sandbox.jail import Jail, why_closed
from optimizer.sandbox.launcher import filter_for

FOLDER = str(Path(jail_module.__file__).parent)
KILLED = -31  # SIGSYS
PROBES = {
    "a socket": ("socket.socket()", 7),
    "a pair of sockets": ("socket.socketpair()", KILLED),
    "writing a file": ("open('promptlab-probe', 'w')", 7),
    "adding to a file": ("open('/etc/hostname', 'a')", 7),
    "a file by its descriptor": ("os.open('promptlab-probe', os.O_CREAT | os.O_RDWR)", 7),
    "a folder": ("os.mkdir('promptlab-probe')", 7),
    "taking a file away": ("os.unlink('/etc/hostname')", 7),
    "another name": ("os.rename('/etc/hostname', '/etc/x')", 7),
    "rights of a file": ("os.chmod('/etc/hostname', 0o777)", 7),
    "a link": ("os.symlink('/etc/hostname', 'promptlab-probe')", KILLED),
    "a process": ("os.fork()", KILLED),
    "a program": ("os.execv('/bin/true', ['true'])", 7),
    "a signal": ("os.kill(1, 0)", 7),
    "knowing its parent": ("os.getppid()", KILLED),
    "being root again": ("os.setuid(0)", 7),
    "its parent's environment": ("open('/proc/1/environ').read()", 7),
    "more memory": ("bytearray(2 * 2**30)", 8),
    "more files": ("resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))", 7),
    "a trace of another": ("ctypes.CDLL(None).ptrace(16, 1, 0, 0) == -1 and 1/0", 9),
    "mounting": ("ctypes.CDLL(None).mount(b'x', b'/', b'tmpfs', 0, None)", KILLED),
    "a new namespace": ("ctypes.CDLL(None).unshare(0x10000000)", KILLED),
    "the kernel's keys": ("ctypes.CDLL(None).syscall(250, 0, 0)", KILLED),
    "a program in the kernel": ("ctypes.CDLL(None).syscall(321, 0, 0, 0)", KILLED),
}  # fmt: skip


@pytest.mark.parametrize("name", PROBES)
def test_a_process_without_rights_cannot_do_it(name: str, tmp_path: Path) -> None:
    attempt, wanted = PROBES[name]
    script = (
        f"import sys; sys.path.insert(0, {FOLDER!r})\n"
        "import ctypes, launcher, os, resource, socket\n"
        "launcher.confine()\n"
        f"try:\n    {attempt}\n"
        "except (OSError, ValueError): os._exit(7)\nexcept MemoryError: os._exit(8)\n"
        "except ZeroDivisionError: os._exit(9)\nos._exit(0)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-I", "-c", script], cwd=tmp_path, capture_output=True, check=False
    )
    assert ended.returncode == wanted, ended.stderr.decode()
    assert list(tmp_path.iterdir()) == []


def test_the_interpreter_itself_runs_behind_them() -> None:
    made = Jail()
    assert made.run(RunCode("def f(): return 1", "f", {})).value == 1
    found = [
        status
        for status in _statuses_of_children()
        if "Name:\tmonty" in status
    ]  # fmt: skip
    made.close()
    assert found
    for status in found:
        assert "Seccomp:\t2" in status
        assert "NoNewPrivs:\t1" in status
        assert "CapEff:\t0000000000000000" in status
        assert "Uid:\t0" not in status


def _statuses_of_children() -> list[str]:
    here = f"PPid:\t{os.getpid()}\n"
    found = []
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            status = path.read_text()
        except OSError:
            continue
        if here in status:
            found.append(status)
    return found


def test_where_the_walls_do_not_hold_no_code_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jail_module, "why_closed", lambda: "a socket was opened in it")
    made = Jail()
    answer = made.run(RunCode("def f(): return 1", "f", {}))
    assert answer.value is None
    assert answer.problem is not None
    assert answer.problem.code == "code.closed"
    assert [p.code for p in made.check("def f(): return 1", "f", [])] == ["code.closed"]


def test_a_wall_that_lets_something_through_is_found_before_any_code_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(jail_module, "_PROBES", {"a process knew its own number": "os.getpid()"})
    why_closed.cache_clear()
    try:
        assert why_closed() == "a process knew its own number in it"
    finally:
        why_closed.cache_clear()


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_list_is_closed_for_every_machine(machine: str) -> None:
    rules = filter_for(machine)
    assert rules[-1] == (0x06, 0, 0, 0x80000000)
    assert len(rules) < 4096
    assert platform.machine() in ("x86_64", "aarch64")

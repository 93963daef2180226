"""The jail around the interpreter of users' code: `python -I launcher.py BINARY [arguments]`.

Standard library only, run in a process of its own that becomes the interpreter: limits, no rights,
a closed list of system calls. What a fault of the interpreter could then do: compute, and read what
everybody may read. Linux on x86-64 and ARM; elsewhere it refuses, and no code runs.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
import sys
from collections.abc import Sequence

MEMORY = 1 << 30  # bytes of address space
FILES = 32
NOBODY = 65534

# linux/prctl.h, linux/seccomp.h, linux/filter.h
_SET_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER, _SET_DUMPABLE = 38, 22, 2, 4
_LOAD, _JUMP_IF, _JUMP_IF_BITS, _AND, _RETURN = 0x20, 0x15, 0x45, 0x54, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_REFUSE = 0x00050000  # with an errno
_EPERM, _ENOSYS = 1, 38
_NUMBER, _ARCHITECTURE, _FIRST, _SECOND, _THIRD, _FIFTH = 0, 4, 16, 24, 32, 48
_WRITING = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND
_THREAD = 0x00010000  # CLONE_THREAD
_EMPTY_PATH = 0x1000  # AT_EMPTY_PATH: the file that is open already, no other by its path
_NAME_THREAD = 15  # PR_SET_NAME

# x86-64 and aarch64 numbers of what computing takes; None: the machine has no such call.
_CALLS: dict[str, tuple[int | None, int | None]] = {
    "read": (0, 63), "write": (1, 64), "close": (3, 57), "fstat": (5, 80), "lseek": (8, 62),
    "poll": (7, None), "ppoll": (271, 73), "mmap": (9, 222), "mprotect": (10, 226),
    "munmap": (11, 215), "brk": (12, 214), "mremap": (25, 216), "madvise": (28, 233),
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132), "pread64": (17, 67), "readv": (19, 65), "writev": (20, 66),
    "sched_yield": (24, 124), "nanosleep": (35, 101), "clock_nanosleep": (230, 115),
    "getpid": (39, 172), "gettid": (186, 178), "exit": (60, 93), "exit_group": (231, 94),
    "uname": (63, 160), "fcntl": (72, 25), "getcwd": (79, 17), "readlink": (89, None),
    "readlinkat": (267, 78), "getuid": (102, 174), "getgid": (104, 176), "geteuid": (107, 175),
    "getegid": (108, 177), "sysinfo": (99, 179), "arch_prctl": (158, None), "futex": (202, 98),
    "sched_getaffinity": (204, 123), "set_tid_address": (218, 96), "clock_gettime": (228, 113),
    "clock_getres": (229, 114), "newfstatat": (262, 79), "statx": (332, 291),
    "set_robust_list": (273, 99), "getrandom": (318, 278), "rseq": (334, 293),
    "epoll_create1": (291, 20), "epoll_ctl": (233, 21), "epoll_wait": (232, None),
    "epoll_pwait": (281, 22), "eventfd2": (290, 19), "pipe2": (293, 59), "membarrier": (324, 283),
    "restart_syscall": (219, 128), "getrlimit": (97, 163),
}  # fmt: skip
# What is asked for on the way and can do without; told instead of killed for.
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "open": (2, None), "access": (21, None), "faccessat": (269, 48), "faccessat2": (439, 439),
    "ioctl": (16, 29), "socket": (41, 198), "connect": (42, 203), "kill": (62, 129),
    "tgkill": (234, 131), "tkill": (200, 130), "ptrace": (101, 117), "execve": (59, 221),
    "unlink": (87, None), "unlinkat": (263, 35), "mkdir": (83, None), "mkdirat": (258, 34),
    "rename": (82, None), "chmod": (90, None), "chdir": (80, 49), "setuid": (105, 146),
    "setrlimit": (160, 164), "sched_setaffinity": (203, 122), "getdents64": (217, 61),
}  # fmt: skip
_OPENAT, _EXECVEAT, _CLONE, _CLONE3 = (257, 56), (322, 281), (56, 220), (435, 435)
_PRCTL, _PRLIMIT = (157, 167), (302, 261)
_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

Instruction = tuple[int, int, int, int]


def filter_for(machine: str) -> list[Instruction]:
    """The closed list of system calls: what is on no list ends the process."""
    architecture, column = _MACHINES[machine]
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_IF, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]

    def when(number: int | None, then: Sequence[Instruction]) -> None:
        if number is not None:
            program.append((_JUMP_IF, 0, len(then), number))
            program.extend(then)

    for numbers in _CALLS.values():
        when(numbers[column], [(_RETURN, 0, 0, _ALLOW)])
    for numbers in _REFUSED.values():
        when(numbers[column], [(_RETURN, 0, 0, _REFUSE | _EPERM)])
    when(_CLONE3[column], [(_RETURN, 0, 0, _REFUSE | _ENOSYS)])
    when(_OPENAT[column], _unless_any(_THIRD, _WRITING))
    when(_CLONE[column], _only_with(_FIRST, _THREAD, _KILL))
    when(_EXECVEAT[column], _only_with(_FIFTH, _EMPTY_PATH, _REFUSE | _EPERM))
    when(_PRCTL[column], _only_equal(_FIRST, _NAME_THREAD))
    when(_PRLIMIT[column], _only_equal(_THIRD, 0))  # asking for a limit, setting none
    return [*program, (_RETURN, 0, 0, _KILL)]


def _unless_any(argument: int, bits: int) -> list[Instruction]:
    return [
        (_LOAD, 0, 0, argument),
        (_JUMP_IF_BITS, 0, 1, bits),
        (_RETURN, 0, 0, _REFUSE | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _only_with(argument: int, bit: int, otherwise: int) -> list[Instruction]:
    return [
        (_LOAD, 0, 0, argument),
        (_JUMP_IF_BITS, 1, 0, bit),
        (_RETURN, 0, 0, otherwise),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _only_equal(argument: int, value: int) -> list[Instruction]:
    return [
        (_LOAD, 0, 0, argument),
        (_JUMP_IF, 1, 0, value),
        (_RETURN, 0, 0, _REFUSE | _EPERM),
        (_RETURN, 0, 0, _ALLOW),
    ]


def confine(memory: int = MEMORY) -> None:
    """Give up all rights that this process has; there is no way back.

    Raises:
        OSError: the machine cannot do it; nothing of somebody else's may run then.
    """
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _MACHINES:
        raise OSError(f"no jail for {sys.platform} on {machine}")
    for limit, most in (
        (resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, FILES),
    ):  # fmt: skip
        resource.setrlimit(limit, (most, most))
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    libc = ctypes.CDLL(None, use_errno=True)
    _prctl(libc, _SET_NO_NEW_PRIVILEGES, 1)
    rules = filter_for(machine)
    packed = b"".join(struct.pack("HBBI", *rule) for rule in rules)
    code = ctypes.create_string_buffer(packed)
    program = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(code))
    _prctl(libc, _SET_SECCOMP, _FILTER, ctypes.create_string_buffer(program))


def _prctl(libc: ctypes.CDLL, what: int, first: int, second: object = 0) -> None:
    if libc.prctl(what, first, second, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {what} is refused")


def main() -> None:
    binary, *arguments = sys.argv[1:]
    program = os.open(binary, os.O_RDONLY | os.O_CLOEXEC)
    try:
        confine()
    except OSError as error:
        sys.exit(f"the sandbox cannot be closed here: {error}")
    os.execve(program, [binary, *arguments], {})


if __name__ == "__main__":
    main()

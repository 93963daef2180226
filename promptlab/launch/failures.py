"""What can be expected to fail on somebody's machine: told in a sentence, without a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from promptlab.launch.account import FolderOutOfReach
from promptlab.launch.binaries import NoBinaries
from promptlab.launch.checks import DatabaseUnreachable, DiskFull, PythonTooOld
from promptlab.launch.commands import StepFailed
from promptlab.launch.home import HomeNotWritable
from promptlab.launch.lock import AlreadyRuns
from promptlab.launch.ports import BadPort, PortTaken
from promptlab.launch.programs import PostgresFailed
from promptlab.launch.supervisor import Stopped

EXPECTED = (
    AlreadyRuns,
    BadPort,
    DatabaseUnreachable,
    DiskFull,
    FolderOutOfReach,
    HomeNotWritable,
    NoBinaries,
    PortTaken,
    PostgresFailed,
    PythonTooOld,
    StepFailed,
)


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Turn an expected failure into its sentence on standard error and exit status 1."""
    try:
        yield
    except EXPECTED as failure:
        sys.exit(f"promptlab: {failure}")
    except Stopped:
        return
    except KeyboardInterrupt:
        sys.exit(130)

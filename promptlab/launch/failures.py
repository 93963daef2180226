"""What can be expected to fail on somebody's machine: told in a sentence, without a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from promptlab.launch.account import FolderOutOfReach
from promptlab.launch.binaries import NoBinaries
from promptlab.launch.home import HomeNotWritable
from promptlab.launch.ports import PortTaken
from promptlab.launch.postgres import PostgresFailed

EXPECTED = (FolderOutOfReach, HomeNotWritable, NoBinaries, PortTaken, PostgresFailed)


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Turn an expected failure into its sentence on standard error and exit status 1."""
    try:
        yield
    except EXPECTED as failure:
        sys.exit(f"promptlab: {failure}")

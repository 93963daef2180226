"""What can be expected to fail on somebody's machine: told in a sentence, without a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from promptlab.launch.refusals import CannotLaunch
from promptlab.launch.supervisor import Stopped


@contextmanager
def told_in_one_sentence() -> Iterator[None]:
    """Turn an expected failure into its sentence on standard error and exit status 1."""
    try:
        yield
    except CannotLaunch as failure:
        sys.exit(f"promptlab: {failure}")
    except Stopped:
        return
    except KeyboardInterrupt:
        sys.exit(130)

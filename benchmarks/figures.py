"""Numbers and how they are told: a table for people, one last line of JSON for programs."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

# Student's t for a 95 % interval, by degrees of freedom.
T_95 = {1: 12.7, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 7: 2.36, 8: 2.31, 9: 2.26, 10: 2.23}

Figures = Mapping[str, object]


def machine() -> dict[str, object]:
    """The machine in general terms, and how busy others keep it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cores": cores,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_before": round(os.getloadavg()[0], 1),
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def spread(values: Sequence[float], digits: int = 3) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), digits),
        "p95": round(percentile(values, 0.95), digits),
        "n": len(values),
    }


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    """The ratio of pairs that were measured one after the other, with its 95 % interval."""
    logs = [math.log(a / b) for a, b in zip(ours, theirs, strict=True)]
    mean = statistics.fmean(logs)
    wide = statistics.stdev(logs) / math.sqrt(len(logs)) * T_95.get(len(logs) - 1, 2.0)
    return {
        "ratio": round(math.exp(mean), 3),
        "low": round(math.exp(mean - wide), 3),
        "high": round(math.exp(mean + wide), 3),
    }


def tell(title: str, rows: Sequence[tuple[str, str]], figures: Figures) -> None:
    """Print the table, then the figures as the last line."""
    width = max(len(name) for name, _value in rows)
    print(f"\n{title}")
    for name, value in rows:
        print(f"  {name:<{width}}  {value}")
    print(json.dumps(figures), flush=True)

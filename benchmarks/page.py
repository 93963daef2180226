"""docs/benchmarks.md: its table of figures is written from the results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from promptlab.launch.home import CHECKOUT

PAGE = CHECKOUT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"

Found = Mapping[str, Any]


def write_page(results: Found) -> None:
    """Put the figures between the page's two marks; the words around them stay."""
    text = PAGE.read_text(encoding="utf-8")
    head, _begin, rest = text.partition(BEGIN)
    _old, _end, tail = rest.partition(END)
    PAGE.write_text(f"{head}{BEGIN}\n{figures(results)}\n{END}{tail}", encoding="utf-8")


def write_part(name: str, text: str, command: str = "") -> None:
    """Put text between the page's marks of that name, which must be there and name the command."""
    command = command or f"make bench-{name}"
    begin, end = f"<!-- {name}: written by {command} -->", f"<!-- end of {name} -->"
    head, found, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    _old, ended, tail = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"docs/benchmarks.md has no place for {name}.")
    PAGE.write_text(f"{head}{begin}\n{text}\n{end}{tail}", encoding="utf-8")


def figures(results: Found) -> str:
    lines = ["| What | Measured | Command |", "|---|---|---|"]
    for name, tell in TELLERS.items():
        if name in results:
            command = f"`python -m benchmarks.bench_{name}`"
            lines += [f"| {what} | {value} | {command} |" for what, value in tell(results[name])]
    return "\n".join([*lines, "", conditions(results)])


def conditions(results: Found) -> str:
    """Where and how busy: the figures are worth no more than that."""
    machines = [found["machine"] for found in results.values()]
    one = machines[-1]
    loads = ", ".join(f"{m['load_before']}" for m in machines)
    dates = " and ".join(sorted({m["at"][:10] for m in machines}))
    return (
        f"Measured on {dates}: {one['cores']} cores, {one['system']}, Python {one['python']}; "
        f"load average before each measurement: {loads} (an idle machine has about 0)."
    )


def of_start(found: Found) -> list[tuple[str, str]]:
    warm = found["warm_start_seconds"]
    memory = "; ".join(f"{name}: {size}" for name, size in found["pss_mib"].items())
    first = found["first_start_seconds"]
    return [
        ("`make run`, warm, to the first 200", f"{warm['median']:.1f} s (slowest of {warm['n']}: "
         f"{warm['p95']:.1f} s)"),
        ("`make run`, first start, requirements installed", f"{first:.1f} s"),
        ("Ctrl-C to the end of all processes", f"{found['stop_seconds']['median']:.1f} s"),
        ("Memory after the start, MiB (PSS)", memory),
    ]  # fmt: skip


def of_calls(found: Found) -> list[tuple[str, str]]:
    rates, share = found["calls_per_second"], found["ours_to_bare"]
    at_once, seconds = found["at_once"], found["reply_seconds"]
    cpu = found["cpu_ms_per_call"]
    return [
        (f"Model calls a second, {at_once} at once, replies in {seconds} s "
         f"(perfect: {at_once / seconds:.0f})",
         f"{rates['ours']['median']} beside {rates['bare']['median']} of bare aiohttp; "
         f"ratio {share['ratio']:.2f} ({share['low']:.2f} to {share['high']:.2f})"),
        ("Processor time of the worker for a call", f"{cpu['ours']} ms beside {cpu['bare']} ms"),
    ]  # fmt: skip


def of_live(found: Found) -> list[tuple[str, str]]:
    told = found["milliseconds"]
    return [
        ("A trial stored → its row on an open page",
         f"median {told['median']:.0f} ms, 95 of 100 below {told['p95']:.0f} ms"),
    ]  # fmt: skip


def of_page(found: Found) -> list[tuple[str, str]]:
    told = found["milliseconds"]
    return [
        (f"Page of a run with {found['trials']:,} trials",
         f"median {told['median']:.0f} ms, 95 of 100 below {told['p95']:.0f} ms; "
         f"{found['queries']} queries ({found['sql_milliseconds']} ms); "
         f"{found['bytes_gzip'] / 1024:.1f} KiB packed"),
    ]  # fmt: skip


TELLERS: dict[str, Callable[[Found], list[tuple[str, str]]]] = {
    "start": of_start,
    "calls": of_calls,
    "live": of_live,
    "page": of_page,
}

"""100,000 rows become a dataset, beside polars that reads them and Postgres that COPYs them.

`make bench-import`. All is measured in one run, one file kind after the other, in processor seconds
of our processes and by the clock.
"""

from __future__ import annotations

import csv
import gc
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.figures import spread, tell
from benchmarks.import_pages import pages_meanwhile
from tests.browser.ground import database, empty_home

ROWS = 100_000
KINDS = ("csv", "jsonl", "parquet")
REPEATS = 3  # of each measurement, of which the least is told
READERS = {"csv": "read_csv", "jsonl": "read_ndjson", "parquet": "read_parquet"}
POLARS = Path(".venv-bench/bin/python")
POLARS_READS = """
import sys, time, polars
began = time.perf_counter()
getattr(polars, sys.argv[1])(sys.argv[2])
print(time.perf_counter() - began)
"""


def rows() -> list[dict[str, str]]:
    """Messages with an answer, like those of a help desk."""
    draw = random.Random(1)
    words = [f"w{draw.randrange(10**6):x}" for _ in range(5000)]
    return [
        {
            "id": f"r{n}",
            "message": " ".join(draw.choices(words, k=20)),
            "channel": draw.choice(("mail", "chat", "phone")),
            "urgency": draw.choice(("low", "high")),
            "label": draw.choice(("refund", "delivery", "praise", "other")),
        }
        for n in range(ROWS)
    ]


def write_files(folder: Path, found: list[dict[str, str]]) -> None:
    import pyarrow
    from pyarrow import parquet

    with (folder / "rows.csv").open("w", newline="") as out:
        table = csv.DictWriter(out, found[0])
        table.writeheader()
        table.writerows(found)
    with (folder / "rows.jsonl").open("w") as out:
        out.writelines(json.dumps(row) + "\n" for row in found)
    parquet.write_table(pyarrow.Table.from_pylist(found), folder / "rows.parquet")


def polars_seconds(python: Path, kind: str, file: Path) -> float:
    told = [str(python), "-c", POLARS_READS, READERS[kind], str(file)]
    return min(float(subprocess.check_output(told)) for _ in range(REPEATS))


def copy_seconds(found: list[dict[str, str]]) -> float:
    """Rows as JSON into a table of one jsonb column."""
    from django.db import connection

    lines = "".join(json.dumps(row).replace("\\", "\\\\") + "\n" for row in found)
    least = float("inf")
    for _ in range(REPEATS):
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE bench (row jsonb)")
            began = time.perf_counter()
            with cursor.copy("COPY bench FROM STDIN") as copy:
                for at in range(0, len(lines), 1 << 18):
                    copy.write(lines[at : at + (1 << 18)])
            least = min(least, time.perf_counter() - began)
            cursor.execute("DROP TABLE bench")
    return least


def import_seconds(file: Path) -> tuple[float, float]:
    """From an upload on disk to the dataset: by the clock, and of the processor."""
    from django.core.files.uploadedfile import UploadedFile

    from optimizer.datasets.mapping import guessed
    from promptlab.accounts.models import Project, User
    from promptlab.datasets import services, uploads

    by, _made = User.objects.get_or_create(email="bench@example.com")
    project, _made = Project.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    told = []
    for _ in range(REPEATS):
        began, used = time.perf_counter(), processor()
        with file.open("rb") as sent:
            given = UploadedFile(sent, file.name, size=file.stat().st_size)
            upload = uploads.receive(project, by, given, again=True)
        mapping = guessed(uploads.found_in(upload).columns)
        dataset = uploads.make_dataset(upload, by, file.name, mapping)
        told.append((time.perf_counter() - began, processor() - used))
        assert dataset.count == ROWS
        services.remove(dataset, by)
    return min(told)


def processor() -> float:
    """Seconds of this process and of those that it started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def memory(of: str) -> float:
    """MiB that this process holds ("VmRSS"), or held at most since `forget_most` ("VmHWM")."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(of)).split()[1]) / 1024


def forget_most() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    python = Path(os.environ.get("POLARS_PYTHON", POLARS))
    if not python.exists():
        sys.exit("polars is installed by `make bench-import`.")
    found = rows()
    figures: dict[str, Any] = {}
    told: list[tuple[str, str]] = []
    with empty_home() as home, database(home) as url, tempfile.TemporaryDirectory() as made:
        write_files(Path(made), found)
        copied = copy_seconds(found)
        del found
        gc.collect()
        forget_most()
        before = memory("VmRSS")
        for kind in KINDS:
            file = Path(made, f"rows.{kind}")
            read = polars_seconds(python, kind, file)
            clock, used = import_seconds(file)
            times = clock / (read + copied)
            figures[kind] = {"polars": read, "copy": copied, "ours": clock, "times": times}
            told.append(
                (
                    kind,
                    f"{clock:.2f} s ({used:.2f} s of the processor), {times:.1f} times what polars "
                    f"reads in ({read:.3f} s) and Postgres copies in ({copied:.2f} s)",
                )
            )
        figures["memory"] = memory("VmHWM") - before
        told.append(("memory of this process", f"+{figures['memory']:.0f} MiB at most"))
        idle, meanwhile = map(spread, pages_meanwhile(home, url, Path(made, "rows.csv")))
        figures["pages"] = {"idle": idle, "meanwhile": meanwhile}
        times = meanwhile["p95"] / idle["p95"]
        told.append(
            (
                "a page meanwhile",
                f"95 of 100 below {meanwhile['p95']:.0f} ms, {times:.1f} times as long as without "
                f"({idle['p95']:.0f} ms); {meanwhile['n']} visits",
            )
        )
    tell(f"{ROWS:,} rows become a dataset", told, figures)


if __name__ == "__main__":
    main()

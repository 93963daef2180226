"""How a dataset's file is read, as arguments of commands."""

from __future__ import annotations

from argparse import ArgumentParser, _ArgumentGroup
from collections.abc import Mapping
from typing import Any

from optimizer.datasets.encodings import CHOICES
from optimizer.datasets.table import Options


def add_reading_arguments(parser: ArgumentParser | _ArgumentGroup) -> None:
    parser.add_argument(
        "--encoding", default="", choices=["", *CHOICES], metavar="NAME",
        help=f"of the dataset, where the guess is wrong: {', '.join(CHOICES)}",
    )  # fmt: skip
    parser.add_argument(
        "--delimiter", default="", metavar="CHARACTER", help="between cells, or “tab”"
    )
    parser.add_argument(
        "--no-quotes", action="store_true", help="quotation marks are a part of the text"
    )
    parser.add_argument("--no-header", action="store_true", help="the first row is data")
    parser.add_argument(
        "--sheet", default="", metavar="NAME", help="of a workbook, or a file of an archive"
    )
    parser.add_argument(
        "--flatten", action="store_true", help="objects in JSON's objects become columns"
    )


def reading_options(arguments: Mapping[str, Any]) -> Options:
    return Options(
        arguments["encoding"],
        not arguments["no_header"],
        arguments["delimiter"],
        not arguments["no_quotes"],
        arguments["sheet"],
        arguments["flatten"],
    )

"""`file://` in a promptfoo configuration: other files of the archive that it is in."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from optimizer.core.problems import Refused
from optimizer.datasets.table import FILE, Table

FILE_URL = "file://"
CONFIG = "promptfooconfig"
"""How a configuration is called by default, without its ending."""
_TABLES = ("csv", "tsv", "xlsx", "xls", "ods", "jsonl", "ndjson", "parquet")
_DATA = ("yaml", "yml", "json")
_CODE = ("py", "js", "mjs", "cjs", "ts", "rb", "go")


class Beside:
    """The files of an archive, as one of them names them.

    Args:
        name: the one that names others, from whose folder they are looked for.
        names: all of them.
        table: reads one as a table.
        data: reads one as what its YAML or JSON says.
        text: reads one as a text.
    """

    def __init__(
        self, name: str, names: tuple[str, ...], table: Callable[[str], Table],
        data: Callable[[str], Any], text: Callable[[str], str],
    ) -> None:  # fmt: skip
        self._folder, self._names = posixpath.dirname(name), names
        self._table, self._data, self._text = table, data, text
        self._texts: dict[str, str] = {}

    def filled(self, config: dict[str, Any]) -> dict[str, Any]:
        """The configuration with what its references mean.

        Raises:
            Refused: there is no such file, or it is code.
        """
        tests = config["tests"]
        items = tests if isinstance(tests, list) else [tests]
        return {**config, "tests": [test for item in items for test in self._tests(item)]}

    def _tests(self, item: Any) -> Iterator[Any]:
        if isinstance(item, dict) and isinstance(item.get("path"), str):
            item = item["path"]
        if isinstance(item, str):
            for name in self._meant(item):
                yield from self._tests_in(name)
        else:
            yield self._test(item)

    def _tests_in(self, name: str) -> Iterator[Any]:
        if _ending(name) not in _TABLES:
            found = self._data(name)
            yield from map(self._test, found if isinstance(found, list) else [found])
            return
        table = self._table(name)
        for row in table.rows:
            cells = dict(zip(table.columns, row.cells, strict=True))
            yield cells if isinstance(cells.get("vars"), dict | list) else {"vars": cells}

    def _test(self, test: Any) -> Any:
        """A test whose variables are what their files say."""
        if not isinstance(test, dict) or "vars" not in test:
            return test
        given = test["vars"]
        if isinstance(given, str) and given.startswith(FILE_URL):
            name = self._meant(given)[0]
            given = self._data(name)
            if not isinstance(given, dict):
                raise Refused.because("table.no_variables", FILE, file=name)
        if not isinstance(given, dict):
            return test
        return {**test, "vars": {name: self._value(value) for name, value in given.items()}}

    def _value(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.startswith(FILE_URL):
            return value
        name = self._meant(value)[0]
        if name not in self._texts:
            is_data = _ending(name) in _DATA
            said = self._data(name) if is_data else self._text(name)
            self._texts[name] = said if isinstance(said, str) else json.dumps(said)
        return self._texts[name]

    def _meant(self, reference: str) -> list[str]:
        path = reference.removeprefix(FILE_URL)
        wanted = posixpath.normpath(posixpath.join(self._folder, path))
        if _ending(wanted) in _CODE or "://" in path:
            raise Refused.because("table.tests_of_code", FILE, file=path)
        found = [name for name in self._names if name == wanted or fnmatchcase(name, wanted)]
        if not found:
            raise Refused.because("table.no_such_reference", FILE, file=path)
        return found


def first_of(names: tuple[str, ...]) -> str:
    """The configuration among the files of an archive; "" for none."""
    stems = {posixpath.basename(name).split(".")[0]: name for name in reversed(names)}
    return stems.get(CONFIG, "")


def _ending(name: str) -> str:
    return posixpath.splitext(name)[1].lower().lstrip(".")

"""Accessibility by axe-core, injected beside the page's own policy, which stays as it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import axe_playwright_python  # type: ignore[import-untyped]
from playwright.sync_api import CDPSession, Page

SCRIPT = Path(axe_playwright_python.__file__).with_name("axe.min.js")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# Rules of these levels that axe runs only when they are asked for.
MORE = (
    "css-orientation-lock", "label-content-name-mismatch", "p-as-heading", "table-fake-caption",
    "target-size", "td-has-header",
)  # fmt: skip


class Axe:
    """axe in one page; it is injected anew when the page was left meanwhile."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._script = SCRIPT.read_text(encoding="utf-8")

    def violations(self, rules: Sequence[str] = ()) -> list[str]:
        """One line a violation with the elements it is about; `rules` narrows the search."""
        if not self._evaluate("typeof window.axe === 'object'"):
            self._evaluate(f"{self._script};true")
        only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": TAGS}
        more = {} if rules else {name: {"enabled": True} for name in MORE}
        options = {"runOnly": only, "rules": more, "resultTypes": ["violations"]}
        run = f"axe.run(document, {json.dumps(options)}).then((r) => JSON.stringify(r.violations))"
        return [_told(found) for found in json.loads(self._evaluate(run))]

    def _evaluate(self, expression: str) -> Any:
        answer = self._session.send(
            "Runtime.evaluate",
            {
                "expression": expression,
                "awaitPromise": True,
                "returnByValue": True,
                "allowUnsafeEvalBlockedByCSP": True,
            },
        )
        if "exceptionDetails" in answer:
            raise AssertionError(json.dumps(answer["exceptionDetails"])[:1000])
        return answer["result"].get("value")


def _told(violation: dict[str, Any]) -> str:
    places = [
        f"{' '.join(map(str, node['target']))} ({_first_line(node['failureSummary'])})"
        for node in violation["nodes"][:4]
    ]
    return f"{violation['id']} [{violation['impact']}]: {violation['help']}: {'; '.join(places)}"


def _first_line(summary: str) -> str:
    return " ".join(summary.split())[:220]

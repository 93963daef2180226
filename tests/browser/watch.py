"""Watching a browser while a test drives it: whatever it complains about fails the test."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, WebError

REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
});
"""
# A form that was refused is answered with 422 and shown again: that is how forms work here.
ALWAYS_ALLOWED = (re.compile(r"Failed to load resource.* 422 "),)


@dataclass
class Watch:
    """Complaints of one browser context: console errors, script errors, CSP, foreign hosts."""

    host: str
    complaints: list[str] = field(default_factory=list)
    allowed: list[re.Pattern[str]] = field(default_factory=lambda: list(ALWAYS_ALLOWED))

    def over(self, context: BrowserContext) -> None:
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._heard)
        context.on("weberror", self._failed)
        context.on("request", self._asked)

    def begin_anew(self) -> None:
        """What was complained of and allowed before is over."""
        self.complaints.clear()
        self.allowed[:] = ALWAYS_ALLOWED

    def allow(self, pattern: str) -> None:
        """This test provokes such a complaint on purpose."""
        self.allowed.append(re.compile(pattern))

    def verdict(self) -> str:
        """All complaints that were not provoked, "" when there are none."""
        return "\n".join(
            told for told in self.complaints if not any(a.search(told) for a in self.allowed)
        )

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            where = message.location.get("url", "")
            self.complaints.append(f"console {message.type}: {message.text} ({where})")

    def _failed(self, error: WebError) -> None:
        self.complaints.append(f"script error: {error.error}")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.host:
            self.complaints.append(f"request to another host: {request.url}")

"""From a trial's score in the database to its row in an open browser, during a real run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from benchmarks.figures import spread, tell
from tests.browser.ground import chromium, database, empty_home

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from optimizer.models import Run
    from tests.browser.lab import Lab

TRIALS = 40
REPLY_SECONDS = 0.5
# A row is seen when its score is in the document: the next frame paints it.
WATCH = """
window.seen = {};
new MutationObserver(() => {
  for (const row of document.querySelectorAll("#run-trials tbody tr")) {
    if (row.querySelector("td strong")) window.seen[row.id.slice(1)] ??= Date.now();
  }
}).observe(document, { childList: true, subtree: true, characterData: true });
"""


def main() -> None:
    with empty_home() as home, database(home) as url:
        from tests.browser import desk
        from tests.browser.lab import Lab
        from tests.browser.stack import running_stack
        from tests.fakes.openai_server import OpenAIServer

        with (
            running_stack(home, url) as stack,
            OpenAIServer(desk.answers, seconds=REPLY_SECONDS) as model,
            chromium() as browser,
        ):
            context = browser.new_context(base_url=stack.url)
            context.add_init_script(WATCH)
            lab = Lab(model.url)
            delays = measure(lab, context.new_page(), stack.url)
    told = spread(delays, 0)
    rows = [
        ("median", f"{told['median']:.0f} ms"),
        ("95 of 100 below", f"{told['p95']:.0f} ms"),
        ("slowest", f"{max(delays):.0f} ms"),
        ("trials", str(len(delays))),
    ]
    tell("Live: a trial stored to its row on the page", rows, {"milliseconds": told})


def measure(lab: Lab, page: Page, url: str) -> list[float]:
    """Milliseconds for each trial that came while the page was open."""
    from tests.browser.conftest import session_of

    name, value = session_of(lab.alice)
    page.context.add_cookies([{"name": name, "value": value, "url": url}])
    lab.provider(), lab.program()
    project_run = lab.start_run(trials=TRIALS, full_every=10, max_validation=20)
    page.goto(f"{lab.path}/runs/{project_run.number}/")
    page.locator('#run-status[data-done="1.000"]').wait_for(timeout=180_000)
    seen = json.loads(page.evaluate("JSON.stringify(window.seen)"))
    return delays(project_run.run, seen)


def delays(run: Run, seen: Mapping[str, int]) -> list[float]:
    found = []
    for trial in run.trials.filter(number__gt=0, scored_at__isnull=False):
        at = seen.get(str(trial.number))
        if at is not None and trial.scored_at is not None:
            found.append(at - 1000 * trial.scored_at.timestamp())
    return found


if __name__ == "__main__":
    main()

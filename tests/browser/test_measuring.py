"""The small measured check, as somebody sees it who presses the button of a new run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visit
    from tests.browser.lab import Lab
    from tests.browser.watch import Watch
    from tests.fakes.openai_server import OpenAIServer


def test_measure_replaces_the_guess_while_the_form_stays_as_it_is(
    visit: Visit, lab: Lab, model: OpenAIServer
) -> None:
    model.seconds = 0.4
    lab.provider()
    lab.program()
    page = visit(lab.alice, f"{lab.path}/runs/new/")
    estimate = page.locator("#estimate")
    expect(estimate).to_contain_text("Tokens are a guess")
    page.get_by_label("At most calls").fill("4321")
    page.get_by_role("button", name="Measure").click()
    expect(page.locator("#measuring")).to_have_attribute("data-state", "waiting")
    expect(estimate).to_contain_text("Measured on 5 training examples", timeout=20_000)
    expect(page.get_by_label("At most calls")).to_have_value("4321")
    asked = len(model.requests)
    page.get_by_label("Medium").check()
    expect(estimate).to_contain_text("Measured on 5 training examples")
    assert len(model.requests) == asked


def test_a_failed_measurement_says_why_and_can_be_tried_again(
    visit: Visit, lab: Lab, model: OpenAIServer, watch: Watch
) -> None:
    model.fault = lambda body, number: "401"
    lab.provider()
    lab.program()
    page = visit(lab.alice, f"{lab.path}/runs/new/")
    page.get_by_role("button", name="Measure").click()
    expect(page.locator("#measuring")).to_contain_text("It could not be measured.", timeout=20_000)
    expect(page.locator("#measuring")).to_contain_text("401")
    model.fault = lambda body, number: ""
    page.get_by_role("button", name="Measure again").click()
    expect(page.locator("#measuring")).to_contain_text("Measured on 5", timeout=20_000)

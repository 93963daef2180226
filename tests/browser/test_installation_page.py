"""A local address is allowed where it is typed, listed for the installation, and refused again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Visit
    from tests.browser.lab import Lab

GPU = "10.77.0.9:8000"


def test_who_administers_the_installation_lets_calls_to_a_local_address(
    visit: Visit, lab: Lab
) -> None:
    page = visit(lab.olga, f"{lab.path}/providers/new/endpoint/")
    page.get_by_label("Name", exact=True).fill("GPU machine")
    page.get_by_label("Address", exact=True).fill(f"http://{GPU}/v1")
    page.get_by_label("Models").fill("large")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text(f"{GPU} is local or private")
    expect(page.get_by_label("Models")).to_have_value("large")
    page.get_by_label(f"Allow {GPU} for this installation").check()
    page.get_by_role("button", name="Save").click()
    card = page.get_by_role("region", name="GPU machine")
    expect(card).to_be_visible()
    expect(card).not_to_contain_text("is local or private")

    page.get_by_label(f"Account of {lab.olga.email}").click()
    page.get_by_role("link", name="Installation").click()
    row = page.get_by_role("row").filter(has_text=GPU)
    expect(row).to_contain_text(lab.olga.email)
    row.get_by_role("button", name=f"Refuse {GPU}").click()
    page.get_by_role("dialog").get_by_role("button", name="Refuse").click()
    expect(page.get_by_role("row").filter(has_text=GPU)).to_have_count(0)

    page.goto(f"{lab.path}/providers/")
    expect(card).to_contain_text(f"{GPU} is local or private")
    card.get_by_role("button", name="Allow it for this installation").click()
    expect(page).to_have_url(f"{page.url.partition('/p/')[0]}{lab.path}/providers/")
    expect(card).not_to_contain_text("is local or private")

"""Pictures of the real pages for the README: `python -m tests.browser.screenshots`.

The demo project is run with the embedded model, as somebody would who has just cloned the
repository, and photographed on the way. Takes some minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from promptlab.launch.home import CHECKOUT
from promptlab.launch.model_weights import find_weights
from tests.browser.conftest import DESK, PHONE
from tests.browser.ground import chromium, database, empty_home

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

    from tests.browser.stack import Stack

FOLDER = CHECKOUT / "docs" / "images"
LARGEST = 200_000
LOW: ViewportSize = {"width": 1440, "height": 440}
RUN_MS = 15 * 60_000
SOME_CANDIDATES = 8


def main() -> None:
    if find_weights() is None:
        sys.exit("The embedded model is not installed: `make setup-dev` does it.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with empty_home() as home, database(home) as url:
        from tests.browser.stack import running_stack

        with running_stack(home, url) as stack, chromium() as browser:
            stack.manage("load_demo")
            stack.start_model()
            Photographer(stack, browser).work()


class Photographer:
    """One person at one desk."""

    def __init__(self, stack: Stack, browser: Browser) -> None:
        self.context = browser.new_context(
            base_url=stack.url, viewport=DESK, reduced_motion="reduce"
        )
        self.page: Page = self.context.new_page()
        self.page.goto(stack.manage("first_admin_link"))

    def work(self) -> None:
        self.page.get_by_role("link", name="Restaurant bookings").click()
        self.show_program()
        self.start_run()
        self.page.locator("tr[id^=c]").nth(SOME_CANDIDATES - 1).wait_for(timeout=RUN_MS)
        self.shoot("run-light")
        self.page.locator('#run-status[data-done="1.000"]').wait_for(timeout=RUN_MS)
        self.shoot("run-dark", dark=True)
        self.shoot("phone", size=PHONE)
        self.shoot("phone-dark", size=PHONE, dark=True)
        compare = self.page.get_by_role("link", name="Compare with the baseline")
        compare.click()
        self.page.wait_for_load_state()
        self.shoot("compare")

    def show_program(self) -> None:
        rooms = self.page.get_by_role("navigation", name="Project")
        rooms.get_by_role("link", name="Programs").click()
        self.page.get_by_role("link", name="two steps").first.click()
        self.page.wait_for_load_state()
        self.shoot("program", size=LOW)
        rooms.get_by_role("link", name="Overview").click()

    def start_run(self) -> None:
        page = self.page
        page.get_by_role("link", name="New run").click()
        page.get_by_role("combobox", name="Program").select_option(label="Booking date")
        page.wait_for_timeout(1500)  # the estimate follows the program
        page.get_by_role("button", name="Optimize").click()
        page.wait_for_url("**/runs/*/")

    def shoot(self, name: str, *, size: ViewportSize = DESK, dark: bool = False) -> None:
        """A picture from the top of the page, without the messages that pass."""
        page = self.page
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.locator(".toast").evaluate_all("(boxes) => boxes.forEach((box) => box.remove())")
        page.evaluate("window.scrollTo(0, 0)")
        path = FOLDER / f"{name}.png"
        page.screenshot(path=path, animations="disabled")
        told(path)
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light")


def told(path: Path) -> None:
    size = path.stat().st_size
    print(f"{path.relative_to(CHECKOUT)}  {size / 1000:.0f} kB")  # noqa: T201
    if size > LARGEST:
        sys.exit(f"{path.name} is larger than {LARGEST / 1000:.0f} kB.")


if __name__ == "__main__":
    main()

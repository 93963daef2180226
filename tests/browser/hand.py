"""Somebody at the canvas: by mouse, by fingers or by keys, each gesture counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


MOST_TABS = 150
# The key that leads from the focus to an element; nothing at it.
TO_IT = """(element) => {
  const here = document.activeElement;
  if (here === element) return "";
  const before = here.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_PRECEDING;
  return before ? "Shift+Tab" : "Tab";
}"""


class Hand:
    """Drives the canvas of one page. `gestures`: presses, drags, key presses and texts so far.
    With `keys`, nothing but keys is used by `act`, `connect`, `enter` and `choose`.
    """

    def __init__(self, page: Page, touch: bool = False, keys: bool = False) -> None:
        self.page, self.touch, self.keys = page, touch, keys
        self.gestures = 0
        self._fingers = page.context.new_cdp_session(page) if touch else None

    # --- what is there -------------------------------------------------------------------------

    def box(self, name: str) -> Locator:
        return self.page.locator(f'.gbox[data-box="{name}"]')

    def port(self, name: str) -> Locator:
        return self.page.locator(f'.port[data-port="{name}"]')

    def kind(self, label: str) -> Locator:
        return self.page.locator(".palette").get_by_role("button", name=label, exact=True)

    @property
    def beside(self) -> Locator:
        return self.page.locator("#beside")

    def saved(self) -> None:
        expect(self.page.locator("[data-state]")).to_have_text("saved")

    # --- what is done --------------------------------------------------------------------------

    def press(self, target: Locator) -> None:
        self.gestures += 1
        if self.touch:
            target.tap()
        else:
            target.click()

    def key(self, name: str) -> None:
        self.gestures += 1
        self.page.keyboard.press(name)

    def type(self, text: str) -> None:
        self.gestures += 1
        self.page.keyboard.type(text)

    def fill(self, target: Locator, text: str) -> None:
        """Typed and left: it is saved by itself."""
        self.gestures += 1
        target.fill(text)
        target.blur()

    def reach(self, target: Locator) -> None:
        """With the Tab key, from where the focus is."""
        expect(target).to_be_visible()
        for _ in range(MOST_TABS):
            way = target.evaluate(TO_IT)
            if not way:
                return
            self.key(way)
        raise AssertionError(f"{target} cannot be reached")

    def act(self, target: Locator) -> None:
        if not self.keys:
            return self.press(target)
        self.reach(target)
        return self.key("Enter")

    def connect(self, out: str, into: str) -> None:
        """Lead a wire from one port to another: two presses, or arrows between what fits."""
        self.act(self.port(out))
        if not self.keys:
            return self.press(self.port(into))
        for _ in range(MOST_TABS):
            if self.port(into).evaluate("(port) => port === document.activeElement"):
                return self.key("Enter")
            self.key("ArrowDown")
        raise AssertionError(f"{out} does not fit {into}")

    def enter(self, target: Locator, text: str) -> None:
        if not self.keys:
            return self.fill(target, text)
        self.reach(target)
        self.key("Control+a")
        self.type(text)
        return self.key("Tab")

    def choose(self, target: Locator, value: str, label: str) -> None:
        """An option; by keys, with the first letters of its label."""
        if not self.keys:
            self.gestures += 1
            target.select_option(value)
            return
        self.reach(target)
        self.type(label)

    def drag(self, start: Locator, end: Locator, dx: float = 0, dy: float = 0) -> None:
        """From the middle of one to the middle of another, and so many pixels beyond."""
        self.gestures += 1
        self.saved()
        middle(end)  # so that both are seen
        (x1, y1), (x2, y2) = middle(start), middle(end)
        self.draw((x1, y1), (x2 + dx, y2 + dy))

    def draw(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        if self._fingers is None:
            self.page.mouse.move(*start)
            self.page.mouse.down()
            self.page.mouse.move(*end, steps=4)
            self.page.mouse.up()
            return
        self._finger("touchStart", start)
        for part in (0.3, 0.7, 1.0):
            x, y = (a + (b - a) * part for a, b in zip(start, end, strict=True))
            self._finger("touchMove", (x, y))
        self._finger("touchEnd")

    def _finger(self, kind: str, at: tuple[float, float] | None = None) -> None:
        assert self._fingers is not None
        points = [{"x": at[0], "y": at[1]}] if at else []
        self._fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def middle(target: Locator) -> tuple[float, float]:
    """Where it is on the screen."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

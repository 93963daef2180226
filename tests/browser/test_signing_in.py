"""Who gets in, and what those see who may not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

from tests.browser.axe import Axe

if TYPE_CHECKING:
    from tests.browser.conftest import Visit
    from tests.browser.lab import Lab
    from tests.browser.stack import Stack
    from tests.browser.watch import Watch


def test_nothing_is_readable_without_signing_in(visit: Visit, lab: Lab) -> None:
    page = visit(None, f"{lab.path}/datasets/")
    expect(page).to_have_url(re.compile("/login/"))
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_printed_link_signs_the_first_administrator_in_once(
    visit: Visit, stack: Stack, watch: Watch
) -> None:
    watch.allow("404")
    link = stack.manage("first_admin_link")
    page = visit(None, link)
    expect(page).to_have_url(f"{stack.url}/welcome/")
    page.goto("/")
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    another = visit(None, "")
    answer = another.goto(link)
    assert answer is not None
    assert answer.status == 404


def test_an_outsider_does_not_learn_that_a_project_exists(
    visit: Visit, lab: Lab, watch: Watch
) -> None:
    from tests.browser.lab import Lab

    dave = Lab(lab.model_url).person("dave", "admin")
    watch.allow("404")
    page = visit(dave, "")
    there, nowhere = page.goto(f"{lab.path}/datasets/"), page.goto("/p/no-such-project/datasets/")
    assert there is not None
    assert nowhere is not None
    assert (there.status, nowhere.status) == (404, 404)


def test_who_guesses_a_password_reads_when_to_try_again_and_the_owner_gets_in(
    visit: Visit, lab: Lab, watch: Watch
) -> None:
    from django.contrib.auth.hashers import Argon2PasswordHasher

    watch.allow("429")
    owner = lab.person("olga", "viewer")
    # The stack's web process hashes as the product does, the tests' own process more quickly.
    owner.password = Argon2PasswordHasher().encode("a long one of her own", "salt of the earth")
    owner.save()

    def sign_in(page: Page, password: str) -> None:
        page.locator("[name=login]").fill(owner.email)
        page.locator("[name=password]").fill(password)
        page.get_by_role("button", name="Sign in").click()

    laptop = visit(None, "/login/")
    sign_in(laptop, "a long one of her own")
    expect(laptop.get_by_role("heading", name="Projects")).to_be_visible()
    laptop.context.clear_cookies(name="promptlab_session")
    guesser = visit(None, "/login/")
    for number in range(5):
        sign_in(guesser, f"guess {number}")
    expect(guesser.get_by_text("Wait 5 minutes, then try again.")).to_be_visible()
    assert Axe(guesser).violations() == []
    laptop.goto("/login/")
    sign_in(laptop, "a long one of her own")
    expect(laptop.get_by_role("heading", name="Projects")).to_be_visible()

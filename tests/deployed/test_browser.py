"""The same stack in Chromium: cookies, redirects and the security policy under API Gateway's stage."""

import re

from playwright.sync_api import Page, Request, expect

from tests.browser.steps import approve, button, connect, connected, heading, tab
from tests.deployed.owners import Books, ask, books
from tests.deployed.rehearsal import Rehearsal
from tests.support.chromium import NewContext


def test_an_admin_asks_and_an_owner_connects(new_context: NewContext, stack: Rehearsal) -> None:
    acme = books(stack)
    admin, owner = new_context().new_page(), new_context(viewport={"width": 390, "height": 844}).new_page()
    _sign_in_by_letter(admin, stack, acme)
    _open_books(admin)
    ask(stack, acme)
    letter = stack.letter(acme.olive, "Square")["BodyText"]
    address = next(word for word in letter.split() if word.startswith(f"{stack.base_url}/c/"))
    account = connect(owner, address, "Square")
    connected(owner, account, "Acme Coffee LLC")
    assert owner.url.startswith(f"{stack.base_url}/attempts/")
    assert account in stack.letter(acme.pat, "connected")["BodyText"]
    tab(admin, "My apps").click()
    expect(admin.get_by_role("cell", name=re.compile(f"^{account}"))).to_be_visible()
    button(admin, "Sign out").click()
    admin.goto(f"{stack.base_url}/entities/{acme.id}")
    assert "/sign-in" in admin.content()


def _sign_in_by_letter(page: Page, stack: Rehearsal, acme: Books) -> None:
    page.goto(f"{stack.base_url}/sign-in")
    page.get_by_label("Your email address").fill(acme.pat)
    button(page, "Email me a sign-in link").click()
    heading(page, "Check your email")
    letter = stack.letter(acme.pat, "Sign in to")["BodyText"]
    page.goto(next(word for word in letter.split() if word.startswith(f"{stack.base_url}/sign-in/")))
    button(page, f"Sign in as {acme.pat}").click()
    heading(page, "Your entities")


def _open_books(page: Page) -> None:
    page.get_by_role("link", name="Acme Coffee LLC").click()
    heading(page, "Acme Coffee LLC")
    expect(page.get_by_text("No apps are connected yet")).to_be_visible()


def test_a_landing_page_is_one_request_and_the_marks_are_another(new_context: NewContext, stack: Rehearsal) -> None:
    """Threat 10. And nothing of anybody else's, before or after the app's page."""
    acme = books(stack)
    page, asked = new_context().new_page(), list[Request]()
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - Playwright cannot listen with a built-in
    page.goto(f"{stack.origin}{acme.link}")
    heading(page, re.compile("Acme Coffee LLC"))
    page.wait_for_load_state("networkidle")
    landing, icons = (request.url for request in asked if not request.url.startswith("data:"))
    assert landing == f"{stack.origin}{acme.link}"
    assert icons.startswith(f"{stack.origin}{stack.prefix}/icons.svg?v="), "kept for ever"
    page.goto(f"{stack.origin}{acme.link}/etsy")
    button(page, "Continue to Etsy").click()
    approve(page, "Etsy")
    at_app = [request for request in asked if "authorize" in request.url or "/connect" in request.url]
    assert at_app
    assert not [request for request in at_app if "~" in request.headers.get("referer", "")]

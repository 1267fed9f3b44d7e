"""The owner's side, and what an admin does on the way, on a phone."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.site import Books, Site
from tests.browser.steps import (
    approve,
    at_app,
    button,
    connected,
    follow,
    heading,
    link,
    no_sideways_scroll,
    open_letter,
    signed_in,
    tab,
)
from tests.support.chromium import NewContext

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
FINGER = 44
"""A button's least height on a phone, in CSS pixels."""


@pytest.fixture
def phone(new_context: NewContext) -> BrowserContext:
    return new_context(**PHONE)


def _tap(page: Page, name: str) -> None:
    """Tap what can be seen without going sideways, and is large enough for a finger."""
    no_sideways_scroll(page)
    target = button(page, name)
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box
    assert box["height"] >= FINGER
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    target.tap()


def test_an_owner_connects_on_a_phone(phone: BrowserContext, site: Site, books: Books) -> None:
    site.invite(books, note="For the books")
    mail = phone.new_page()
    letter = open_letter(mail, site, books.olive, "asks you to connect Square")
    page = follow(mail, letter, "Connect Square")
    heading(page, f"Connect Square to {books.name}")
    _tap(page, "Continue to Square")
    at_app(page, "Square")
    no_sideways_scroll(page)
    account = approve(page, "Square")
    connected(page, account, books.name)
    no_sideways_scroll(page)
    link(page, "Connect another app").tap()
    heading(page, f"Connect your apps to {books.name}")
    expect(page.get_by_text("1 of 1 connected")).to_be_visible()
    no_sideways_scroll(page)
    page.get_by_role("link", name="Shopify Connect").tap()
    page.get_by_label("Store address").fill("my shop")
    _tap(page, "Continue to Shopify")
    expect(page.get_by_role("alert")).to_be_in_viewport()
    no_sideways_scroll(page)


def test_an_admin_asks_on_a_phone(phone: BrowserContext, site: Site, books: Books) -> None:
    page = phone.new_page()
    signed_in(page, site, books)
    page.get_by_role("link", name=books.name).tap()
    tab(page, "Available apps").tap()
    expect(page.get_by_label("Find an app")).to_be_visible()
    no_sideways_scroll(page)
    page.get_by_role("link", name="Square", exact=True).tap()
    page.get_by_label("Owner's email address").fill(books.olive)
    _tap(page, "Send the invitation")
    expect(page.get_by_text("The invitation is on its way.")).to_be_visible()
    no_sideways_scroll(page)
    page.goto(site.url(f"{books.home}/client-connect"))
    expect(page.get_by_text(books.olive)).to_be_visible()
    _tap(page, f"Copy {books.name} Client Connect Link")

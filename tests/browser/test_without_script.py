"""JavaScript is only comfort: the main job without it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.site import Books, Site
from tests.browser.steps import approve, button, connected, follow, heading, link, open_letter, tab
from tests.support.chromium import NewContext


@pytest.fixture
def page(new_context: NewContext) -> Page:
    return new_context(java_script_enabled=False).new_page()


def test_the_main_job(page: Page, site: Site, books: Books) -> None:
    page.goto(site.url("/sign-in"))
    page.get_by_label("Your email address").fill(books.pat)
    button(page, "Email me a sign-in link").click()
    heading(page, "Check your email")
    admin = follow(page, open_letter(page, site, books.pat, "Sign in to"), "Sign in")
    button(admin, f"Sign in as {books.pat}").click()
    admin.get_by_role("link", name=books.name).click()
    tab(admin, "Client Connect").click()
    expect(admin.get_by_label(f"{books.name} Client Connect Link")).to_have_value(books.link)
    expect(button(admin, f"Copy {books.name} Client Connect Link")).to_be_hidden()
    tab(admin, "Available apps").click()
    admin.get_by_label("Find an app").fill("square")
    button(admin, "Find").click()
    expect(admin.get_by_role("link", name="Etsy")).to_have_count(0)
    admin.get_by_role("link", name="Square", exact=True).click()
    admin.get_by_label("Owner's email address").fill(books.olive)
    button(admin, "Send the invitation").click()
    expect(admin.get_by_text("The invitation is on its way.")).to_be_visible()
    owner = follow(page, open_letter(page, site, books.olive, "asks you to connect Square"), "Connect Square")
    button(owner, "Continue to Square").click()
    account = approve(owner, "Square")
    connected(owner, account, books.name)
    site.letter(books.sam, "Square is connected")
    link(admin, "Available apps").click()
    tab(admin, "My apps").click()
    row = admin.get_by_role("row").filter(has_text=account)
    expect(row.get_by_role("time").or_(row.locator("time"))).to_contain_text("UTC")
    button(admin, "Sign out").click()
    heading(admin, "Sign in")


def test_a_form_with_an_error(page: Page, books: Books) -> None:
    page.goto(books.link + "/shopify")
    page.get_by_label("Store address").fill("https://evil.example")
    button(page, "Continue to Shopify").click()
    expect(page.get_by_role("alert")).to_contain_text("Store address")
    expect(page.get_by_label("Store address")).to_have_value("https://evil.example")

"""The apps that ask for more than a click, and the ways in which connecting ends early."""

import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from local.simulators.apps.chargebee import DEMO_KEY
from tests.browser.site import Books, Site
from tests.browser.steps import approve, at_app, button, cancel, connect, connected, heading, link, signed_in
from tests.support.chromium import NewContext

_CALLBACK = re.compile(r"/callback/")
_CHARGEBEE_SITE = "acme-test"


def test_shopify_with_a_typed_shop(page: Page, site: Site, books: Books) -> None:
    page.goto(books.link + "/shopify")
    field = page.get_by_label("Store address")
    field.fill("acme-coffee.myshopify.com.evil.example")
    button(page, "Continue to Shopify").click()
    expect(page).to_have_title(re.compile(r"^Error: "))
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was stored")
    expect(field).to_have_value("acme-coffee.myshopify.com.evil.example")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(r"Please check: Enter the store's address"))
    field.fill("acme-coffee.myshopify.com")
    button(page, "Continue to Shopify").click()
    account = approve(page, "Shopify")
    connected(page, account, books.name)
    expect(page.get_by_text("Shopify account acme-coffee.myshopify.com")).to_be_visible()


def test_etsy_proves_itself_by_pkce(page: Page, site: Site, books: Books) -> None:
    challenges = []
    for _ in range(2):
        page.goto(books.link + "/etsy")
        button(page, "Continue to Etsy").click()
        at_app(page, "Etsy")
        asked = parse_qs(urlsplit(page.url).query)
        assert asked["code_challenge_method"] == ["S256"]
        challenges += asked["code_challenge"]
    assert len(set(challenges)) == 2
    connected(page, approve(page, "Etsy"), books.name)


def test_the_other_apps_connect_too(page: Page, site: Site, books: Books) -> None:
    for slug, name in (("stripe", "Stripe"), ("squarespace_commerce", "Squarespace Commerce"), ("ebay", "eBay")):
        account = connect(page, f"{books.link}/{slug}", name)
        connected(page, account, books.name)
    assert len(site.connections(books)) == 3


def test_an_admin_types_chargebees_key(page: Page, site: Site, books: Books) -> None:
    """Threat 42. The key is never put back into a page."""
    signed_in(page, site, books)
    page.goto(site.url(f"{books.home}/apps/chargebee"))
    expect(page.get_by_role("heading", name="Ask owner to connect")).to_be_visible()
    page.get_by_label("Chargebee site").fill(_CHARGEBEE_SITE)
    key = page.get_by_label("API key")
    expect(key).to_have_attribute("type", "password")
    key.fill("test_wrong_key_0123456789")
    button(page, "Connect Chargebee now").click()
    expect(page.get_by_role("alert").or_(page.get_by_role("heading", name="Chargebee said no")).first).to_be_visible()
    assert "test_wrong_key_0123456789" not in page.content()
    assert not site.connections(books)
    page.goto(site.url(f"{books.home}/apps/chargebee"))
    page.get_by_label("Chargebee site").fill(_CHARGEBEE_SITE)
    key.fill(DEMO_KEY)
    button(page, "Connect Chargebee now").click()
    expect(page.get_by_role("heading", name=re.compile("is connected to"))).to_be_visible()
    page.goto(site.url(books.home))
    expect(page.get_by_role("row").filter(has_text="Chargebee")).to_contain_text(_CHARGEBEE_SITE)
    assert DEMO_KEY not in page.content()


def test_an_app_whose_keys_come_on_request_is_not_for_owners(page: Page, books: Books) -> None:
    page.goto(books.link)
    expect(page.get_by_role("link", name=re.compile("^Square Connect"))).to_be_visible()
    expect(page.get_by_text("Revel")).to_have_count(0)
    page.goto(books.link + "/revel")
    heading(page, "This app cannot be connected from this link")


def test_whoever_cancels_finds_a_way_back(page: Page, site: Site, books: Books) -> None:
    address = site.invite(books)
    page.goto(address)
    button(page, "Continue to Square").click()
    cancel(page, "Square")
    heading(page, "You cancelled")
    expect(page.get_by_text("Nothing was connected and nothing was stored.")).to_be_visible()
    assert not site.connections(books)
    link(page, "Try again").click()
    expect(page).to_have_url(address)
    button(page, "Continue to Square").click()
    connected(page, approve(page, "Square"), books.name)
    assert site.events(books).count("connection_failed") == 1


def test_an_admin_who_cancels_is_back_in_the_console(page: Page, site: Site, books: Books) -> None:
    signed_in(page, site, books)
    page.goto(site.url(f"{books.home}/apps/square"))
    button(page, "Connect Square now").click()
    cancel(page, "Square")
    heading(page, "You cancelled")
    link(page, "Try again").click()
    expect(page).to_have_url(site.url(f"{books.home}/apps/square"))


def test_another_browser_cannot_finish(new_context: NewContext, site: Site, books: Books) -> None:
    """Threat 1. The callback's address alone is worth nothing."""
    here, elsewhere = new_context().new_page(), new_context().new_page()
    callback: list[str] = []

    def hold(route: Route) -> None:
        callback.append(route.fetch(max_redirects=0).headers["location"])
        route.fulfill(status=204)

    here.goto(books.link + "/square")
    button(here, "Continue to Square").click()
    at_app(here, "Square")
    here.route("**/oauth2/authorize*", hold)
    with here.expect_response("**/oauth2/authorize*"):
        button(here, "Allow").click()
    elsewhere.goto(callback[0])
    heading(elsewhere, "Please use one browser")
    elsewhere.goto(books.link + "/square")  # and now with a cookie of its own
    button(elsewhere, "Continue to Square").click()
    at_app(elsewhere, "Square")
    elsewhere.goto(callback[0])
    heading(elsewhere, "Please use one browser")
    assert not site.connections(books)
    here.goto(callback[0])
    heading(here, re.compile(f"is connected to {re.escape(books.name)}$"))


def test_going_back_and_clicking_again_is_no_error(page: Page, site: Site, books: Books) -> None:
    """Threat 6. A second click on a used callback shows what the first one did."""
    callbacks: list[str] = []
    page.on("request", lambda request: callbacks.append(request.url) if _CALLBACK.search(request.url) else None)
    account = connect(page, books.link + "/square", "Square")
    connected(page, account, books.name)
    for _ in range(2):
        page.goto(callbacks[0])
        connected(page, account, books.name)
    page.go_back()
    page.go_forward()
    connected(page, account, books.name)
    page.goto(site.url("/callback/square?state=unknown&code=x"))
    heading(page, "That took too long")
    assert len(site.connections(books)) == 1


def test_connecting_the_same_account_again_goes_on(page: Page, site: Site, books: Books) -> None:
    first = connect(page, books.link + "/square", "Square")
    page.goto(books.link + "/square")
    expect(page.get_by_text(f"{first} is already connected.")).to_be_visible()
    connect(page, books.link + "/square", "Square")
    expect(page.get_by_text("This account was connected before.")).to_be_visible()
    assert len(site.connections(books)) == 1


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_second_click_waits_for_the_first(new_context: NewContext, site: Site, books: Books, script: bool) -> None:
    """Threat 6. Its page looks again by itself, until the first click's connection is there."""
    page = new_context(java_script_enabled=script).new_page()
    account = connect(page, books.link + "/square", "Square")
    [done] = site.attempts(books)
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+0000")
    site.table("EPHEMERAL_TABLE").put_item(Item={**done, "state": "claimed", "claimed_at": moment})
    page.reload()
    heading(page, "Connecting Square")
    site.table("EPHEMERAL_TABLE").put_item(Item=done)
    connected(page, account, books.name)

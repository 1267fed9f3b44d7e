"""Every page that people can see, each in the states that look different."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from playwright.sync_api import BrowserContext, Page

from tests.browser.site import Books, Site
from tests.browser.steps import at_app, button, cancel, connect, heading, link, open_letter, signed_in
from tests.support.chromium import NewContext

_AWAY = re.compile(r"/oauth2?/authorize")

type Stop = tuple[str, Page]
type Tour = Callable[[Site, NewContext], Iterator[Stop]]


def pages_of_the_owner(site: Site, new_context: NewContext) -> Iterator[Stop]:
    """What whoever holds a link can come to see."""
    books = site.books()
    page = new_context().new_page()
    page.goto(books.link)
    yield "landing-fresh", page
    page.goto(f"{books.link}/square")
    yield "consent", page
    asked = site.invite(books, "square", "For the March books.")
    site.invite(books, "etsy")
    page.goto(books.link)
    yield "landing-asked", page
    page.goto(asked)
    yield "consent-asked", page
    page.goto(f"{books.link}/shopify")
    page.get_by_label("Store address").fill("my shop")
    yield "consent-shopify", page
    button(page, "Continue to Shopify").click()
    heading(page, "Connect Shopify to")
    yield "consent-error", page
    yield from _on_the_way(page, site, books, asked)
    yield from _other_ways(page, site, books)
    yield from _dead_ends(page, site, books, new_context())


def _on_the_way(page: Page, site: Site, books: Books, asked: str) -> Iterator[Stop]:
    page.route(_AWAY, lambda route: route.fulfill(status=204))
    page.goto(asked)
    button(page, "Continue to Square").click()
    heading(page, "On to Square")
    yield "leaving", page
    page.unroute(_AWAY)
    page.goto(asked)
    button(page, "Continue to Square").click()
    at_app(page, "Square")
    yield "simulated-app", page
    cancel(page, "Square")
    yield "problem-cancelled", page
    connect(page, asked, "Square")
    yield "result", page
    link(page, "Connect another app").click()
    heading(page, "Connect your apps to")
    yield "landing-connected", page
    page.goto(f"{books.link}/square")
    yield "consent-again", page
    connect(page, f"{books.link}/etsy", "Etsy")
    yield "result-all", page
    yield from _half_way(page, site, books)


def _half_way(page: Page, site: Site, books: Books) -> Iterator[Stop]:
    """While a callback is still being dealt with, and when it never ended: moments, so they are made in the table."""
    attempt = next(one for one in site.attempts(books) if one["state"] == "done" and one["app"] == "etsy")
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+0000")
    for name, at, title in (
        ("working", moment, "Connecting Etsy"),
        ("problem-unfinished", "2026-01-01T00:00:00.000000+0000", "Connecting Etsy did not finish"),
    ):
        site.table("EPHEMERAL_TABLE").put_item(Item={**attempt, "state": "claimed", "claimed_at": at})
        page.goto(site.url(f"/attempts/{attempt['pk'].partition('#')[2]}"))
        heading(page, title)
        page.route("**/attempts/*", lambda route: route.fulfill(status=204))  # the page looks again by itself
        yield name, page
        page.unroute("**/attempts/*")
    site.table("EPHEMERAL_TABLE").put_item(Item=attempt)


def _other_ways(page: Page, site: Site, books: Books) -> Iterator[Stop]:
    """Apps that are not simply gone to: keys, regions, steps elsewhere, several accounts, none at all, theirs first."""
    for name, slug in (
        ("consent-keys", "chargebee"),
        ("consent-regions", "amazon_seller"),
        ("consent-steps", "adobe_commerce"),
        ("consent-installed-there", "wix"),
        ("consent-request", "touchbistro"),
    ):
        page.goto(f"{books.link}/{slug}")
        yield name, page
    button(page, "Ask for TouchBistro").click()
    heading(page, re.compile("^Noted: "))
    yield "requested", page
    page.goto(f"{books.link}/xero")
    button(page, "Continue to Xero").click()
    at_app(page, "Xero")
    page.get_by_role("radio").nth(1).check()
    button(page, "Allow").click()
    heading(page, re.compile("^Which account"))
    yield "choose", page
    page.goto(site.url("/install/quickbooks_online"))
    heading(page, "You come from QuickBooks Online")
    yield "arrived", page
    page.get_by_label("Client Connect link").fill("no link")
    button(page, "Continue").click()
    page.get_by_role("alert").wait_for()
    yield "arrived-error", page


def _dead_ends(page: Page, site: Site, books: Books, other: BrowserContext) -> Iterator[Stop]:
    stranger = other.new_page()
    page.goto(f"{books.link}/square")
    button(page, "Continue to Square").click()
    at_app(page, "Square")
    stranger.goto(page.url)
    button(stranger, "Allow").click()
    heading(stranger, "Please use one browser")
    yield "problem-other-browser", stranger
    for name, path in (
        ("problem-dead-link", f"{books.link}x"),
        ("problem-not-eligible", f"{books.link}/revel"),
        ("problem-not-found", "/nothing/here"),
        ("problem-expired", "/callback/square?state=unknown&code=x"),
        ("problem-bad-request", "/callback/square?state=a&state=b"),
        ("problem-sign-in-expired", f"/sign-in/{'x' * 43}"),
    ):
        page.goto(site.url(path))
        yield name, page


def pages_of_the_admin(site: Site, new_context: NewContext) -> Iterator[Stop]:
    """What an admin can come to see."""
    empty, books = site.books(), site.books()
    page = new_context().new_page()
    page.goto(site.url("/sign-in"))
    yield "sign-in", page
    page.get_by_label("Your email address").fill("pat@localhost")
    button(page, "Email me a sign-in link").click()
    heading(page, "Sign in")
    yield "sign-in-error", page
    page.get_by_label("Your email address").fill(books.pat)
    button(page, "Email me a sign-in link").click()
    heading(page, "Check your email")
    yield "sign-in-sent", page
    page.goto(site.call("POST", f"/v1/entities/{books.id}/console-sessions", {"email": books.pat})["url"])
    yield "sign-in-confirm", page
    signed_in(page, site, empty)
    for name, path in (
        ("entities", "/entities"),
        ("my-apps-empty", empty.home),
        ("client-connect-empty", f"{empty.home}/client-connect"),
    ):
        page.goto(site.url(path))
        yield name, page
    yield from _a_busy_entity(page, site, books)
    yield from _letters(page, site, books)


def _a_busy_entity(page: Page, site: Site, books: Books) -> Iterator[Stop]:
    signed_in(page, site, books)
    site.invite(books, "etsy")
    asked = site.invite(books, "square", "For the March books.")
    connect(page, asked, "Square")
    connect(page, f"{books.link}/shopify", "Shopify", "acme-coffee")
    for name, path in (
        ("my-apps", ""),
        ("available", "/available"),
        ("available-none", "/available?q=zzz"),
        ("panel", "/apps/square"),
        ("panel-shopify", "/apps/shopify"),
        ("panel-steps", "/apps/adobe_commerce"),
        ("panel-admins-only", "/apps/revel"),
        ("panel-request", "/apps/touchbistro"),
        ("client-connect", "/client-connect"),
        ("regenerate", "/client-connect/regenerate"),
        ("history", "/history"),
        ("members", "/members?done=admin_added"),
    ):
        page.goto(site.url(books.home + path))
        yield name, page
    yield from _refused_forms(page, site, books)


def _refused_forms(page: Page, site: Site, books: Books) -> Iterator[Stop]:
    page.goto(site.url(f"{books.home}/members"))
    page.get_by_label("Email address").fill("pat@localhost")
    button(page, "Add this admin").click()
    page.get_by_role("alert").wait_for()
    yield "members-error", page
    page.goto(site.url(f"{books.home}/apps/square"))
    page.get_by_label("Owner's email address").fill("olive@localhost")
    button(page, "Send the invitation").click()
    page.get_by_role("alert").wait_for()
    yield "panel-error", page
    page.goto(site.url(f"{books.home}/apps/chargebee"))
    page.get_by_label("Chargebee site").fill("a b")
    page.get_by_label("API key").fill("short")
    button(page, "Connect Chargebee now").click()
    page.get_by_role("alert").wait_for()
    yield "panel-chargebee-error", page
    page.goto(site.url("/entities/nobodys"))
    yield "problem-not-found-console", page


def _letters(page: Page, site: Site, books: Books) -> Iterator[Stop]:
    page.goto(site.run.inbox_url)
    yield "inbox", page
    for name, to, about in (
        ("letter-invitation", books.olive, "Square"),
        ("letter-sign-in", books.pat, "Sign in to"),
        ("letter-alert", books.pat, "Square is connected"),
    ):
        open_letter(page, site, to, about).get_by_role("heading").or_(page.locator("h1")).first.wait_for()
        yield name, page

"""Attacks that need a real browser."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Request, Response, expect

from tests.browser.evil import Evil
from tests.browser.site import Books, Site, eventually
from tests.browser.steps import approve, at_app, button, connect, connected, heading, link, signed_in
from tests.browser.watch import Watch
from tests.support.chromium import NewContext

FOREIGN = pytest.mark.parametrize("host", ["localhost", "127.0.0.1"], ids=["cross-site", "same-site"])
"""The second sends our cookies along: SameSite does not help there, Sec-Fetch-Site does."""


@pytest.fixture(scope="module")
def evil() -> Iterator[Evil]:
    evil = Evil()
    yield evil
    evil.stop()


def _lured(page: Page, evil: Evil, host: str, target: str, **fields: str) -> Response:
    """What the product answers to a form that another site's page sends in this browser."""
    with page.expect_response(target) as answered:
        page.goto(evil.address(host, evil.posting(target, fields)), wait_until="commit")
    page.wait_for_url(target)
    return answered.value


def _cookies(context: BrowserContext) -> dict[str, Any]:
    return {cookie["name"]: cookie["value"] for cookie in context.cookies()}


@FOREIGN
def test_another_site_cannot_start_an_attempt(page: Page, site: Site, books: Books, evil: Evil, host: str) -> None:
    """Threat 2. A victim who is sent to an attacker's page begins nothing."""
    for app, fields in (("square", {}), ("shopify", {"tenant": "acme-store"})):
        answer = _lured(page, evil, host, f"{books.link}/{app}", **fields)
        assert answer.request.method == "POST"
        assert answer.request.header_value("sec-fetch-site") != "same-origin"
        assert answer.status == 403
        heading(page, "That is not allowed")
    assert not _cookies(page.context)
    assert not site.attempts(books)


def test_our_own_page_can_start_one(page: Page, site: Site, books: Books) -> None:
    """Threat 2. The same form, from our own page."""
    page.goto(books.link)
    page.goto(books.link + "/square")
    assert not site.attempts(books)
    assert not _cookies(page.context)
    button(page, "Continue to Square").click()
    at_app(page, "Square")
    assert len(site.attempts(books)) == 1
    assert list(_cookies(page.context)) == ["__Host-browser"]


def test_a_victim_who_ends_an_attackers_flow_connects_nothing(
    new_context: NewContext, site: Site, books: Books
) -> None:
    """Threat 2. The attacker starts; the victim is sent to the app's own page and approves there."""
    attacker, victim = new_context().new_page(), new_context().new_page()
    attacker.goto(books.link + "/square")
    button(attacker, "Continue to Square").click()
    at_app(attacker, "Square")
    victim.goto(attacker.url)
    button(victim, "Allow").click()
    heading(victim, "Please use one browser")
    assert not site.connections(books)


@FOREIGN
def test_another_site_cannot_use_the_sign_in_forms(page: Page, site: Site, books: Books, evil: Evil, host: str) -> None:
    """Threat 22. No letter is sent and nobody is signed in."""
    assert _lured(page, evil, host, site.url("/sign-in"), email=books.olive).status == 403
    handed = site.call("POST", f"/v1/entities/{books.id}/console-sessions", {"email": books.pat})["url"]
    assert _lured(page, evil, host, handed).status == 403
    assert not _cookies(page.context)
    assert not site.letters(books.olive)
    page.goto(handed)
    button(page, f"Sign in as {books.pat}").click()
    heading(page, "Your entities")


@FOREIGN
def test_another_site_cannot_use_the_console(page: Page, site: Site, books: Books, evil: Evil, host: str) -> None:
    """Threat 22. Every form of the console, in the browser of somebody who is signed in, even with the form's token."""
    signed_in(page, site, books)
    page.goto(site.url(f"{books.home}/members"))
    csrf = page.locator("input[name=csrf]").first.input_value()
    for path, fields in (
        (f"{books.home}/client-connect/regenerate", {}),
        (f"{books.home}/apps/square/ask", {"email": books.olive}),
        (f"{books.home}/apps/square/connect", {}),
        (f"{books.home}/apps/chargebee/connect", {"site": "acme-test", "api_key": "test_0123456789"}),
        (f"{books.home}/members", {"email": books.olive}),
        (f"{books.home}/members/remove", {"email": books.sam}),
        ("/sign-out", {}),
    ):
        assert _lured(page, evil, host, site.url(path), csrf=csrf, **fields).status == 403
    assert set(site.call("GET", f"/v1/entities/{books.id}")["admins"]) == {books.pat, books.sam}
    assert site.call("GET", f"/v1/entities/{books.id}/link")["url"] == books.link
    assert not site.attempts(books)
    assert not site.letters(books.olive)
    page.goto(site.url("/entities"))
    heading(page, "Your entities")


def test_a_console_form_without_its_token_is_refused(page: Page, site: Site, books: Books) -> None:
    """Threat 22. The second lock, should the first one fail."""
    signed_in(page, site, books)
    for made_up in ("", "x" * 43):
        page.goto(site.url(f"{books.home}/client-connect/regenerate"))
        form = page.locator("form[action$=regenerate] input[name=csrf]")
        form.evaluate("(field, value) => field.value = value", made_up)
        button(page, "Regenerate the link").click()
        heading(page, "That is not allowed")
    assert site.call("GET", f"/v1/entities/{books.id}/link")["url"] == books.link


def test_the_app_is_told_nothing_of_the_link(page: Page, site: Site, books: Books) -> None:
    """Threat 10. No Referer leaves our origin, and our pages ask nobody else for anything."""
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))  # noqa: PLW0108 - Playwright writes into it
    address = site.invite(books)
    page.goto(books.link)
    landing, icons = asked  # the page, and the marks of all apps, which are kept for ever
    assert (landing.url, urlsplit(icons.url).path) == (books.link, "/icons.svg")
    page.goto(address)
    button(page, "Continue to Square").click()
    approve(page, "Square")
    ours, theirs = urlsplit(site.run.base_url).netloc, urlsplit(site.run.simulators_url).netloc
    secret = books.link.rpartition("~")[2]
    assert {urlsplit(request.url).netloc for request in asked} == {ours, theirs}
    for request in asked:
        if urlsplit(request.url).netloc == ours:
            continue
        assert request.resource_type == "document"
        sent = " ".join([request.url, request.post_data or "", *request.all_headers().values()])
        assert secret not in sent
        assert not (request.header_value("referer") or "").startswith(site.run.base_url)


def test_the_button_on_the_way_out_tells_nothing_either(page: Page, site: Site, books: Books) -> None:
    """Threat 10. Whoever clicks before the page moves on."""
    page.goto(books.link + "/square")
    away = re.compile(r"/oauth2/authorize")
    page.route(away, lambda route: route.fulfill(status=204))
    with page.expect_request(away):  # the page's own way out, which leads nowhere here
        button(page, "Continue to Square").click()
    heading(page, "On to Square")
    page.unroute(away)
    with page.expect_request(away) as went:
        link(page, "Continue to Square").click()
    assert went.value.header_value("referer") is None
    at_app(page, "Square")


@FOREIGN
def test_no_page_can_be_put_into_a_frame(
    page: Page, site: Site, books: Books, evil: Evil, host: str, watch: Watch
) -> None:
    """Threat 13. Clickjacking: a button that cannot be seen cannot be pressed by mistake."""
    signed_in(page, site, books)
    targets = [books.link, f"{books.link}/square", f"{books.link}x", site.url("/sign-in"), site.url(books.home)]
    for target in targets:
        page.goto(evil.address(host, evil.framing(target)))
        frame = page.frames[1]
        frame.wait_for_load_state()
        assert frame.url.startswith("chrome-error://"), f"{target} is shown in a frame"
        expect(page.frame_locator("iframe").get_by_role("heading")).to_have_count(0)
    refused = watch.forgive(r"frame-ancestors|X-Frame-Options|Framing", r"chrome-error|frame")
    assert len(refused) >= len(targets)


def test_a_scanner_that_clicks_everything_spoils_nothing(new_context: NewContext, site: Site, books: Books) -> None:
    """Threat 14. Mail scanners open links, run scripts and press buttons before the owner does."""
    address = site.invite(books)
    before = len(site.letters(about=books.name)), len(site.letters(books.pat)), len(site.letters(books.sam))
    scanner = new_context()
    pressed = 0
    for start in (address, books.link, f"{books.link}/shopify"):
        pressed += _press_everything(scanner, site, start)
    assert pressed >= 10
    assert eventually(lambda: site.attempts(books), "the scanner's own attempt")
    assert not site.connections(books)
    after = len(site.letters(about=books.name)), len(site.letters(books.pat)), len(site.letters(books.sam))
    assert after == before
    owner = new_context().new_page()
    connected(owner, connect(owner, address, "Square"), books.name)


def _press_everything(context: BrowserContext, site: Site, start: str) -> int:
    """Every button of the page, and a fifth of its links (one for each app), each from a fresh look at it."""
    page = context.new_page()
    page.goto(start)
    links, buttons = f"main a[href^='/'], main a[href^='{site.run.base_url}']", "button:visible"
    pressed = [(links, number) for number in range(0, page.locator(links).count(), 5)]
    pressed += [(buttons, number) for number in range(page.locator(buttons).count())]
    for kind, number in pressed:
        page.goto(start)
        page.locator(kind).nth(number).click()
        page.wait_for_load_state()
    page.close()
    return len(pressed)


def test_signing_out_ends_the_session_everywhere(page: Page, site: Site, books: Books) -> None:
    """Threat 21. In the other tab too, and for whoever kept the cookie."""
    signed_in(page, site, books)
    context = page.context
    kept: list[Any] = [cookie for cookie in context.cookies() if cookie["name"] == "__Host-session"]
    other = context.new_page()
    other.goto(site.url(f"{books.home}/client-connect/regenerate"))
    button(page, "Sign out").click()
    heading(page, "Sign in")
    button(other, "Regenerate the link").click()
    heading(other, "Sign in")
    assert site.call("GET", f"/v1/entities/{books.id}/link")["url"] == books.link
    context.add_cookies(kept)
    for path in ("/entities", books.home, f"{books.home}/history"):
        answer = page.goto(site.url(path))
        assert answer
        assert answer.status == 401
        heading(page, "Sign in")
    page.go_back()
    expect(page.get_by_text(books.olive)).to_have_count(0)


def test_a_planted_session_is_not_adopted(page: Page, site: Site, books: Books) -> None:
    """Threat 21. The id is new at every sign-in."""
    planted = "p" * 43
    page.context.add_cookies(
        [{"name": "__Host-session", "value": planted, "domain": "127.0.0.1", "path": "/", "secure": True}]
    )
    signed_in(page, site, books)
    first = _cookies(page.context)["__Host-session"]
    assert first != planted
    signed_in(page, site, books)
    assert _cookies(page.context)["__Host-session"] != first


def test_the_sign_in_link_works_once(page: Page, site: Site, books: Books) -> None:
    """Threat 14. Looking at it uses nothing up; pressing the button does."""
    address = site.call("POST", f"/v1/entities/{books.id}/console-sessions", {"email": books.pat})["url"]
    for _ in range(3):
        page.goto(address)
        heading(page, f"Sign in as {books.pat}")
    button(page, f"Sign in as {books.pat}").click()
    heading(page, "Your entities")
    page.goto(address)
    heading(page, "This sign-in link does not work")


def test_the_watch_hears_a_breach_of_the_policy(page: Page, books: Books, watch: Watch) -> None:
    """The other tests' silence means something: what is put into a page from elsewhere is stopped, and heard of."""
    page.goto(books.link)
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://elsewhere.example/x.png'}))")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.run = 1'}))")
    page.wait_for_function("!window.run")
    watch.forgive("security policy: img-src", "security policy: script-src", "console: .*Content Security Policy")

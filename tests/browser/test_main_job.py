"""The main job, by clicking."""

import re

from playwright.sync_api import Page, expect

from tests.browser.site import Books, Site, eventually
from tests.browser.steps import (
    approve,
    at_app,
    button,
    connect,
    connected,
    follow,
    heading,
    link,
    open_letter,
    signed_in,
    tab,
)
from tests.support.chromium import NewContext

NOTE = "Hello Olive,\nthis is for the March books. Thank you! <b>Pat</b>"


def test_from_signing_in_to_a_connected_app(new_context: NewContext, site: Site, books: Books) -> None:
    desk, phone = new_context(), new_context()
    desk.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.run.base_url)
    admin, owner = desk.new_page(), phone.new_page()

    _sign_in_by_letter(admin, site, books)
    _look_around(admin, books)
    _copy_the_link(admin, books)
    _ask_the_owner(admin, books)
    account = _connect_as_the_owner(owner, site, books)
    _alerts_tell_everyone(admin, site, books, account)
    _the_console_tells_it(admin, site, books, account)


def _sign_in_by_letter(page: Page, site: Site, books: Books) -> None:
    page.goto(site.url("/"))
    heading(page, "Sign in")
    page.get_by_label("Your email address").fill(books.pat)
    button(page, "Email me a sign-in link").click()
    heading(page, "Check your email")
    confirm = follow(page, open_letter(page, site, books.pat, "Sign in to"), "Sign in")
    button(confirm, f"Sign in as {books.pat}").click()
    heading(confirm, "Your entities")
    confirm.close()
    page.goto(site.url("/entities"))


def _look_around(page: Page, books: Books) -> None:
    heading(page, "Your entities")
    page.get_by_role("link", name=books.name).click()
    heading(page, books.name)
    expect(page.get_by_text("No apps are connected yet")).to_be_visible()
    for name in ("Available apps", "Client Connect", "My apps", "Client Connect"):
        tab(page, name).click()
        expect(tab(page, name)).to_have_attribute("aria-current", "page")


def _copy_the_link(page: Page, books: Books) -> None:
    button(page, f"Copy {books.name} Client Connect Link").click()
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == books.link
    expect(page.get_by_role("img", name="QR code of the Client Connect link")).to_be_visible()
    expect(page.get_by_text("Nobody has been asked yet")).to_be_visible()


def _ask_the_owner(page: Page, books: Books) -> None:
    tab(page, "Available apps").click()
    page.get_by_label("Find an app").fill("squ")
    expect(page.get_by_role("link", name="Etsy")).to_be_hidden()
    page.get_by_role("link", name="Square", exact=True).click()
    heading(page, "Square")
    page.get_by_label("Owner's email address").fill(books.olive)
    page.get_by_label("Note (optional)").fill(NOTE)
    button(page, "Send the invitation").click()
    expect(page.get_by_role("status").filter(has_text="The invitation is on its way. You are copied.")).to_be_visible()


def _connect_as_the_owner(page: Page, site: Site, books: Books) -> str:
    letter = open_letter(page, site, books.olive, f"{books.pat} asks you to connect Square to {books.name}")
    expect(page.get_by_role("definition").filter(has_text=books.pat)).to_have_count(2)  # the copy, and Reply-To
    expect(letter.get_by_text("this is for the March books. Thank you! <b>Pat</b>")).to_be_visible()
    here = follow(page, letter, "Connect Square")
    heading(here, f"Connect Square to {books.name}")
    expect(here.get_by_text(f"{books.pat} asks you to connect Square.")).to_be_visible()
    button(here, "Continue to Square").click()
    account = approve(here, "Square")
    connected(here, account, books.name)
    expect(here.get_by_text("1 of 1 connected")).to_be_visible()
    link(here, "Connect another app").click()
    expect(here.get_by_role("link", name=re.compile(r"^Square\b.*Connected"))).to_contain_text(account)
    return account


def _alerts_tell_everyone(page: Page, site: Site, books: Books, account: str) -> None:
    for admin in (books.pat, books.sam):
        letter = open_letter(page, site, admin, f"Square is connected to {books.name}")
        expect(letter.get_by_text(f"Square is now connected to {books.name}.")).to_be_visible()
        expect(letter.get_by_text(f"Account: {account}")).to_be_visible()
        expect(letter.get_by_text(f"the link sent to {books.olive}")).to_be_visible()
        assert len(site.letters(admin, "is connected to")) == 1
    overview = follow(page, open_letter(page, site, books.sam, "Square is connected"), "See all connections")
    heading(overview, books.name)
    overview.close()


def _the_console_tells_it(page: Page, site: Site, books: Books, account: str) -> None:
    page.goto(site.url(books.home))
    row = page.get_by_role("row").filter(has_text=account)
    expect(row).to_contain_text("Square")
    expect(row).to_contain_text(f"the link sent to {books.olive}")
    expect(row).to_contain_text("Connected")
    tab(page, "Client Connect").click()
    expect(page.get_by_role("row").filter(has_text=books.olive)).to_contain_text("Connected")
    link(page, "History").click()
    for sentence in (
        f"{books.olive} was asked to connect Square",
        "Somebody began to connect Square",
        f"Square was connected: {account}",
    ):
        expect(page.get_by_role("cell", name=sentence, exact=True)).to_be_visible()


def test_an_invitation_shows_how_far_it_is(new_context: NewContext, site: Site, books: Books) -> None:
    admin, owner = new_context().new_page(), new_context().new_page()
    signed_in(admin, site, books)
    address = site.invite(books)
    row = admin.get_by_role("row").filter(has_text=books.olive)

    def shows(state: str) -> None:
        eventually(lambda: admin.goto(site.url(f"{books.home}/client-connect")) and state in row.inner_text(), state)

    shows("Sent")
    owner.goto(address)
    button(owner, "Continue to Square").click()
    at_app(owner, "Square")
    shows("Started")
    approve(owner, "Square")
    shows("Connected")


def test_a_new_link_replaces_the_old_one(new_context: NewContext, site: Site, books: Books) -> None:
    """Threat 12. Seen from both sides of the desk."""
    admin, owner = new_context().new_page(), new_context().new_page()
    signed_in(admin, site, books)
    asked = site.invite(books)
    connect(owner, books.link + "/etsy", "Etsy")
    admin.goto(site.url(f"{books.home}/client-connect"))
    link(admin, "Regenerate").click()
    heading(admin, "Regenerate the Client Connect link?")
    expect(admin.get_by_text("Connected apps stay connected.")).to_be_visible()
    expect(admin.get_by_text("1 unanswered invitation holds the old link.")).to_be_visible()
    link(admin, "Keep the old link").click()
    old = admin.get_by_label(f"{books.name} Client Connect Link").input_value()
    assert old == books.link
    link(admin, "Regenerate").click()
    button(admin, "Regenerate the link").click()
    expect(admin.get_by_role("status").filter(has_text="The old one no longer works")).to_be_visible()
    new = admin.get_by_label(f"{books.name} Client Connect Link").input_value()
    assert new != old
    for dead in (old, old + "/square", asked):
        owner.goto(dead)
        heading(owner, "This link does not work")
    account = connect(owner, new + "/square", "Square")
    connected(owner, account, books.name)
    assert {one["app"] for one in site.connections(books)} == {"etsy", "square"}


def test_connect_now_by_an_admin(page: Page, site: Site, books: Books) -> None:
    signed_in(page, site, books)
    page.goto(site.url(f"{books.home}/apps/square"))
    button(page, "Connect Square now").click()
    account = approve(page, "Square")
    connected(page, account, books.name)
    link(page, f"Back to {books.name}").click()
    expect(page.get_by_role("row").filter(has_text=account)).to_contain_text(books.pat)
    for admin in (books.pat, books.sam):
        site.letter(admin, f"Square is connected to {books.name}")


def test_members_come_and_go(new_context: NewContext, page: Page, site: Site, books: Books) -> None:
    signed_in(page, site, books)
    page.goto(site.url(f"{books.home}/members"))
    new = books.sam.replace("sam", "new")
    page.get_by_label("Email address").fill(new)
    button(page, "Add this admin").click()
    expect(page.get_by_text("The admin is added.")).to_be_visible()
    for gone in (new, books.sam):
        button(page, f"Remove {gone}").click()
        expect(page.get_by_text("The admin is removed.")).to_be_visible()
        expect(page.get_by_role("listitem").filter(has_text=gone)).to_have_count(0)
    expect(page.get_by_text("The last admin cannot be removed.")).to_be_visible()
    expect(button(page, "Remove yourself")).to_have_count(0)

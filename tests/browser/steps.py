"""What people do, step by step, by what they see."""

import re

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.site import Books, Site


def heading(page: Page, text: str | re.Pattern[str]) -> None:
    """The page says what it is."""
    expect(page.get_by_role("heading", level=1, name=text)).to_be_visible()


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def link(page: Page, name: str) -> Locator:
    return page.get_by_role("link", name=name, exact=True)


def tab(page: Page, name: str) -> Locator:
    """One of an entity's three tabs."""
    return page.get_by_role("navigation", name="Connections").get_by_role("link", name=name, exact=True)


def signed_in(page: Page, site: Site, books: Books, email: str = "") -> None:
    """Sign an admin in, straight from the platform."""
    address = site.call("POST", f"/v1/entities/{books.id}/console-sessions", {"email": email or books.pat})["url"]
    page.goto(address)
    button(page, f"Sign in as {email or books.pat}").click()
    heading(page, "Your entities")


def open_letter(page: Page, site: Site, to: str, about: str) -> FrameLocator:
    """Wait for the letter, find it in the inbox, and open it."""
    site.letter(to, about)
    page.goto(site.run.inbox_url)
    row = page.get_by_role("listitem").filter(has_text=about).filter(has_text=f"to {to}")
    row.first.get_by_role("link").click()
    heading(page, re.compile(re.escape(about)))
    return page.frame_locator("iframe")


def follow(page: Page, letter: FrameLocator, name: str) -> Page:
    """Click the letter's button: mail programs open another tab."""
    with page.expect_popup() as opened:
        letter.get_by_role("link", name=name, exact=True).click()
    opened.value.wait_for_load_state()
    return opened.value


def at_app(page: Page, app: str) -> None:
    """The browser is at the simulated app's consent page."""
    expect(page.get_by_text(f"Simulated {app.split(maxsplit=1)[0]}", exact=True)).to_be_visible()


def approve(page: Page, app: str, account: str = "") -> str:
    """Allow it at the simulated app; the name of the account."""
    at_app(page, app)
    radio = page.get_by_role("radio", name=account) if account else page.get_by_role("radio").first
    radio.check()
    name = page.locator("label").filter(has=page.locator("input:checked")).inner_text().strip().split("\n")[0]
    button(page, "Allow").click()
    page.wait_for_url(re.compile(r"/attempts/"))
    return name


def cancel(page: Page, app: str) -> None:
    """Change one's mind at the simulated app."""
    at_app(page, app)
    button(page, "Cancel").click()
    page.wait_for_url(re.compile(r"/attempts/"))


def connected(page: Page, account: str, entity: str) -> None:
    """The result page names the account."""
    heading(page, f"{account} is connected to {entity}")


def connect(page: Page, address: str, app: str, tenant: str = "") -> str:
    """The whole of an owner's part; the name of the account."""
    page.goto(address)
    if tenant:
        page.get_by_label("Store address").fill(tenant)
    button(page, f"Continue to {app}").click()
    return approve(page, app)


def no_sideways_scroll(page: Page) -> None:
    wide, shown = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= shown, f"{page.url}: {wide} px on a screen of {shown}"

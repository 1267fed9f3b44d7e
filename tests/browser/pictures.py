"""Makes the README's pictures in docs/pictures: ``python -m tests.browser.pictures``, after a change of what they show."""

import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from local import seed
from local.child import running
from tests.browser.launching import launched
from tests.browser.site import Books, Site
from tests.browser.steps import connect, heading, signed_in, tab

FOLDER = Path(__file__).parent.parent.parent / "docs" / "pictures"
MOST_BYTES = 120_000
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1.25}
DESK: dict[str, Any] = {"viewport": {"width": 1120, "height": 780}}


def main() -> None:
    """A run of the product's own, with an entity in the middle of its work."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "log") as run, sync_playwright() as playwright:
        browser = launched(playwright)
        pat, sam = seed.ADMINS
        site = Site(run)
        books = Books(
            id=seed.ENTITY, name=seed.NAME, link=run.connect_url, pat=pat, sam=sam, olive="olive@acmecoffee.example"
        )
        _the_owners_side(browser, site, books)
        _the_admins_side(browser, site, books)
        browser.close()


def _the_owners_side(browser: Browser, site: Site, books: Books) -> None:
    page = browser.new_page(**PHONE, locale="en-US")
    connect(page, site.invite(books, "shopify"), "Shopify", "acme-coffee")
    asked = site.invite(books, "square", "For the March books. Thank you!")
    page.goto(books.link)
    heading(page, f"Connect your apps to {books.name}")
    _picture(page, "landing-phone")
    page.goto(asked)
    heading(page, f"Connect Square to {books.name}")
    _picture(page, "consent-phone")
    connect(page, asked, "Square")
    site.invite(books, "etsy")


def _the_admins_side(browser: Browser, site: Site, books: Books) -> None:
    page = browser.new_page(**DESK, locale="en-US")
    signed_in(page, site, books)
    page.goto(site.url(f"{books.home}/apps/stripe"))
    page.get_by_role("button", name="Connect Stripe now").click()
    page.get_by_role("button", name="Allow").click()
    heading(page, f"is connected to {books.name}")
    page.goto(site.url(books.home))
    tab(page, "Client Connect").click()
    heading(page, books.name)
    _picture(page, "client-connect-desk")
    tab(page, "My apps").click()
    page.get_by_role("table").wait_for()
    _picture(page, "my-apps-desk")


def _picture(page: Page, name: str) -> None:
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{path} has {size} bytes; a README should load quickly")
    print(f"{path.relative_to(FOLDER.parent.parent)}: {size} bytes")


if __name__ == "__main__":
    main()

"""The main job with Tab, Enter, Space and typing; no pointer."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.site import Books, Site
from tests.browser.steps import at_app, heading
from tests.support.chromium import NewContext

MOST_STOPS = 60
_FOCUSED = """() => {
  const on = document.activeElement;
  if (!on || on === document.body) return null;
  const style = getComputedStyle(on), box = on.getBoundingClientRect();
  const label = on.labels && on.labels.length ? on.labels[0].innerText : on.innerText;
  return {
    name: (on.getAttribute('aria-label') || label || '').replace(/\\s+/g, ' ').trim(),
    ringed: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1,
    seen: box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
  };
}"""


def _tab(page: Page) -> dict[str, Any]:
    """The next stop, which can be seen to have the focus."""
    page.keyboard.press("Tab")
    stop: dict[str, Any] | None = page.evaluate(_FOCUSED)
    assert stop, f"the focus left {page.url}"
    assert stop["ringed"], f"nobody sees that {stop['name']!r} has the focus"
    assert stop["seen"], f"{stop['name']!r} has the focus outside the window"
    return stop


def _tab_to(page: Page, name: str) -> None:
    stops = []
    for _ in range(MOST_STOPS):
        stops.append(_tab(page)["name"])
        if stops[-1] == name or stops[-1].startswith(f"{name} "):
            return
    raise AssertionError(f"no {name!r} among {stops}")


def _press(page: Page, name: str) -> None:
    _tab_to(page, name)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def _type(page: Page, name: str, text: str) -> None:
    _tab_to(page, name)
    page.keyboard.type(text)


def test_an_admin_signs_in_and_asks(page: Page, site: Site, books: Books) -> None:
    page.goto(site.url("/sign-in"))
    _type(page, "Your email address", books.pat)
    page.keyboard.press("Enter")
    heading(page, "Check your email")
    text = str(site.letter(books.pat, "Sign in")["text"])
    page.goto(next(line for line in text.splitlines() if line.startswith("http")))
    _press(page, f"Sign in as {books.pat}")
    _press(page, books.name)
    heading(page, books.name)
    _press(page, "Available apps")
    _press(page, "Square")
    heading(page, "Square")
    _type(page, "Owner's email address", books.olive)
    _type(page, "Note (optional)", "Thank you!")
    _press(page, "Send the invitation")
    expect(page.get_by_text("The invitation is on its way.")).to_be_visible()
    assert "Thank you!" in site.letter(books.olive)["text"]


def test_an_owner_connects(page: Page, site: Site, books: Books) -> None:
    site.invite(books)
    page.goto(books.link)
    _press(page, "Square")
    heading(page, f"Connect Square to {books.name}")
    _press(page, "Continue to Square")
    at_app(page, "Square")
    _press(page, "Allow")
    expect(page.get_by_text("1 of 1 connected")).to_be_visible()
    _press(page, "Connect another app")
    _press(page, "Shopify")
    _type(page, "Store address", "my shop")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    _press(page, "Store address")
    expect(page.get_by_label("Store address")).to_be_focused()


def test_the_first_stop_skips_to_the_content(new_context: NewContext, site: Site, books: Books) -> None:
    page = new_context().new_page()
    page.goto(books.link)
    assert _tab(page)["name"] == "Skip to the main content"
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    assert _tab(page)["name"] == "Find an app"
    assert _tab(page)["name"].startswith("Shopify")

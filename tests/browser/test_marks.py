"""The apps' marks, each a part of one sheet: they paint, under our security policy, and cost a visitor one request."""

import pytest
from playwright.sync_api import Page

from chalicelib import icons
from chalicelib.providers.catalogue import PROVIDERS
from tests.browser.site import Books, Site
from tests.browser.steps import signed_in

_PAINTED = """() => [...document.querySelectorAll('.icon')].map(icon => {
  const use = icon.querySelector('use')
  const box = use ? use.getBBox() : null
  return {
    slug: use ? use.getAttribute('href').split('#')[1] : '',
    initial: icon.textContent.trim(),
    painted: box ? box.width > 0 && box.height > 0 : false,
    seen: icon.getBoundingClientRect().width > 0,
  }
})"""


def _marks(page: Page) -> list[dict[str, object]]:
    """Every icon of the page, when all that it loads is there."""
    page.wait_for_load_state("networkidle")
    found: list[dict[str, object]] = page.evaluate(_PAINTED)
    return found


@pytest.mark.parametrize("where", ["landing", "console"])
def test_every_mark_paints(page: Page, site: Site, books: Books, where: str) -> None:
    """Threat 13. ``use`` may load from our own origin only; an app without a mark shows its initial."""
    asked: list[str] = []
    if where == "console":
        signed_in(page, site, books)
    page.on("request", lambda request: asked.append(request.url))
    page.goto(books.link if where == "landing" else site.url(f"{books.home}/available"))
    marks = _marks(page)
    drawn = [mark for mark in marks if mark["slug"]]
    assert len(marks) > len(drawn) > 5
    assert {str(mark["slug"]) for mark in drawn} <= icons.drawn() & set(PROVIDERS)
    assert [mark for mark in drawn if not (mark["painted"] and mark["seen"])] == []
    assert [mark for mark in marks if not mark["slug"] and len(str(mark["initial"])) != 1] == []
    assert [url for url in asked if "/icons.svg" in url] == [f"{site.run.base_url}/icons.svg?v={icons.version()}"]


_LOADED = "() => performance.getEntriesByType('resource').map(one => [new URL(one.name).pathname, one.transferSize])"


def test_a_page_opened_later_has_the_sheet_already(page: Page, site: Site, books: Books) -> None:
    page.goto(books.link)
    _marks(page)
    ((path, size),) = page.evaluate(_LOADED)
    assert path == "/icons.svg"
    assert size > 0
    page.goto(f"{books.link}/square")
    (mark,) = [mark for mark in _marks(page) if mark["slug"] == "square"]
    assert mark["painted"]
    assert page.evaluate(_LOADED) == [[path, 0]], "from the browser's own store"

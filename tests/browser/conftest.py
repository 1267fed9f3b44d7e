"""One product and one Chromium for each test process; for each test a fresh context, a fresh entity, and a watch over both."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from local.child import running
from tests.browser.launching import PATIENCE, NoChromium, launched
from tests.browser.site import Books, Site
from tests.browser.watch import Watch
from tests.support.logged import leaks, requests_of

type NewContext = Callable[..., BrowserContext]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    log = tmp_path_factory.mktemp("browser") / "log"
    with running(log) as run:
        yield Site(run)
    assert leaks(requests_of(log.read_text())) == [], "Threat 25: the product's process said it"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            browser = launched(playwright)
        except NoChromium as missing:
            pytest.fail(str(missing), pytrace=False)
        yield browser
        browser.close()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Nothing that a test visits may be complained of, unless the test says so."""
    watch = Watch()
    yield watch
    assert not watch.complaints


@pytest.fixture
def new_context(chromium: Browser, watch: Watch) -> Iterator[NewContext]:
    """Makes browsers with cookies of their own; Playwright's words for contexts may be given."""
    made: list[BrowserContext] = []

    def make(**words: Any) -> BrowserContext:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-US", **words})
        context.set_default_timeout(PATIENCE)
        watch.over(context, script=words.get("java_script_enabled", True))
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def page(new_context: NewContext) -> Page:
    return new_context().new_page()


@pytest.fixture
def books(site: Site) -> Books:
    return site.books()

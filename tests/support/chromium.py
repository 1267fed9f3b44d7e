"""One Chromium for each test process, whoever drives it; for each test fresh contexts, and a watch over them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.launching import PATIENCE, NoChromium, launched
from tests.browser.watch import Watch

type NewContext = Callable[..., BrowserContext]


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

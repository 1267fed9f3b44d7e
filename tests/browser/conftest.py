"""One product for each test process; for each test a fresh entity."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from local.child import running
from tests.browser.site import Books, Site
from tests.support.chromium import NewContext
from tests.support.logged import leaks, requests_of


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


@pytest.fixture
def page(new_context: NewContext) -> Page:
    return new_context().new_page()


@pytest.fixture
def books(site: Site) -> Books:
    return site.books()

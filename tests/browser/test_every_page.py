"""Every page, on a phone and on a desk, light and dark: what axe-core says of it, whether it fits, and its picture."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

from tests.browser.site import Site
from tests.browser.tour import Tour, pages_of_the_admin, pages_of_the_owner
from tests.support.chromium import NewContext

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
IN_THE_DARK = ["color-contrast", "link-in-text-block"]
"""What a colour can spoil; the rest of a page is the same in the dark."""
PICTURES = Path(__file__).parent.parent.parent / ".local" / "screenshots"
SCREENS: dict[str, ViewportSize] = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
_AXE: str = Axe().axe_script


@pytest.mark.parametrize("side", [pages_of_the_owner, pages_of_the_admin])
def test_every_page_is_accessible_and_fits(side: Tour, site: Site, new_context: NewContext) -> None:
    wrong: list[str] = []
    seen: list[str] = []
    for name, page in side(site, new_context):
        seen.append(name)
        page.evaluate(_AXE)
        for screen, size in SCREENS.items():
            page.set_viewport_size(size)
            wrong += [f"{name} on a {screen}: {what}" for what in _faults(page)]
            _picture(page, f"{name}.{screen}")
        page.set_viewport_size(SCREENS["desk"])
    assert len(seen) > 15
    assert not wrong


def _faults(page: Page) -> Iterable[str]:
    wide, shown = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    if wide > shown:
        yield f"{wide} px wide on a screen of {shown}"
    yield from _axe(page, {"type": "tag", "values": RULES})
    page.emulate_media(color_scheme="dark")
    yield from (f"in the dark: {fault}" for fault in _axe(page, {"type": "rule", "values": IN_THE_DARK}))
    page.emulate_media(color_scheme="light")


def _axe(page: Page, only: dict[str, Any]) -> list[str]:
    """What axe-core finds, a line for each element."""
    run = "only => axe.run(document, {runOnly: only, resultTypes: ['violations']}).then(found => found.violations)"
    return [f"{one['id']} at {node['html'][:200]}" for one in page.evaluate(run, only) for node in one["nodes"]]


def _picture(page: Page, name: str) -> None:
    """With SCREENSHOTS=1, for people to look at."""
    if not os.environ.get("SCREENSHOTS"):
        return
    PICTURES.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=PICTURES / f"{name}.{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")

"""What an owner's telephone has to load."""

import gzip
import os
import re
import shutil
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import override
from urllib.parse import urljoin, urlsplit

from benchmarks.report import Cell, Section
from benchmarks.stage import Stage, Stages
from chalicelib import icons
from chalicelib.providers.catalogue import PROVIDERS
from chalicelib.providers.parts import Mechanism
from tests.support.visitor import Visitor
from tests.support.world import BASE_URL

KB = 1024
PAGE, STYLE, SCRIPT = 14 * KB, 8 * KB, 3 * KB
"""Compressed. Style and script stand in the page and count in its weight too. 14 KB are what a server sends before it
first waits for an answer (RFC 6928)."""
SHEET = 10 * KB
"""The apps' marks, which a browser fetches once and keeps."""
REQUESTS = 2
HEAD = ("", "found", "gzip", "budget", "")
NOTE = "The whole catalogue, {apps} apps of it offered to owners. {how}"
IN_CHROMIUM = "Loaded in Chromium, every request seen."
READ = "No Chromium here (CHROMIUM=/path/to/chrome): addresses that a browser would load are read from the page."


def section(stages: Stages) -> Section:
    """Bytes and requests."""
    with stages() as stage:
        visitor, path = stage.world.visitor(), _landing(stage)
        page = visitor.get(path).body
        requests, how = _requests(visitor, path, page)
    others = [url for url in requests if not url.startswith(f"{BASE_URL}/")]
    apps = len(re.findall(r'class="icon"', page))
    assert apps == _offered(), "the page does not show the whole catalogue"
    found = [
        ("requests", len(requests), None, REQUESTS),
        ("third parties", len(others), None, 0),
        ("landing page, bytes", len(page.encode()), _packed(page), PAGE),
        ("its style", len(_inside("style", page)), _packed(_inside("style", page)), STYLE),
        ("its script", len(_inside("script", page)), _packed(_inside("script", page)), SCRIPT),
        ("the apps' marks, kept", len(icons.sheet()), _packed(icons.sheet()), SHEET),
    ]
    rows: list[list[Cell]] = [[*row, "OVER" if _is_over(*row) else ""] for row in found]
    over = [f"Landing page, {row[0]}: {row[2] or row[1]}, budget {row[3]}" for row in found if _is_over(*row)]
    return Section(title="Landing page", note=NOTE.format(apps=apps, how=how), head=HEAD, rows=rows, over=over)


def _landing(stage: Stage) -> str:
    """The page at its heaviest: one app connected, one asked for, the others open."""
    entity_id = stage.entity()
    stage.connect(entity_id)
    stage.invite(entity_id, "etsy")
    return stage.world.link(entity_id)


def _offered() -> int:
    """Every app that owners may see."""
    return sum(app.ask_owner or app.mechanism is Mechanism.REQUEST for app in PROVIDERS.values())


def _is_over(_name: str, found: int, packed: int | None, budget: int) -> bool:
    return (found if packed is None else packed) > budget


def _packed(text: str) -> int:
    return len(gzip.compress(text.encode(), mtime=0))


def _inside(tag: str, page: str) -> str:
    return "".join(re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL))


def _requests(visitor: Visitor, path: str, page: str) -> tuple[list[str], str]:
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    address = f"{BASE_URL}{path}"
    if chromium:
        return _loaded(visitor, address, chromium), IN_CHROMIUM
    return [address, *(urljoin(address, found) for found in _named(page))], READ


def _loaded(visitor: Visitor, address: str, chromium: str) -> list[str]:
    """What Chromium asks for, answered by the product in this process."""
    from playwright.sync_api import Route, sync_playwright

    seen: list[str] = []

    def answer(route: Route) -> None:
        seen.append(route.request.url)
        found = visitor.get(route.request.url)
        route.fulfill(status=found.status, headers=dict(found.headers), body=found.body)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 390, "height": 844})
        tab.route(lambda url: urlsplit(url).scheme != "data", answer)
        tab.goto(address, wait_until="networkidle")
        browser.close()
    return seen


class _Addresses(HTMLParser):
    """What a browser loads without being asked."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named: Mapping[str, str | None] = dict(attrs)
        wanted = [named.get(name) for name in ("src", "srcset", "data", "poster")]
        wanted += [named.get("href")] * (tag in {"link", "use", "image"})
        self.found += [value for value in wanted if value and not value.startswith(("data:", "#"))]


def _named(page: str) -> list[str]:
    addresses = _Addresses()
    addresses.feed(page)
    return [*addresses.found, *re.findall(r"(?:@import|url\()\s*[\"']?(?!data:|#)([^\"')]+)", _inside("style", page))]

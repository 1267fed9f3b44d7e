"""The apps' marks, all in one file that a browser fetches once: forty of them in every page would be 25 KB of it."""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

ICONS = Path(__file__).parent.parent / "templates" / "icons"


@cache
def drawn() -> frozenset[str]:
    """The slugs of the apps that have a mark here."""
    return frozenset(file.stem for file in ICONS.glob("*.svg"))


@cache
def sheet() -> str:
    """All of them as symbols, each under its app's slug (SVG 2 §5.5)."""
    symbols = (_symbol(slug, (ICONS / f"{slug}.svg").read_text("utf-8")) for slug in sorted(drawn()))
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>'


@cache
def version() -> str:
    """Changes with any of them, so that the sheet may be kept for ever."""
    return sha256(sheet().encode()).hexdigest()[:12]


def _symbol(slug: str, drawing: str) -> str:
    inner = re.sub(r' focusable="false"', "", drawing.strip())
    return inner.replace("<svg", f'<symbol id="{slug}"', 1).replace("</svg>", "</symbol>")

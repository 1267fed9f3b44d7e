"""Writes every page and letter with sample words, to look at: ``python -m local.preview [OUT_DIR] [--screenshots]``."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from chalicelib.rendering import Renderer
from tests.rendering.page_samples import pages
from tests.rendering.samples import ACCOUNT, BRAND, ENTITY, HOSTILE, letters

CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
LONG = "The Extraordinarily Long-Named Coffee Roasting, Baking & Sundries Company of Northern California LLC"
MOVING = ("leaving", "working")
"""Pages that go elsewhere by themselves cannot keep still for a picture."""
WIDTHS = (390, 1280)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def main() -> None:
    """Write the files, and take their pictures if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "out", type=Path, nargs="?", default=Path(".local/preview"), help="a folder; .local/preview if left out"
    )
    parser.add_argument("--screenshots", action="store_true", help="needs playwright and a Chromium")
    parser.add_argument("--only", default="", help="pictures of files whose name holds this")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    files = [_written(arguments.out / name, text) for name, text in _everything(Renderer(BRAND, ""))]
    print(f"{len(files)} files in {arguments.out}")
    if arguments.screenshots:
        _photograph([file for file in files if arguments.only in file.name])


def _everything(renderer: Renderer) -> Iterator[tuple[str, str]]:
    for kind, name, account in (("", ENTITY, ACCOUNT), ("long-", LONG, LONG), ("hostile-", HOSTILE, HOSTILE)):
        for page, variant, words in pages(name, account):
            code = {"qr": _qr(str(words["link_address"]))} if "qr" in words else {}
            yield f"{kind}{page}-{variant}.html", renderer.page(page, **(words | code))
        for number, (letter, words) in enumerate(letters(name, account)):
            made = renderer.letter(letter, **words)
            yield f"{kind}letter-{letter}-{number}.txt", f"Subject: {made.subject}\n\n{made.text}"
            yield f"{kind}letter-{letter}-{number}.html", made.html


def _qr(address: str) -> object:
    import segno
    from markupsafe import Markup

    return Markup(segno.make(address).svg_inline(omitsize=True, border=2))  # noqa: S704 - drawn by segno


def _written(file: Path, text: str) -> Path:
    file.write_text(text, "utf-8")
    return file


def _photograph(files: list[Path]) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        for scheme in SCHEMES:
            for width in WIDTHS:
                page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
                for file in (
                    one for one in files if one.suffix == ".html" and not any(word in one.name for word in MOVING)
                ):
                    page.goto(file.absolute().as_uri())
                    page.screenshot(path=file.with_suffix(f".{width}.{scheme}.png"), full_page=True)
                page.close()
        browser.close()


if __name__ == "__main__":
    main()

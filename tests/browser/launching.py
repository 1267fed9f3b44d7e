"""How Chromium is started: the machine's own, with nothing of its own to say to anybody."""

import os
from pathlib import Path

from playwright.sync_api import Browser, Playwright, expect

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--disable-sync",
)
PATIENCE = 30_000
"""Milliseconds until something that should happen has not: a slow machine is no failure."""


class NoChromium(Exception):
    """The message says what to do."""


def launched(playwright: Playwright) -> Browser:
    """Chromium, without a window.

    :raises NoChromium: if this machine has none.
    """
    program = Path(os.environ.get("CHROMIUM") or "/usr/bin/chromium")
    if not program.is_file():
        raise NoChromium(f"There is no Chromium at {program}: apt-get install chromium, or set CHROMIUM.")
    expect.set_options(timeout=PATIENCE)
    return playwright.chromium.launch(executable_path=program, args=FLAGS)

"""A real browser with a fresh profile, as somebody has who opens a page for the first time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

TIMEOUT = 60_000.0  # ms: on a busy machine the first page takes a while
FLAGS = (
    "--no-sandbox",  # containers have no user namespaces for it
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def open_browser(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS, timeout=TIMEOUT)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(TIMEOUT)
        yield page
        browser.close()


def keep_screenshot(page: Page, name: str) -> None:
    """Takes a picture of a page, if `$ALTITUDE_SCREENSHOTS` names a folder for them."""
    folder = os.environ.get("ALTITUDE_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")

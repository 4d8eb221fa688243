"""Pages in a real browser: the Chromium that this machine has, driven by Playwright."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_PATIENCE_ms = 120_000


@contextmanager
def chromium() -> Iterator[Browser | None]:
    """A browser; ``None`` where there is none."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield browser
        browser.close()


def charts_s(address: str, openings: int) -> list[float]:
    """Time from opening MLflow's charts until points are drawn, again and again, s; none without a browser."""
    seconds = []
    with chromium() as browser:
        if browser is not None:
            page = browser.new_context(viewport={"width": 1400, "height": 1500}).new_page()
            for _ in range(openings):
                page.goto("about:blank")
                start = time.monotonic()
                page.goto(address, wait_until="commit")
                page.wait_for_selector(".scatterlayer path.point", timeout=_PATIENCE_ms)
                seconds.append(time.monotonic() - start)
    return seconds

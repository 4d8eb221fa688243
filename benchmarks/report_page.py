"""The report of 10,000 made-up configurations in a browser: to its first front, to its load, and its size."""

import shutil
import tempfile
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright

from benchmarks._figures import Figure
from tests.tracking.report.contents import make_content
from tracking.report.page import write_report

_CONFIGURATIONS = 10_000
_VISITS = 5
_QUICK_S = 3.0


def run() -> list[Figure]:
    """Open the file in a new browser several times; needs Chromium."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = write_report(make_content(_CONFIGURATIONS), Path(folder) / "report.html")
        visits = []
        for _ in range(_VISITS):
            browser = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox", "--disable-gpu"])
            visits.append(_visit(browser, path))
            browser.close()
        first, table, loaded, everything = (median(times) for times in zip(*visits, strict=True))
        return [
            Figure("configurations", _CONFIGURATIONS, ""),
            Figure("to the first front, median of 5", first, "s", at_most=_QUICK_S),
            Figure("to the load event", loaded, "s", at_most=_QUICK_S),
            Figure("to lines and table too", table, "s"),
            Figure("to the last figure", everything, "s"),
            Figure("size", path.stat().st_size / 1e6, "MB", at_most=15),
        ]


def _visit(browser: Browser, path: Path) -> tuple[float, float, float, float]:
    """Seconds from the start of the navigation: first front, all of the screen and the table, load, last figure."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-drawn]", state="attached", timeout=120_000)
    stamps = page.evaluate("({ ...document.documentElement.dataset })")
    load = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    first, ready, drawn = (float(stamps[name]) / 1e3 for name in ("first", "ready", "drawn"))
    return first, ready, float(load) / 1e3, drawn


def _chromium() -> str:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("This benchmark needs Chromium, but none is on the path (Debian: apt install chromium).")
    return program

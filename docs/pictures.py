"""Makes every picture of the documentation from real runs: `make pictures`.

It types the commands of the pages, with the files of the pages, and photographs what a user sees with the Chromium that
this machine has.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.docs.pages import blocks

DOCS = Path(__file__).parent
PICTURES = DOCS / "pictures"
TRIAL = 87
"""The trial that the tour looks at closely."""
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def memsweep(folder: Path, *words: str) -> None:
    """Run a command there."""
    print("memsweep", *words, flush=True)
    subprocess.run([sys.executable, "-m", "sweeps", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def keep(source: Path, name: str) -> None:
    """Keep a picture; that of the front is the README's too."""
    target = DOCS / name if name == "front.png" else PICTURES / name
    shutil.copy(source, target)
    print(f"{target.relative_to(DOCS)}: {target.stat().st_size / 1e3:.0f} kB", flush=True)


@contextmanager
def web_page(width: int, height: int) -> Iterator[Page]:
    """An empty page of a real browser."""
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": width, "height": height})
        # As for somebody who has closed MLflow's assistant before.
        context.add_init_script("localStorage.setItem('mlflow.assistant.fab.autoOpenedOnFirstLoad_v1', 'true')")
        yield context.new_page()
        browser.close()


def photograph_mlflow(folder: Path) -> None:
    """The charts that `memsweep ui` lands on."""
    words = [sys.executable, "-m", "sweeps", "ui", "digits", "--no-open", "--port", "5017", "--dashboard-port", "0"]
    server = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "400"})
    try:
        lines = server.stdout or []
        address = next(found[0] for line in lines if (found := re.search(r"(?<=^Charts of digits: )\S+", line)))
        with web_page(1400, 900) as page:
            page.goto(address)
            page.wait_for_selector(".main-svg", timeout=60_000)
            page.wait_for_timeout(4000)
            page.screenshot(path=folder / "mlflow.png")
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=60)
    keep(folder / "mlflow.png", "mlflow.png")


def photograph_report(folder: Path) -> None:
    """The beginning of the report, and where it looks closely at a configuration."""
    memsweep(folder, "report", "digits", "--out", "report.html")
    with web_page(1100, 800) as page:
        page.goto((folder / "report.html").as_uri())
        page.wait_for_selector(".main-svg", timeout=60_000)
        page.wait_for_timeout(1500)
        page.screenshot(path=folder / "report.png")
        page.evaluate("document.getElementById('chosen').scrollIntoView()")
        page.wait_for_timeout(1500)
        page.screenshot(path=folder / "chosen.png")
    keep(folder / "report.png", "report.png")
    keep(folder / "chosen.png", "chosen.png")


def photograph_study(folder: Path) -> None:
    """What the study on the page about robustness draws, from that page's own sweep."""
    write_files(folder, "robustness.md")
    for block in blocks("robustness.md"):
        for command in block.commands:
            memsweep(folder, *shlex.split(command)[1:])
    (study,) = (folder / ".memsweep" / "sweeps" / "robust" / "robustness").glob("study-*")
    for name in ("yield.png", "sobol.png"):
        keep(study / name, name)


def write_files(folder: Path, page: str) -> None:
    """Write the files of a page there."""
    for block in blocks(page):
        if block.file is not None:
            (folder / block.file).write_text(block.body, encoding="utf-8")


def main() -> None:
    """Make all of them."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["MEMSWEEP_HOME"] = str(folder / ".memsweep")
        shutil.copytree(DOCS.parent / "examples", folder / "examples")
        for page in ("tour.md", "own_device.md"):
            write_files(folder, page)
        subprocess.run([sys.executable, "measure.py"], cwd=folder, check=True)
        memsweep(folder, "fit", "trace.csv", "--out", "my-device.toml", "--figure", "fit.png")
        keep(folder / "fit.png", "fit.png")
        memsweep(folder, "run", "examples/digits.yaml", "--executor", "inline")
        sweep = folder / ".memsweep" / "sweeps" / "digits"
        keep(sweep / "front.png", "front.png")
        memsweep(folder, "robustness", "digits", str(TRIAL), "--study", "quick.yaml", "--executor", "inline")
        keep(sweep / "robustness" / f"quick-{TRIAL}" / "accuracy.png", "robustness.png")
        photograph_study(folder)
        photograph_mlflow(folder)
        photograph_report(folder)


if __name__ == "__main__":
    main()

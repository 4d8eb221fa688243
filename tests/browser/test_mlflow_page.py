"""`memsweep ui` on a real sweep, looked at in a browser: charts with points, columns, the list of all sweeps."""

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect

from sweeps.api import mlflow_tracker
from sweeps.home import Home
from sweeps.run import Options, run
from sweeps.spec import parse_spec

pytestmark = pytest.mark.timeout(300)
_CONFIGURATIONS = 12
_PATIENCE_ms = 60_000
_NOISE = ("users/current", "gateway-proxy")
"""What MLflow's page asks of its server, which has neither."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the command printed: words -> address; the command is ended by SIGTERM."""
    home = Home(tmp_path_factory.mktemp("home"))
    spec = parse_spec(
        {
            "name": "shown",
            "task": "digits",
            "configurations": _CONFIGURATIONS,
            "chips": 1,
            "sampler": "random",
            "configuration": {
                "pulse.width_s": {"low": 1e-8, "high": 1e-5, "log": True},
                "pulse.amplitude_V": {"low": 0.5, "high": 3.0},
                "readout.hidden": {"choices": [8, 16]},
                "readout.kind": "mlp",
                "readout.epochs": 2,
            },
        }
    )
    assert run(spec, home, Options(executor="inline", tracker=partial(mlflow_tracker, home, None))).complete
    ports = (free_port(), free_port())
    words = ["ui", "shown", "--home", str(home.path), "--no-open"]
    words += ["--port", str(ports[0]), "--dashboard-port", str(ports[1])]
    with subprocess.Popen(
        [sys.executable, "-m", "sweeps", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as command:
        assert command.stdout is not None
        found: dict[str, str] = {}
        said = ""
        for line in command.stdout:
            said += line
            if match := re.match(r"(.+?): (http://\S+)", line):
                found[match[1]] = match[2]
            if "dashboard" in line:
                break
        assert set(found) == {"Charts of shown", "All sweeps", "Optuna's dashboard, for reading"}, said
        yield found
        command.send_signal(signal.SIGTERM)
        command.wait(timeout=30)
    for port in ports:
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page of somebody who has closed MLflow's assistant before, and the errors that it wrote to the console."""
    context = browser.new_context(viewport={"width": 1400, "height": 1500})
    closed = json.dumps("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1")
    context.add_init_script(f"localStorage.setItem({closed}, 'true')")
    yield context.new_page()
    context.close()


def faults(page: Page, address: str) -> list[str]:
    """What goes wrong on the way to charts with all points, beyond MLflow's own noise."""
    errors: list[str] = []

    def note(said: ConsoleMessage) -> None:
        if said.type == "error":
            errors.append(f"{said.location['url']}: {said.text}")

    def note_error(error: Error) -> None:
        errors.append(str(error))

    page.goto("about:blank")  # else the same address is no new opening
    page.on("console", note)
    page.on("pageerror", note_error)
    page.goto(address)
    points = page.locator(".scatterlayer path.point")
    expect(points).to_have_count(2 * _CONFIGURATIONS, timeout=_PATIENCE_ms)  # against energy, and against parameters
    expect(page.locator(".parcoords canvas").first).to_be_visible(timeout=_PATIENCE_ms)
    page.remove_listener("console", note)
    page.remove_listener("pageerror", note_error)
    return [error for error in errors if not any(noise in error for noise in _NOISE)]


def test_page_opens_with_charts_of_all_runs(page: Page, addresses: dict[str, str]) -> None:
    # MLflow's charts complain now and then while a busy machine draws them; a fault of the view comes every time.
    if found := faults(page, addresses["Charts of shown"]):
        assert faults(page, addresses["Charts of shown"]) == [], found
    points = page.locator(".scatterlayer path.point")
    axes = page.locator(".parcoords .dimension").all_inner_texts()
    assert len(axes) == 4
    for words in ("log10_energy_J vs. accuracy", "parameters vs. accuracy", "Sort: accuracy"):
        expect(page.get_by_text(words).first).to_be_visible()
    expect(page.get_by_text("Best accuracy", exact=False).first).to_be_visible()
    names = page.get_by_role("link", name=re.compile(r"^\d{4} · mlp (8|16) · "))
    expect(names.first).to_be_visible()
    # The colours are those of the two sizes of the networks.
    fills = points.evaluate_all("points => points.map(point => getComputedStyle(point).fill)")
    assert len(set(fills)) == 2


def test_table_shows_the_columns_that_matter(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["Charts of shown"].replace("=CHART", "=TABLE"))
    for column in ("accuracy", "energy_J", "parameters", "test_accuracy", "pulse.amplitude_V", "pulse.width_s"):
        heading = page.locator(".ag-header-cell", has=page.get_by_text(column, exact=True))
        expect(heading.first).to_be_attached(timeout=_PATIENCE_ms)


def test_overview_lists_the_sweep(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["All sweeps"])
    expect(page.get_by_role("link", name="shown", exact=True).first).to_be_visible(timeout=_PATIENCE_ms)
    expect(page.get_by_text("best_accuracy").first).to_be_visible(timeout=_PATIENCE_ms)


def test_dashboard_shows_the_study(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["Optuna's dashboard, for reading"])
    expect(page.get_by_text("shown").first).to_be_visible(timeout=_PATIENCE_ms)


def test_description_leads_to_the_tables_of_the_summary(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["Charts of shown"])
    link = page.locator("a", has_text="tables and figures").first
    expect(link).to_be_attached(timeout=_PATIENCE_ms)
    page.goto(addresses["Charts of shown"].partition("#")[0] + str(link.get_attribute("href")))
    expect(page.get_by_text("summary of shown").first).to_be_visible(timeout=_PATIENCE_ms)
    expect(page.get_by_text("pareto.csv").first).to_be_visible(timeout=_PATIENCE_ms)
    expect(page.get_by_role("link", name="Runs").first).to_be_visible()  # of the model-training mode

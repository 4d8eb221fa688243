"""The report in a real browser: quiet, closed, linked, in both themes and both widths."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request

from sweeps.cli.show import rerun_command
from sweeps.home import Home
from sweeps.report import collect_content
from sweeps.run import Options, run
from sweeps.spec import parse_spec
from sweeps.study import SweepStudy
from tests.tracking.report.contents import NASTY, make_content
from tracking.labels import written
from tracking.report.content import Content
from tracking.report.page import write_report

_MOST_s = 20
"""Until ten thousand configurations can be read, on a machine that may have much else to do."""
_INK = "getComputedStyle(document.body).color"
_PAPER = "document.querySelector('.plot .main-svg').style.background"

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def content() -> Content:
    whole = make_content()
    return replace(whole, portraits=whole.portraits[:1])


@pytest.fixture(scope="module")
def small(content: Content, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(content, tmp_path_factory.mktemp("small") / "report.html")


@pytest.fixture(scope="module")
def visit(browser: Browser) -> Iterator[Open]:
    """Opens a report; whatever a page says to the console or asks of the network is an error in the end."""
    complaints: list[str] = []

    def hear(request: Request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            complaints.append(request.url)

    def open_page(path: Path, width: int = 1400, scheme: Any = "light", wait: str = "drawn") -> Page:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", hear)
        page.route(re.compile("^(http|ws)"), lambda route: route.abort())
        page.goto(path.as_uri())
        page.wait_for_selector(f"html[data-{wait}]", state="attached", timeout=60_000)
        return page

    yield open_page
    assert complaints == []


@pytest.fixture(scope="module")
def page(visit: Open, small: Path) -> Iterator[Page]:
    """The page that the tests share, each of which leaves it as it was."""
    opened = visit(small)
    yield opened
    opened.close()


def copied(page: Page, act: Callable[[], None]) -> str:
    """What ``act`` puts into the clipboard, which is watched instead of used."""
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    act()
    page.wait_for_selector("#toast:not([hidden])")
    text = str(page.evaluate("window.copied"))
    assert page.inner_text("#toast code") == text
    return text


def pointed_at(page: Page, content: Content) -> int:
    """The trial that the tip tells, as it is."""
    page.wait_for_selector("#tip:not([hidden])")
    tip = page.inner_text("#tip")
    trial = int(re.match(r"trial (\d+)", tip)[1])  # type: ignore[index]  # None fails the test
    assert f"pulse: width: {written('pulse.width_s', content.columns['pulse.width_s'][trial])}" in tip
    return trial


def trials(page: Page) -> list[int]:
    return [
        int(number) for number in page.eval_on_selector_all("#table tbody tr", "rows => rows.map(r => r.dataset.trial)")
    ]


def check_drawing(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") == width
    plots = page.eval_on_selector_all(".plot", "plots => plots.map(p => [p.id, p.querySelectorAll('svg').length])")
    assert len(plots) > 20
    assert all(count for _, count in plots), [name for name, count in plots if not count]
    assert page.evaluate("document.querySelectorAll('.scatterlayer .point').length") > 100
    pixels = (
        "[...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((v, i) => i % 4 === 3 && v).length"
    )
    assert page.eval_on_selector("#parallel canvas", f"c => {pixels}") > 1000


def test_everything_is_drawn_within_the_screen(page: Page) -> None:
    check_drawing(page, 1400)


def test_everything_is_drawn_on_a_dark_telephone(visit: Open, small: Path) -> None:
    page = visit(small, 390, "dark")
    check_drawing(page, 390)
    assert page.evaluate(_PAPER) == "rgb(22, 26, 33)"
    page.close()


def test_dark_and_light_change_page_and_figures(page: Page) -> None:
    tick = "getComputedStyle(document.querySelector('.xtick text')).fill"
    light = "rgb(31, 41, 55)"
    assert page.evaluate(tick) == page.evaluate(_INK) == light
    assert page.evaluate(_PAPER) == "rgb(255, 255, 255)"
    page.click("#theme")
    page.wait_for_function(f"{_PAPER} === 'rgb(22, 26, 33)' && {tick} !== '{light}'")
    assert page.evaluate(tick) == page.evaluate(_INK)
    page.click("#theme")
    page.wait_for_function(f"{_PAPER} === 'rgb(255, 255, 255)' && {tick} === '{light}'")


def test_a_click_on_a_point_copies_its_command(page: Page, content: Content) -> None:
    point = page.locator("[id='front-energy_J-accuracy'] .scatterlayer .trace").nth(2).locator(".point").first
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    trial = pointed_at(page, content)
    assert trial in [entry["trial"] for entry in content.front]
    text = copied(page, lambda: page.mouse.click(x, y))
    assert text == f"memsweep show digits {trial} --home 'my home'"
    again = copied(page, lambda: page.click("#toast button >> nth=0"))
    assert again.startswith("memsweep run 'it'\"'\"'s here/sweep.yaml' ")
    settings = dict(word.split("=") for word in shlex.split(again) if "=" in word)
    assert settings.pop("name") == f"digits-{trial}"
    wanted = {name: content.columns[name][trial] for name in content.searched}
    assert {name: _read(value) for name, value in settings.items()} == wanted
    assert again.endswith(" --configurations 1 --home 'my home'")
    page.keyboard.press("Escape")


def test_a_line_tells_its_configuration_and_copies_its_command(page: Page, content: Content) -> None:
    page.locator("#parallel").scroll_into_view_if_needed()
    axes = [
        page.locator(f"#parallel .axis[data-name='{name}'] line.rule >> nth=0").bounding_box()
        for name in ("accuracy", "parameters")
    ]
    assert axes[0] is not None
    assert axes[1] is not None
    # From the middle of the gap downwards, until a line passes.
    x, y = (axes[0]["x"] + axes[1]["x"]) / 2, axes[0]["y"] + axes[0]["height"] / 2
    for step in range(0, 100, 3):
        page.mouse.move(x, y + step)
        if page.locator("#parallel .pointed").count():
            break
    y += step
    trial = pointed_at(page, content)
    points = page.locator("#parallel .pointed").get_attribute("points") or ""
    left = page.evaluate("document.querySelector('#parallel svg').getBoundingClientRect().left")
    top = page.evaluate("document.querySelector('#parallel svg').getBoundingClientRect().top")
    ends = [tuple(map(float, point.split(","))) for point in points.split()]
    behind = next(place for place, (across, _) in enumerate(ends) if across > x - left)
    assert sum(height for _, height in ends[behind - 1 : behind + 1]) / 2 == pytest.approx(y - top, abs=20)
    text = copied(page, lambda: page.mouse.click(x, y))
    assert text == f"memsweep show digits {trial} --home 'my home'"
    assert page.locator("#table tr[aria-selected=true]").get_attribute("data-trial") == str(trial)
    page.mouse.move(x, 0)
    assert page.locator("#tip").is_hidden()
    assert page.locator("#parallel .pointed").count() == 0
    page.keyboard.press("Escape")


def test_a_command_of_the_page_is_that_of_the_command_line(visit: Open, tmp_path: Path) -> None:
    spec = parse_spec(
        {
            "name": "odd",
            "task": "digits",
            "configurations": 12,
            "sampler": "random",
            "objectives": {"accuracy": "maximize", "parameters": "minimize"},
            "configuration": {
                "device.alpha": {"choices": [None, 0.354]},
                "pulse.width_s": {"low": 1e-9, "high": 1e-6, "log": True},
                "pulse.interval_s": {"low": 1e-6, "high": 1e-3, "log": True},
                "pulse.amplitude_V": {"choices": [1.0, 1.5]},
                "pulse.read_every": {"choices": [4, 8]},
                "readout.kind": {"choices": ["ridge", "mlp"]},
                "readout.hidden": {"choices": [16, [16, 8]]},
                "readout.epochs": 1,
            },
        }
    )
    folder = run(spec, Home(tmp_path / "my home"), Options(executor="inline")).folder
    page = visit(write_report(collect_content(folder, portraits=False), tmp_path / "report.html"))
    records = SweepStudy(spec, folder.journal).records()
    assert {record.configuration["device.alpha"] for record in records} == {None, 0.354}
    told = trials(page)
    assert len(told) > 3
    for trial in told:
        page.click(f"#table tr[data-trial='{trial}']")
        text = copied(page, lambda: page.click("#chosen-row button >> nth=1"))
        assert text == rerun_command(folder, spec, records[trial])
    page.close()


def test_numbers_are_written_as_python_writes_them(visit: Open, tmp_path: Path) -> None:
    numbers = [0.0, 2.0, 1e-4, 9.9e-5, 1e-7, 1.25e-12, 0.1 + 0.2, 123456.789, 1e15, 1e16, 5e22, -3.5]
    whole = make_content(len(numbers), searched=["device.alpha"], portraits=(), studies=(), importance=(), growth={})
    columns = {**whole.columns, "device.alpha": numbers}
    page = visit(write_report(replace(whole, columns=columns), tmp_path / "report.html"), wait="ready")
    for trial in trials(page):
        page.click(f"#table tr[data-trial='{trial}']")
        text = copied(page, lambda: page.click("#chosen-row button >> nth=1"))
        assert f" --set device.alpha={numbers[trial]!r} " in text
    page.close()


def test_the_table_tells_sorts_and_copies(page: Page, content: Content) -> None:
    rows = {trial: place for place, trial in enumerate(content.columns["trial"])}
    names = page.eval_on_selector_all("#table thead th", "cells => cells.map(c => c.dataset.column)")
    cells: list[list[str]] = page.eval_on_selector_all(
        "#table tbody tr", "rows => rows.map(r => [...r.cells].map(c => c.textContent))"
    )
    assert len(cells) == content.finished
    for line in cells:
        row = rows[int(line[0].split()[0])]
        # Told as the rest of the program tells them.
        wanted = [written(name, content.columns[name][row]) for name in names]
        assert line[1:] == wanted[1:]

    def values(name: str) -> list[float]:
        return [content.columns[name][rows[trial]] for trial in trials(page)]

    assert values("accuracy") == sorted(values("accuracy"), reverse=True)
    page.click("#table th[data-column=energy_J] button")
    assert values("energy_J") == sorted(values("energy_J"))
    page.click("#table th[data-column=energy_J] button")
    assert values("energy_J") == sorted(values("energy_J"), reverse=True)
    for name, ascending in (
        ("readout.hidden", [8, 16, [16, 8], None]),
        ("readout.quiet", [False, True]),
        ("device.alpha", [0.354, None]),
    ):
        page.click(f"#table th[data-column='{name}'] button")
        found = [value for place, value in enumerate(values(name)) if not place or value != values(name)[place - 1]]
        assert found == ascending
    page.click("#table th[data-column=accuracy] button")
    page.focus("#table tbody tr")
    page.keyboard.press("ArrowDown")
    trial = trials(page)[1]
    assert copied(page, lambda: page.keyboard.press("Enter")) == f"memsweep show digits {trial} --home 'my home'"
    assert page.locator("#table tr[aria-selected=true]").get_attribute("data-trial") == str(trial)
    assert page.locator("#parallel polyline.chosen").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("#toast").is_hidden()


def test_a_range_along_an_axis_filters_the_table(page: Page, content: Content) -> None:
    everything = set(trials(page))
    accuracies = dict(zip(content.columns["trial"], content.columns["accuracy"], strict=True))
    grasp = page.locator("#parallel .axis[data-name=accuracy] .grasp")
    grasp.scroll_into_view_if_needed()
    box = grasp.bounding_box()
    assert box is not None
    x, top = box["x"] + box["width"] / 2, box["y"]
    page.mouse.move(x, top + 1)
    page.mouse.down()
    page.mouse.move(x, top + box["height"] / 2, steps=4)
    page.mouse.up()
    kept = set(trials(page))
    assert 0 < len(kept) < len(everything)
    # The upper half was kept: all of it, and nothing of the rest.
    assert min(accuracies[trial] for trial in kept) > max(accuracies[trial] for trial in everything - kept)
    page.mouse.click(x, top + 20)
    assert set(trials(page)) == everything
    page.select_option("#filter select", "parameters")
    page.fill("#filter input[name=high]", "1210")
    page.press("#filter input[name=high]", "Enter")
    parameters = dict(zip(content.columns["trial"], content.columns["parameters"], strict=True))
    assert set(trials(page)) == {trial for trial in everything if parameters[trial] <= 1210}
    page.click("#clear")
    assert set(trials(page)) == everything


def test_a_range_is_typed_as_the_page_tells_it(page: Page, content: Content) -> None:
    everything = set(trials(page))
    low, high = page.locator("#filter input[name=low]"), page.locator("#filter input[name=high]")

    def keep(name: str, start: str, end: str) -> set[int]:
        page.click("#clear")
        page.select_option("#filter select", name)
        low.fill(start)
        high.fill(end)
        page.click("#filter button[type=submit]")
        return set(trials(page))

    def those(name: str, holds: Callable[[Any], bool]) -> set[int]:
        return {trial for trial in everything if holds(content.columns[name][trial])}

    labels = page.eval_on_selector_all("#filter option", "all => all.map((each) => each.textContent)")
    assert {"energy per inference / J", "pulse: width / s", "parameters"} <= set(labels)
    median = sorted(content.columns["energy_J"][trial] for trial in everything)[len(everything) // 2]
    shown = written("energy_J", median)
    rounded = float(f"{median:.3g}")
    wanted = those("energy_J", lambda value: value <= rounded or written("energy_J", value) == shown)
    for typed in (shown, shown.replace(" ", ""), f"{rounded!r}", shown.removesuffix("J")):
        assert keep("energy_J", "", typed) == wanted
    assert keep("energy_J", shown, "") == (everything - wanted) | those(
        "energy_J", lambda value: written("energy_J", value) == shown
    )
    assert keep("pulse.width_s", "100 ns", "0.5 µs") == those("pulse.width_s", lambda value: 1e-7 <= value <= 5e-7)
    assert keep("readout.quiet", "True", "") == those("readout.quiet", bool)
    assert keep("readout.hidden", "16-8", "") == those("readout.hidden", lambda value: value == [16, 8])
    assert keep("readout.hidden", "", "") == everything
    assert keep("device.alpha", "0.3", "") == those("device.alpha", lambda value: value is not None)
    assert keep("energy_J", "", "12 quarks") == everything
    assert (low.get_attribute("aria-invalid"), high.get_attribute("aria-invalid")) == (None, "true")
    assert '"12 quarks" is no value of energy per inference' in page.inner_text("#unread")
    page.click("#clear")
    assert high.get_attribute("aria-invalid") is None
    assert page.locator("#unread").is_hidden()


def test_paper_has_all_of_it(visit: Open, small: Path) -> None:
    page = visit(small, wait="first")
    closed = "document.querySelectorAll('details:not([open])').length"
    page.evaluate(f"addEventListener('beforeprint', () => {{ window.stillClosed = {closed}; }})")
    paper = page.pdf()
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) > 3
    assert page.evaluate("window.stillClosed") == 0
    counts = page.eval_on_selector_all(".plot", "plots => plots.map(p => p.querySelectorAll('svg').length)")
    assert len(counts) > 20
    assert all(counts)
    assert page.locator("details[open]").count() == 0
    page.emulate_media(media="print")
    assert page.evaluate(_INK) == "rgb(17, 24, 39)"
    page.close()


def test_nasty_names_stay_words(page: Page) -> None:
    assert NASTY in page.inner_text("#methods")
    assert page.locator("main b").count() == 0


def test_ten_thousand_configurations_open_quickly(visit: Open, tmp_path: Path) -> None:
    page = visit(write_report(make_content(10_000), tmp_path / "report.html"), wait="ready")
    assert float(page.evaluate("document.documentElement.dataset.ready")) < 1e3 * _MOST_s
    assert 200 <= len(trials(page)) < 400
    assert "of 9,500 evaluated configurations" in page.inner_text("#count")


def _read(text: str) -> Any:
    return json.loads(text) if text[0] not in "mr" else text

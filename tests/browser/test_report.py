"""The report in a real browser: quiet, closed, linked, in both themes and both widths."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request

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
    hover = page.wait_for_selector(".hoverlayer .hovertext").text_content() or ""
    trial = int(re.match(r"trial (\d+)", hover)[1])  # type: ignore[index]
    [told] = [entry for entry in content.front if entry["trial"] == trial]
    assert f"pulse: width: {written('pulse.width_s', told['configuration']['pulse.width_s'])}" in hover
    text = copied(page, lambda: page.mouse.click(x, y))
    assert text == f"memsweep show digits {trial} --home here"
    again = copied(page, lambda: page.click("#toast button >> nth=0"))
    assert again.startswith(f"memsweep run 'it'\\''s here/sweep.yaml' --set name=digits-{trial} --set pulse.width_s=")
    assert again.endswith(" --configurations 1 --home here")


def test_the_table_tells_sorts_and_copies(page: Page, content: Content) -> None:
    rows = {trial: place for place, trial in enumerate(content.columns["trial"])}
    names = page.eval_on_selector_all("#table thead th", "cells => cells.map(c => c.dataset.column)")
    cells: list[list[str]] = page.eval_on_selector_all(
        "#table tbody tr", "rows => rows.map(r => [...r.cells].map(c => c.textContent))"
    )
    assert len(cells) == content.finished
    for line in cells:
        row = rows[int(line[0].split()[0])]
        # Numbers come back as floats, and are told as the rest of the program tells them.
        wanted = [written(name, _as_float(content.columns[name][row])) for name in names]
        assert line[1:] == wanted[1:]

    def values(name: str) -> list[float]:
        return [content.columns[name][rows[trial]] for trial in trials(page)]

    assert values("accuracy") == sorted(values("accuracy"), reverse=True)
    page.click("#table th[data-column=energy_J] button")
    assert values("energy_J") == sorted(values("energy_J"))
    page.click("#table th[data-column=energy_J] button")
    assert values("energy_J") == sorted(values("energy_J"), reverse=True)
    page.focus("#table tbody tr")
    page.keyboard.press("ArrowDown")
    trial = trials(page)[1]
    assert copied(page, lambda: page.keyboard.press("Enter")) == f"memsweep show digits {trial} --home here"
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


def test_prints_with_all_of_it_open(page: Page) -> None:
    page.emulate_media(media="print")
    assert page.evaluate(_INK) == "rgb(17, 24, 39)"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0
    page.emulate_media(media="screen")


def test_nasty_names_stay_words(page: Page) -> None:
    assert NASTY in page.inner_text("#methods")
    assert page.locator("main b").count() == 0


def test_ten_thousand_configurations_open_quickly(visit: Open, tmp_path: Path) -> None:
    page = visit(write_report(make_content(10_000), tmp_path / "report.html"), wait="ready")
    assert float(page.evaluate("document.documentElement.dataset.ready")) < 1e3 * _MOST_s
    assert 200 <= len(trials(page)) < 400
    assert "of 9,500 evaluated configurations" in page.inner_text("#count")


def _as_float(value: Any) -> Any:
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

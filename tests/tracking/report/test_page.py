"""The page as a document: well formed, closed to the network, escaped, small, and without holes."""

import base64
import hashlib
import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from plotly.offline import get_plotlyjs

from tests.tracking.report.contents import NASTY, make_content
from tracking.report.content import Content
from tracking.report.page import write_report
from tracking.report.plotly_script import plotly_script

_VOID = {"meta", "link", "br", "img", "input"}
_MOST_BYTES = 15_000_000


class Document(HTMLParser):
    """Elements of a page; closing another than the innermost one is an error."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif self.open and self.open[-1] != "style":
            self.words += data

    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.elements if "id" in attributes]


def read(content: Content, folder: Path) -> tuple[Document, dict[str, Any]]:
    document = Document(write_report(content, folder / "new" / "report.html").read_text(encoding="utf-8"))

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return document, json.loads(document.scripts[0], parse_constant=refuse)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> tuple[Document, dict[str, Any]]:
    return read(make_content(), tmp_path_factory.mktemp("full"))


def test_is_well_formed_and_leads_to_its_own_parts(full: tuple[Document, dict[str, Any]]) -> None:
    document, data = full
    assert document.open == []
    counts = Counter(document.ids())
    assert set(counts.values()) == {1}
    links = [str(attributes["href"]) for tag, attributes in document.elements if tag == "a"]
    assert {link.removeprefix("#") for link in links} <= set(counts)
    assert set(data["figures"]) <= set(counts)


def test_nothing_is_fetched_and_only_named_scripts_run(full: tuple[Document, dict[str, Any]]) -> None:
    document, _ = full
    addresses = [attributes.get("src") or attributes.get("href") or "#" for _, attributes in document.elements]
    assert all(address.startswith(("#", "data:")) for address in addresses)
    [policy] = [str(each["content"]) for _, each in document.elements if each.get("http-equiv")]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    allowed = set(re.findall(r"'(sha256-[^']+)'", policy))
    digests = [hashlib.sha256(script.encode()).digest() for script in document.scripts[1:]]
    assert {f"sha256-{base64.b64encode(digest).decode()}" for digest in digests} == allowed
    assert not any(name.startswith("on") for _, attributes in document.elements for name in attributes)


def test_names_are_told_letter_for_letter_and_never_run(full: tuple[Document, dict[str, Any]]) -> None:
    document, data = full
    assert len(document.scripts) == 3
    assert not any(tag == "b" for tag, _ in document.elements)
    content = make_content()
    for part in (content.task_description, content.methods["Seeds"], content.answer[0], content.spec):
        assert part in document.words
    # Plotly reads labels as HTML.
    assert "<b>" not in json.dumps(data["figures"])


def test_every_array_is_there_once(full: tuple[Document, dict[str, Any]]) -> None:
    _, data = full
    keys = [(array["dtype"], array.get("shape"), array["bdata"]) for array in data["arrays"]]
    assert len(keys) == len(set(keys))
    used = re.findall(r'\{"\$": (\d+)\}', json.dumps([data["figures"], data["columns"]]))
    assert set(map(int, used)) == set(range(len(keys)))
    assert len(used) > 1.2 * len(keys)


def test_columns_come_back_as_they_were(full: tuple[Document, dict[str, Any]]) -> None:
    _, data = full
    content = make_content()

    def array(reference: dict[str, int]) -> list[Any]:
        spec = data["arrays"][reference["$"]]
        return list(np.frombuffer(base64.b64decode(spec["bdata"]), f"<{spec['dtype']}"))

    for column in data["columns"]:
        wanted = list(content.columns[column["name"]])
        if "numbers" in column:
            assert column["whole"] == all(isinstance(each, int) for each in wanted if each is not None)
            np.testing.assert_array_equal(
                array(column["numbers"]), [np.nan if each is None else each for each in wanted]
            )
        else:
            assert [json.loads(column["words"][code]) for code in array(column["codes"])] == wanted


def test_what_a_sweep_has_not_leaves_no_hole(tmp_path: Path) -> None:
    bare = Content(
        name="bare",
        task="digits",
        task_description="",
        question="?",
        answer=[],
        complete=False,
        planned=3,
        finished=0,
        failed=1,
        objectives={"accuracy": "maximize"},
        searched=[],
        columns={"trial": [0], "state": ["failed"], "on_front": [False], "error": [NASTY]},
        front=[],
        control={},
    )
    document, data = read(bare, tmp_path)
    assert [each for each in document.ids() if each not in ("theme", "toast", "tip", "data")] == ["answer", "methods"]
    assert data["figures"] == {}
    assert "has not come to its end" in document.words


def test_the_rest_stands_without_some_parts(tmp_path: Path) -> None:
    document, _ = read(make_content(20, growth={}, importance=(), studies=(), paper=(), spec=""), tmp_path)
    assert document.open == []
    assert {"growth", "knobs", "robustness"}.isdisjoint(document.ids())
    assert {"fronts", "configurations", "chosen", "methods"} <= set(document.ids())


def test_ten_thousand_trials_are_no_burden(tmp_path: Path) -> None:
    path = write_report(make_content(10_000), tmp_path / "report.html")
    assert path.stat().st_size < _MOST_BYTES


def test_another_plotly_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    script = plotly_script()
    assert script.startswith("/**")
    assert len(script) > 0.99 * len(get_plotlyjs())
    # One wrapper, which runs at once.
    assert '*/\n"use strict";var Plotly=(function(){' in script[:400]
    assert script.rstrip().endswith("window.Plotly = Plotly;")
    monkeypatch.setattr("tracking.report.plotly_script.get_plotlyjs", lambda: "/* new */ var Plotly = {};")
    assert plotly_script() == "/* new */ var Plotly = {};"

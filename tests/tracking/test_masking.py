"""Credentials never reach a message."""

from contextlib import suppress
from urllib.parse import quote, unquote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from tracking.masking import mask
from tracking.mlflow_tracker import MlflowTracker

SECRET = "hush7Hush"
_around = st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs")), max_size=8)
passwords = st.builds(lambda before, after: f"{before}{SECRET}{after}", _around, _around)


@pytest.mark.parametrize(
    ("text", "uri", "expected"),
    [
        (
            "API request to http://me:pw@host:5000/api failed",
            "",
            "API request to http://***@host:5000/api failed",
        ),
        ("postgresql+psycopg://me:p%40w@host/db", "", "postgresql+psycopg://***@host/db"),
        ("dsn x?user=me&password=hush&a=1", "", "dsn x?user=me&password=***&a=1"),
        ("wrong p@w given", "postgresql://me:p%40w@host/db", "wrong *** given"),
        ("no scheme: me:hush@host/db", "", "no scheme: ***@host/db"),
        ("token at http://t0ken@host/", "", "token at http://***@host/"),
        ("mail me@host, see http://host/a@b", "", "mail me@host, see http://host/a@b"),
        ("a [broken address", "http://[broken", "a [broken address"),
        # Not quoted as it should be.
        ("at http://me:p@ss@host:5000, at http://you@host", "", "at http://***@host:5000, at http://***@host"),
        ("'p/w' at http://me:p/w@host/db", "http://me:p/w@host/db", "'***' at http://***@host/db"),
        ("host='me', url: /wxyz@host/api", "http://me:p/wxyz@host", "host='me', url: /***@host/api"),
        ("postgresql://me:a b@host/db", "", "postgresql://***@host/db"),
        ("connect(sslpassword='a b', a=1)", "", "connect(sslpassword=***, a=1)"),
        ("it said hush", "http://host?auth_token=hush&a=1", "it said ***"),
        # A short password is no part of other words, nor is a file's name one.
        ("http://me:p@host", "http://me:p@host", "http://***@host"),
        ("sqlite:////home/me@here/mlflow.db", "sqlite:////home/me@here/mlflow.db", "sqlite:////home/me@here/mlflow.db"),
    ],
)
def test_mask_of_addresses(text: str, uri: str, expected: str) -> None:
    assert mask(text, uri) == expected


def _said_by_libraries(address: str) -> list[str]:
    """The parts of an address that a library may quote, each where it believes them to be."""
    said = [address, unquote(address), quote(address, safe=":/?@")]
    with suppress(ValueError):
        parts = urlsplit(address)
        said += [parts.netloc, parts.hostname or "", f"url: {parts.path}?{parts.query}#{parts.fragment}"]
    with suppress(ArgumentError, ValueError):
        url = make_url(address)
        said += [str(part) for part in (url.username, url.password, url.host, url.database, dict(url.query))]
    return said


@pytest.mark.parametrize(
    "form", ["{scheme}://me:{password}@host:5000/db", "{scheme}://me@host/db?sslpassword={quoted}"]
)
@settings(deadline=None)
@given(password=passwords, scheme=st.sampled_from(["http", "postgresql+psycopg"]), quoted=st.booleans())
@example(password=f"p@ss{SECRET}", scheme="http", quoted=False)
@example(password=f"p/w{SECRET}", scheme="postgresql+psycopg", quoted=False)
@example(password=f"p:{SECRET} @?#/x", scheme="http", quoted=True)
def test_no_password_comes_through_wherever_it_is_quoted(form: str, password: str, scheme: str, quoted: bool) -> None:
    in_query = quote(password, safe="")
    address = form.format(scheme=scheme, password=in_query if quoted else password, quoted=in_query)
    place = MlflowTracker(address).place or ""
    said = [place, mask(address), *(mask(f"refused: {part!r}", address) for part in _said_by_libraries(address))]
    for text in [*said, mask(f"refused: {password}", address)]:
        assert SECRET.lower() not in text.lower()
    assert place.startswith(f"{scheme}://")


def test_secrets_of_the_environment_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hush-hush")
    monkeypatch.setenv("PGPASSWORD", "a")  # it would mask half of every word
    assert mask("refused: a user with hush-hush") == "refused: a user with ***"


@pytest.mark.timeout(20)
def test_long_words_are_read_in_no_time() -> None:
    text = 300_000 * "x"
    assert mask(f"{text} {text}@ http://{text}", "http://me:hush@host") == f"{text} {text}@ http://{text}"

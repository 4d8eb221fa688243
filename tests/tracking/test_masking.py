"""Credentials never reach a message."""

import pytest

from tracking.masking import mask


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
    ],
)
def test_mask_of_addresses(text: str, uri: str, expected: str) -> None:
    assert mask(text, uri) == expected


def test_secrets_of_the_environment_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hush-hush")
    monkeypatch.setenv("PGPASSWORD", "a")  # it would mask half of every word
    assert mask("refused: a user with hush-hush") == "refused: a user with ***"

"""Keeps secrets out of messages: tracking URIs may hold them, and libraries quote URIs in their errors.

Passwords are often not quoted as a URI wants it, and libraries disagree where such a one ends: at the first ``@`` or at
the last, or at a ``/``, behind which a path begins. So all from the colon behind the user to the last ``@`` counts as
password here, and every longer word of it as a secret. That may hide a little more than the secret.
"""

import os
import re
from collections.abc import Iterator
from urllib.parse import quote, unquote, unquote_plus

_SCHEME = re.compile(r"\s*[\w+.-]+://")
_USER_INFO = re.compile(r"(?<=://)(?:[^\s:/?#]*:\S*|[^\s/'\"]+)@")
_WHOLE_USER_INFO = re.compile(r"(?<=://)(?:[^:/?#]*:.*|[^/]+)@", re.DOTALL)
# The look behind, here and below: a word is tried once, not from each of its letters.
_LOGIN = re.compile(r"(?<![^\s:@/'\"])[^\s:@/'\"]+:(?!//)\S+@")
_KEY = r"(?i:(?<![\w-])([\w-]*(?:password|passwd|pwd|token|secret))=)"
_QUERY_SECRET = re.compile(rf"{_KEY}('[^']*'|\"[^\"]*\"|[^&\s]+)")
_WHOLE_QUERY_SECRET = re.compile(rf"{_KEY}([^&]+)")
_PASSWORD = re.compile(r"(?:\s*[\w+.-]+://)?[^:/?#]*:(?!//)(.*)@", re.DOTALL)
_VARIABLES = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "PGPASSWORD", "RAY_AUTH_TOKEN")
"""Environment variables that hold a secret."""
_SHORTEST = 4
"""A shorter secret is a part of too many words to be looked for within them."""


def mask(text: str, uri: str = "") -> str:
    """Return ``text`` without the credentials of any URI in it, the bare password of ``uri``, or the environment's.

    A text that begins as a URI does is taken for one as a whole, so that a password with spaces is seen too.
    """
    # First what is known word for word: the patterns would leave half of a password that they do not understand.
    for secret in sorted({*_secrets(uri), *_from_environment()}, key=len, reverse=True):
        pattern = re.escape(secret) if len(secret) >= _SHORTEST else rf"(?<!\w){re.escape(secret)}(?!\w)"
        text = re.sub(pattern, "***", text, flags=re.IGNORECASE)  # hosts, and what is taken for one, lose their case
    whole = _SCHEME.match(text) is not None
    text = (_WHOLE_USER_INFO if whole else _USER_INFO).sub("***@", text)
    text = _LOGIN.sub("***@", text)
    return (_WHOLE_QUERY_SECRET if whole else _QUERY_SECRET).sub(r"\1=***", text)


def _secrets(uri: str) -> Iterator[str]:
    """What a library may take from a URI for its passwords, quoted and not, and their words."""
    password = _PASSWORD.match(uri)
    written = [] if password is None else [password[1]]
    written += [value for _, value in _WHOLE_QUERY_SECRET.findall(uri)]
    for secret in {form for text in written if text for form in (text, unquote(text), unquote_plus(text))}:
        yield secret
        for word in re.findall(rf"\w{{{_SHORTEST},}}", secret):
            yield from (word, quote(word))


def _from_environment() -> list[str]:
    return [value for name in _VARIABLES if len(value := os.environ.get(name, "")) >= _SHORTEST]

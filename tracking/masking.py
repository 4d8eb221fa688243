"""Keeps secrets out of messages: tracking URIs may hold them, and libraries quote URIs in their errors."""

import os
import re
from urllib.parse import unquote, urlsplit

_USER_INFO = re.compile(r"(?<=://)[^/\s@'\"]+@")
_LOGIN = re.compile(r"[^\s:@/'\"]+:[^\s@/'\"]+@")
_QUERY_SECRET = re.compile(r"(?i)\b(password|passwd|pwd|token|secret)=[^&\s'\"]+")
_VARIABLES = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN", "PGPASSWORD", "RAY_AUTH_TOKEN")
"""Environment variables that hold a secret."""
_SHORTEST = 4
"""A shorter secret is a part of too many words to be looked for."""


def mask(text: str, uri: str = "") -> str:
    """Return ``text`` without the credentials of any URI in it, the bare password of ``uri``, or the environment's."""
    text = _USER_INFO.sub("***@", text)
    text = _LOGIN.sub("***@", text)
    text = _QUERY_SECRET.sub(r"\1=***", text)
    for secret in (*_passwords(uri), *_from_environment()):
        text = text.replace(secret, "***")
    return text


def _passwords(uri: str) -> list[str]:
    try:
        password = urlsplit(uri).password
    except ValueError:  # not a URI that can be split: the patterns above have to do
        return []
    if not password:
        return []
    return sorted({password, unquote(password)}, key=len, reverse=True)


def _from_environment() -> list[str]:
    return [value for name in _VARIABLES if len(value := os.environ.get(name, "")) >= _SHORTEST]

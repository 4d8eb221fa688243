"""Keeps passwords out of messages: tracking URIs may hold them, and libraries quote URIs in their errors."""

import re
from urllib.parse import unquote, urlsplit

_USER_INFO = re.compile(r"(?<=://)[^/\s@'\"]+@")
_QUERY_SECRET = re.compile(r"(?i)\b(password|passwd|pwd|token|secret)=[^&\s'\"]+")


def mask(text: str, uri: str = "") -> str:
    """Return ``text`` without the credentials of any URI in it, nor the bare password of ``uri``."""
    text = _USER_INFO.sub("***@", text)
    text = _QUERY_SECRET.sub(r"\1=***", text)
    for secret in _secrets(uri):
        text = text.replace(secret, "***")
    return text


def _secrets(uri: str) -> list[str]:
    try:
        password = urlsplit(uri).password
    except ValueError:  # not a URI that can be split: the patterns above have to do
        return []
    if not password:
        return []
    return sorted({password, unquote(password)}, key=len, reverse=True)

"""What a machine lacks: a reason to skip at home, a failure where everything must be there."""

import os

import pytest


def missing(what: str) -> BaseException:
    """What to raise: it skips the test, or fails it where the environment variable ``CI`` is set."""
    if os.environ.get("CI"):
        return pytest.fail.Exception(f"{what}; with CI set, nothing that the tests need may be missing", pytrace=False)
    return pytest.skip.Exception(what)

"""A missing program is a reason to skip at home and a failure in CI."""

from pathlib import Path

import pytest

from tests.integration import postgres


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_a_machine_without_postgres(ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(postgres, "_PROGRAMS", ("no-such-program",))
    with pytest.raises(outcome, match="no PostgreSQL is installed"):
        postgres.binaries()
    monkeypatch.undo()
    assert isinstance(postgres.binaries(), Path)

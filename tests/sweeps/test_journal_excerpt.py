"""Reading one trial of a long journal: the same trial, and nothing written."""

from pathlib import Path

import pytest

from sweeps.executor import Outcome
from sweeps.spec import Spec
from sweeps.study import SweepStudy


def test_one_trial_is_read_as_from_the_whole(tiny_spec: Spec, tmp_path: Path) -> None:
    journal = tmp_path / "journal.log"
    study = SweepStudy(tiny_spec, journal)
    for number in range(13):
        study.ask(number)
        study.tell(Outcome(trial=number, error=f'failed, says "trial_id":{number + 1}'))
    before = journal.read_bytes()
    records = study.records()
    for number in (0, 1, 11, 12):
        alone = SweepStudy(tiny_spec, journal, only=number)
        assert alone.record(number) == records[number]
        assert alone.counts()[0] == 13
    assert SweepStudy(tiny_spec, journal, only=13).record(13) is None
    assert SweepStudy(tiny_spec, journal, only=-1).record(-1) is None
    with pytest.raises(RuntimeError, match="cannot be written"):
        SweepStudy(tiny_spec, journal, only=3).ask(13)
    assert journal.read_bytes() == before
    assert SweepStudy(tiny_spec, tmp_path / "none.log", only=0).record(0) is None

"""Tables of trials."""

from pathlib import Path

import pandas as pd

from sweeps.results import frame
from sweeps.study import Record, State


def test_a_column_of_one_and_of_several_layers_fits_into_parquet(tmp_path: Path) -> None:
    records = [
        Record(number=number, state=State.RUNNING, configuration={"readout.hidden": hidden, "chips": 8})
        for number, hidden in enumerate([16, (16, 8), ()])
    ]
    frame(records, ()).to_parquet(tmp_path / "all.parquet")
    read = pd.read_parquet(tmp_path / "all.parquet")
    assert read["readout.hidden"].tolist() == ["16", "16-8", ""]
    assert read["chips"].tolist() == [8, 8, 8]

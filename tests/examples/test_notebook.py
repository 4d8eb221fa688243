"""The example notebook, executed as it stands."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[2] / "examples" / "explore_a_design_space.ipynb"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the kernel's client, not of the notebook
def test_every_cell_runs_and_shows_something(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMSWEEP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in code), "it is kept without outputs"

    NotebookClient(
        notebook, timeout=100, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()

    shown = [sorted({kind for output in cell.outputs for kind in output.get("data", [])}) for cell in code]
    plots = [cell.source for cell, kinds in zip(code, shown, strict=True) if "application/vnd.plotly.v1+json" in kinds]
    assert len(plots) == sum(".plot_" in cell.source for cell in code) == 5
    assert sum("text/html" in kinds for kinds in shown) >= 3
    assert not [output for cell in code for output in cell.outputs if output.get("name") == "stderr"]
    mistakes = code[-1].outputs[0].data["text/plain"]
    assert "did you mean" in mistakes
    assert "pulse.width_s" in mistakes

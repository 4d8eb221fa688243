"""``memsweep evaluate`` against the same network written out in plain numpy."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sweeps.cli import main
from tasks import Task, load_task

ALPHA, BETA = 0.6, 0.9


@pytest.fixture(scope="session")
def digits() -> Task:
    return load_task("digits")


def features(x: np.ndarray) -> np.ndarray:
    """[case, feature] of x [time, series, case]: each row of the image from left to right, row by row."""
    w = np.ones_like(x, dtype=np.float64)
    for k in range(1, len(x)):
        w[k] = w[k - 1] + ALPHA / w[k - 1] - BETA * x[k - 1]
    return w.transpose(2, 1, 0).reshape(x.shape[2], -1)


@pytest.fixture(scope="session")
def trained(digits: Task) -> dict[str, Any]:
    """Random hidden units with a least-squares layer behind them, in somebody else's types."""
    rng = np.random.default_rng(0)
    hidden, bias = rng.normal(0, 0.2, (64, 64)), rng.normal(0, 0.5, 64)
    y = np.tanh(features(digits.train.x) @ hidden.T + bias)
    solved = np.linalg.lstsq(y, np.eye(10)[digits.train.y], rcond=None)[0]
    return {
        "law": np.array("drift_diffusion"),
        "alpha": np.array([ALPHA]),
        "beta": np.array([BETA]),
        "dense0.weight": hidden,
        "dense0.bias": bias,
        "dense1.weight": solved.T,
        "activation": np.array("tanh"),
    }


def memsweep(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Exit status, output and errors of the command, in this process."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as exit_:
        patch.setattr(sys, "argv", ["memsweep", *map(str, words)])
        main()
    out, err = capsys.readouterr()
    return int(exit_.value.code or 0), out, " ".join(err.split())


def test_accuracy_and_counts_are_those_written_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], digits: Task, trained: dict[str, Any]
) -> None:
    path = tmp_path / "n.npz"
    np.savez(path, **trained)
    y = np.tanh(features(digits.test.x) @ trained["dense0.weight"].T + trained["dense0.bias"])
    expected = float(np.mean((y @ trained["dense1.weight"].T).argmax(axis=1) == digits.test.y))
    assert expected > 0.85  # or a wrong layout would hardly show
    status, out, _ = memsweep(capsys, "evaluate", "--task", "digits", "--network", path, "--json")
    assert status == 0
    result = json.loads(out)
    # float32 against float64: one of the 359 cases may stand on the edge
    assert result.pop("accuracy") == pytest.approx(expected, abs=1.01 / 359)
    assert result == {
        "task": "digits",
        "network": str(path),
        "parameters": 64 * 64 + 64 + 640 + 2,
        "embedding_parameters": 0,
        "macs": 64 * 64 + 640 + 2 * 64,
        "chips": None,
    }


def test_chips_vary_and_are_the_same_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], trained: dict[str, Any]
) -> None:
    np.savez(tmp_path / "n.npz", **trained)
    words = ("evaluate", "--task", "digits", "--network", tmp_path / "n.npz", "--chips", 5, "--json")
    first = json.loads(memsweep(capsys, *words)[1])
    assert json.loads(memsweep(capsys, *words)[1]) == first
    chips = first["chips"]
    assert (chips["count"], chips["d2d"]) == (5, 0.05)
    assert 0 < chips["q05"] <= chips["mean"] < first["accuracy"]
    assert chips["std"] > 0
    still = json.loads(memsweep(capsys, *words, "--d2d", 0)[1])
    assert still["chips"]["mean"] == still["accuracy"]
    assert still["chips"]["std"] == 0


def test_the_table_is_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str], trained: dict[str, Any]) -> None:
    np.savez(tmp_path / "n.npz", **trained)
    status, out, _ = memsweep(capsys, "evaluate", "--task", "digits", "--network", tmp_path / "n.npz", "--chips", 2)
    assert status == 0
    for said in ("accuracy", "2 chips", "5 % quantile", "4,802", "4,864"):
        assert said in out


def test_what_does_not_fit_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], trained: dict[str, Any]) -> None:
    def refused(content: dict[str, Any], *words: object) -> str:
        np.savez(tmp_path / "n.npz", **content)
        status, out, err = memsweep(capsys, "evaluate", "--task", "digits", "--network", tmp_path / "n.npz", *words)
        assert (status, out) == (2, "")
        return err

    mnist = trained | {"dense0.weight": np.ones((64, 784))}
    assert "8 series x 8 steps = 64 features, but its weight has 784 columns" in refused(mnist)
    assert "10 classes of the task, but ends in 9" in refused(trained | {"dense1.weight": np.ones((9, 64))})
    assert "`--chips` must say how many" in refused(trained, "--d2d", 0.1)
    assert "no protocol 'paper'" in refused(trained, "--protocol", "paper")
    status, _, err = memsweep(capsys, "evaluate", "--task", "digit", "--network", tmp_path / "n.npz")
    assert status == 2
    assert "did you mean 'digits'" in err

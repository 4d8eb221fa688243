"""``memsweep fit`` as a user types it."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from kinetics.parameter_sets import load_parameter_set
from sweeps.cli import main


def memsweep(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Exit status, output and errors of the command, in this process."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as exit_:
        patch.setattr(sys, "argv", ["memsweep", *map(str, words)])
        main()
    out, err = capsys.readouterr()
    return int(exit_.value.code or 0), out, " ".join(err.split())


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A relaxation with t0 = 50 ms, 80 uS and 5 uS of leakage, read at -0.1 V; the command runs in its folder."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    t_ms = np.arange(400.0)
    i_uA = -0.1 * (80 / np.sqrt(1 + t_ms / 50) + 5 + rng.normal(0, 0.3, len(t_ms)))
    rows = [f"{t};-0,1;{i:.6f}".replace(".", ",") for t, i in zip(t_ms, i_uA, strict=True)]
    path = tmp_path / "device 7.csv"
    path.write_text("# lab book 3\nt (ms);V (V);I (uA)\n" + "\n".join(rows) + "\n400,0;-0,1;nan\n", encoding="utf-8")
    return path


def test_the_object_the_set_and_the_figure(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = memsweep(capsys, "fit", trace, "--law", "drift_diffusion", "--json")
    assert (status, err) == (0, "")
    result = json.loads(out)
    found = {item["name"]: item for item in result["parameters"]}
    for name, truth in (("alpha", 1 / (2 * 50)), ("scale", 80e-6), ("offset", 5e-6)):
        assert abs(found[name]["value"] - truth) < 4 * found[name]["std_error"]
    assert result["r2"] > 0.99
    assert [rival["name"] for rival in result["rivals"]] == [
        "exponential",
        "stretched_exponential",
        "parabolic_with_leak",
    ]
    assert result["rivals"][0]["ssr"] > result["ssr"] > 0
    assert {key: result[key] for key in ("kind", "conducts_as", "points", "dropped")} == {
        "kind": "relaxation",
        "conducts_as": "1/w",
        "points": 400,
        "dropped": 1,
    }
    assert result["period_s"] == pytest.approx(1e-3)
    assert (result["parameter_set"], result["figure"]) == ("device 7.toml", "device 7.png")
    chosen = load_parameter_set("device 7.toml")
    assert chosen.name == "device 7"
    assert chosen.coefficients == {"alpha": found["alpha"]["value"]}
    assert chosen.device["g_leak_S"] == found["offset"]["value"]
    assert chosen.pulse["read_V"] == pytest.approx(0.1)
    assert Path("device 7.png").read_bytes().startswith(b"\x89PNG")


def test_the_tables_are_for_people(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--columns", "1,2,3", "--out", "sets/mine.toml", "--figure", "mine.png", "--temperature", "293,303")
    status, out, _ = memsweep(capsys, "fit", trace, *words)
    assert status == 0
    for said in (
        "drift_diffusion, conductance as 1/w, fitted to a relaxation of 400 readings",
        "A step of the law lasts 1 ms.",
        "a exp(-(t / tau)^b) + c",
        "note: 1 of 401 rows were dropped",
        "note: The parameter set has no beta",
        "Parameter set written to sets/mine.toml",
    ):
        assert said in out
    assert load_parameter_set("sets/mine.toml").temperature_K == (293.0, 303.0)


def test_a_curve_that_no_leakage_explains_still_gives_a_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    t_s = np.linspace(0, 1, 100)
    np.savetxt("t.txt", np.c_[t_s, 8e-6 * np.exp(-t_s / 0.3)], header="t_s I_A")
    result = json.loads(memsweep(capsys, "fit", "t.txt", "--read-voltage", 0.1, "--json")[1])
    assert result["parameters"][-1]["value"] < 0
    assert any("without a negative leakage" in note for note in result["warnings"])
    assert load_parameter_set("t.toml").device["g_leak_S"] == 0


def test_what_does_not_fit_is_told(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*words: object) -> str:
        status, out, err = memsweep(capsys, "fit", *words)
        assert (status, out) == (2, "")
        assert not list(Path().glob("*.toml"))
        return err

    assert "did you mean 'vteam'" in refused(trace, "--law", "vteem")
    assert "names two columns" in refused(trace, "--columns", "1")
    assert "got 'amps'" in refused(trace, "--columns", "1,2,amps")
    assert "readable file" in refused("none.csv")
    assert "LOW,HIGH in kelvin" in refused(trace, "--temperature", "300")
    assert "trace of currents without a column of voltages" in refused(trace, "--read-voltage", "0.1")
    assert "pulses above the read voltage" in refused(trace, "--kind", "pulses")
    Path("few.csv").write_text("t,I\n0,3\n1,2\n2,1\n", encoding="utf-8")
    assert "at least 6 readings must hold, but got 3" in refused("few.csv")
    Path("flat.csv").write_text("t,I\n" + "".join(f"{k},3\n" for k in range(9)), encoding="utf-8")
    assert "response of a trace varies" in refused("flat.csv")
    assert "can be written" in memsweep(capsys, "fit", trace, "--out", "few.csv/x.toml")[2]

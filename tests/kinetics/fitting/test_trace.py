"""Tables as laboratories write them, each read to the same numbers."""

from pathlib import Path

import numpy as np
import pytest

from kinetics import InvalidParameterError
from kinetics.fitting import read_trace

T_s, V_V, I_A = [0.0, 1e-3, 3e-3], [0.1, 0.1, 0.1], [-2e-6, -1.5e-6, -1e-6]


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "trace.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("time,voltage,current\n0,0.1,-2e-6\n1e-3,0.1,-1.5e-6\n3e-3,0.1,-1e-6\n", "utf-8"),
        ("0 0.1 -2e-6\n1e-3 0.1   -1.5e-6\n  3e-3 0.1 -1e-6", "utf-8"),
        ("# of device 7\nt (ms), V (mV), I [uA]\n0,100,-2\n1,100,-1.5\n\n% lamp on\n3,100,-1\n", "utf-8"),
        ("t / ms;U / V;I / µA\r\n0;0,1;-2,0\r\n1;0,1;-1,5\r\n3;0,1;-1,0\r\n", "latin-1"),
        ("I (nA)\tt_ms\tV_V\tnote\n-2000\t0\t0.1\ta\n-1500\t1\t0.1\tb\n-1000\t3\t0.1\tc\n", "utf-16"),
        ("// t_ms V_V I_uA\n0 .1 -2\n1 .1 -1.5\n3 .1 -1\n", "utf-8-sig"),
        ('"Time","Bias","Current"\n"ms","V","uA"\n0,0.1,-2\n1,0.1,-1.5\n3,0.1,-1\n', "utf-8"),
    ],
)
def test_dialects_agree(tmp_path: Path, text: str, encoding: str) -> None:
    trace = read_trace(write(tmp_path, text, encoding))
    np.testing.assert_allclose(trace.x, T_s, rtol=1e-12)
    np.testing.assert_allclose(trace.voltage_V, V_V, rtol=1e-12)
    np.testing.assert_allclose(trace.response, I_A, rtol=1e-12)
    assert (trace.response_unit, trace.counts_pulses, trace.warnings) == ("A", False, ())
    assert len(trace.sha256) == 64


def test_columns_by_name_and_number_in_any_order(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b,Gap (V),t (s)\n5,1,7,0\n6,2,8,1\n")
    for words in (["t", "GAP", "b"], ["4", "3", "2"], ["t (s)", "gap (v)", "B"]):
        trace = read_trace(path, words)
        assert trace.x.tolist() == [0, 1]
        assert trace.voltage_V is not None
        assert trace.voltage_V.tolist() == [7, 8]
        assert trace.response.tolist() == [1, 2]
    two = read_trace(path, ["t", "a"])
    assert (two.response.tolist(), two.voltage_V, two.response_unit) == ([5, 6], None, "")


def test_missing_numbers_are_dropped_and_counted(tmp_path: Path) -> None:
    trace = read_trace(write(tmp_path, "t (s),G (uS)\n0,10\n1,nan\n2,\n3,inf\n4\n5,20\n6,NA\n"))
    assert (trace.x.tolist(), trace.dropped) == ([0, 5], 5)
    assert trace.response.tolist() == pytest.approx([1e-5, 2e-5], rel=1e-12)
    assert trace.warnings == ("5 of 7 rows were dropped: a number is missing or not finite.",)


def test_pulse_numbers_and_unknown_units(tmp_path: Path) -> None:
    trace = read_trace(write(tmp_path, "pulse number,G (a.u.)\n0,1\n1,2\n"))
    assert trace.counts_pulses
    assert trace.warnings == (
        "The unit 'a.u.' of the column 'G (a.u.)' is not known; its numbers are taken as they are.",
    )


def test_a_read_voltage_makes_conductances(tmp_path: Path) -> None:
    trace = read_trace(write(tmp_path, "t (s),I (uA)\n0,2\n1,1\n")).read_at(-0.2)
    assert trace.response.tolist() == pytest.approx([-1e-5, -5e-6], rel=1e-12)
    assert (trace.response_unit, trace.read_V) == ("S", 0.2)
    with pytest.raises(InvalidParameterError, match="trace of currents without a column of voltages"):
        trace.read_at(0.2)


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        ("", None, "has a row of numbers"),
        ("# nothing\nt,I\n", None, "has a row of numbers"),
        ("t,I\n0,1\n2,1\n1,1\n", None, "falls from 2 to 1 in line 4; sort the rows"),
        ("t (s),I (A),x\n0,1,2\n1,bad,3\n", None, r"'I \(A\)' of a trace holds numbers .*'bad' in line 3"),
        ("time,current\n0,1\n", ["time", "curent"], "got 'curent'; did you mean 'current'"),
        ("time,current\n0,1\n", ["1", "3"], "got '3'; its columns are time, current"),
        ("0,1,2\n", ["1"], "names two columns"),
        ("0,1,2,3\n1,2,3,4\n", None, "add --columns"),
        ("t (s),I1 (A),I2 (A)\n0,1,2\n", None, "add --columns"),
        ("V (V),t (s)\n0,1\n", ["V", "t"], "taken for time, is in s .*'V'; give --columns in the order"),
    ],
)
def test_what_is_no_trace_is_told(tmp_path: Path, text: str, columns: list[str] | None, said: str) -> None:
    with pytest.raises(InvalidParameterError, match=said):
        read_trace(write(tmp_path, text), columns)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidParameterError, match=r"readable file, but got .*none\.csv.*No such file"):
        read_trace(tmp_path / "none.csv")

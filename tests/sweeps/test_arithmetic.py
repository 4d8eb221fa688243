"""The digest of sums tells processors apart, and only those."""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from sweeps import arithmetic as module
from sweeps.arithmetic import arithmetic


def elsewhere(**environment: str) -> str:
    """The digest of another process."""
    code = "from sweeps.arithmetic import arithmetic; print(arithmetic())"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_it_is_the_same_in_each_process_with_any_number_of_threads() -> None:
    assert elsewhere() == elsewhere(OMP_NUM_THREADS="2", OPENBLAS_NUM_THREADS="2") == arithmetic()


def test_each_kind_of_result_is_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = arithmetic()
    results = module._results
    for place in range(len(results(np.ones((8, 3)), np.ones((3, 2))))):

        def last_bit(left: module.Values, right: module.Values, place: int = place) -> list[module.Values]:
            found = results(left, right)
            found[place] = np.nextafter(found[place], np.inf, dtype=left.dtype)
            return found

        with monkeypatch.context() as patch:
            patch.setattr(module, "_results", last_bit)
            assert arithmetic.__wrapped__() != whole


def test_other_kernels_are_told_apart() -> None:
    np.zeros((2, 2)) @ np.zeros((2, 2))
    if platform.machine() != "x86_64" or not any(info["internal_api"] == "openblas" for info in threadpool_info()):
        pytest.skip("kernels are chosen by a variable of OpenBLAS, with names of x86")
    assert len({elsewhere(OPENBLAS_CORETYPE=name) for name in ("Nehalem", "Sandybridge", "Haswell")}) > 1

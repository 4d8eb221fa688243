"""The measured claims of the README, each one command: ``python -m benchmarks NAME [--json]``.

A benchmark is a module of this package whose docstring says what it measures and whose ``run`` returns its
figures. Add a file, and ``python -m benchmarks`` lists it; names with a leading underscore are helpers.
"""

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")  # here, before NumPy is loaded, which reads it once

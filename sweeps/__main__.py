"""``python -m sweeps`` is ``memsweep``."""

from sweeps.cli import main

if __name__ == "__main__":
    main()

"""Memory of a sweep over MNIST with two actors: all processes together, shared pages counted once."""

from benchmarks._figures import Figure
from benchmarks._sweeping import watch_sweep


def run() -> list[Figure]:
    """Run four configurations of examples/mnist.yaml; needs MEMSWEEP_DATA."""
    watched = watch_sweep("mnist.yaml", "--workers", "2", "--configurations", "4")
    return [
        Figure("failed", watched.result["failed"], "", at_most=0),
        Figure("peak memory of all processes", watched.peak_bytes / 1e9, "GB", at_most=3),
        Figure("the sweep", watched.result["seconds"], "s"),
    ]

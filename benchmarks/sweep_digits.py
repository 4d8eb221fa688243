"""The sweep of examples/digits.yaml on all cores: configurations per second, MLflow included."""

from benchmarks._figures import Figure
from benchmarks._sweeping import cores, watch_sweep


def run() -> list[Figure]:
    """Run it once, as ``make sweep`` does."""
    watched = watch_sweep("digits.yaml")
    result = watched.result
    done = result["finished"] + result["failed"]
    best = result["pareto"][0]["evaluation"]
    return [
        Figure("workers", cores(), ""),
        Figure("configurations", done, ""),
        Figure("failed", result["failed"], "", at_most=0),
        Figure("the sweep", result["seconds"], "s", at_most=60),
        Figure("configurations per second", done / result["seconds"], "1/s", at_least=10),
        Figure("the whole process, start of Ray included", watched.wall_s, "s"),
        Figure("peak memory of all processes", watched.peak_bytes / 2**30, "GiB"),
        Figure("best accuracy on validation", best["accuracy"], ""),
        Figure("the same on the test part", best["test_accuracy"], ""),
        Figure("control on the test part", result["control"]["test_accuracy"], ""),
    ]

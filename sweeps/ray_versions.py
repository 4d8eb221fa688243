"""Whether the nodes of a Ray cluster compute as the driver does: results must not depend on where they were computed.

Ray compares Python and itself when a driver connects; what the bits of a result hang on besides, the packages and what
the processor makes of a sum, is compared here: on all nodes before a sweep starts, and on those that join later by the
executor, which asks each actor.
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from sweeps.arithmetic import arithmetic
from sweeps.errors import SweepError

PACKAGES = ("memsweep", "numpy", "scipy", "scikit-learn")
_ARITHMETIC = "arithmetic"
_ONE_IMAGE = "Use one image or one environment for the driver and all nodes (deploy/README.md)."
_ONE_KIND = (
    "Processors of another kind add in another order: use nodes of one kind, or on those with AVX-512 set "
    "OPENBLAS_CORETYPE=Haswell and NPY_DISABLE_CPU_FEATURES='X86_V4 AVX512_ICL AVX512_SPR', which gives the sums of "
    "those without (docs/cluster.md)."
)
_TIMEOUT_s = 60.0


class VersionError(SweepError):
    """A node runs other code than the driver; the text says which one and what."""


def versions() -> dict[str, str]:
    """Package -> version, and ``arithmetic`` -> what sums come to, where this is called."""
    return {**{package: version(package) for package in PACKAGES}, _ARITHMETIC: arithmetic()}


def differences(own: Mapping[str, str], nodes: Mapping[str, Mapping[str, str] | Exception]) -> list[str]:
    """A line for each node that has other versions than ``own`` or could not tell; none if all agree."""
    lines = []
    for node, found in sorted(nodes.items()):
        if isinstance(found, Exception):
            said = [line.strip() for line in str(found).splitlines() if line.strip()]
            lines.append(f"{node} cannot run memsweep ({said[-1] if said else type(found).__name__})")
            continue
        others = [
            f"{package} {found.get(package)} instead of {wanted}"
            for package, wanted in own.items()
            if found.get(package) != wanted
        ]
        if others:
            lines.append(f"{node} has {', '.join(others)}")
    return lines


def way_out(difference: str) -> str:
    """What to do about such lines; where a package differs as well, its version may be why the sums do."""
    packages = any(f" {package} " in difference for package in PACKAGES)
    return _ONE_KIND if _ARITHMETIC in difference and not packages else _ONE_IMAGE


def require_same_versions() -> None:
    """Raise ``VersionError`` unless every node with a CPU has the driver's versions; a driver must be connected."""
    import ray  # which reads variables when it is loaded, and sweeps.ray_executor sets them
    from ray.exceptions import GetTimeoutError, RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask: Any = ray.remote(num_cpus=0, max_retries=0)(versions)
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]  # untyped in Ray 2.60
    calls = {
        node["NodeManagerAddress"] + ":" + str(node["NodeManagerPort"]): ask.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        ).remote()
        for node in nodes
        if node["Alive"] and node["Resources"].get("CPU")
    }
    ray.wait(list(calls.values()), num_returns=len(calls), timeout=_TIMEOUT_s) if calls else None
    answers: dict[str, Mapping[str, str] | Exception] = {}
    for node, call in calls.items():
        try:
            answers[node] = ray.get(call, timeout=0)
        except GetTimeoutError:
            continue  # busy or gone: the executor deals with nodes that do not answer
        except RayError as error:
            answers[node] = error
    lines = differences(versions(), answers)
    if lines:
        told = "; ".join(lines)
        raise VersionError(f"All nodes of the cluster must have the driver's versions, but {told}. {way_out(told)}")

"""Ray clusters whose nodes are processes of this machine."""

from ray.cluster_utils import Cluster

_QUICK = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 300, "health_check_failure_threshold": 3}
"""Declare a node dead within about a second, not half a minute."""


def start_head() -> Cluster:
    """A cluster of a head without CPUs, to which nodes can be added."""
    return Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "_system_config": _QUICK})

"""A Ray cluster whose nodes are killed and replaced on demand; a process of its own, spoken to in lines."""

import sys

from ray.cluster_utils import Cluster

_QUICK = {"health_check_initial_delay_ms": 0, "health_check_period_ms": 300, "health_check_failure_threshold": 3}
"""Declare a node dead within about a second, not half a minute."""


def main() -> None:
    """Start, answer ``ok ADDRESS``, then answer ``ok`` to every ``kill`` and to ``end``."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "_system_config": _QUICK})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    _say(f"ok {cluster.address}")
    for line in sys.stdin:
        if line.strip() == "kill":
            nodes.append(cluster.add_node(num_cpus=1))
            cluster.remove_node(nodes.pop(0), allow_graceful=False)
            _say("ok")
        else:
            break
    cluster.shutdown()
    _say("ok")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

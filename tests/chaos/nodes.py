"""A Ray cluster whose nodes are killed and replaced on demand; a process of its own, spoken to in lines."""

import sys

from tests.integration.ray_nodes import start_head


def main() -> None:
    """Start, answer ``ok ADDRESS``, then answer ``ok`` to every ``kill``, ``start`` and to ``end``."""
    cluster = start_head()
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    _say(f"ok {cluster.address}")
    for line in sys.stdin:
        if line.strip() == "end":
            break
        if line.strip() == "kill":
            cluster.remove_node(nodes.pop(0), allow_graceful=False)
        else:
            nodes.append(cluster.add_node(num_cpus=1))
        _say("ok")
    cluster.shutdown()
    _say("ok")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

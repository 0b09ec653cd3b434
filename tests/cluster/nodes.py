"""Runs a Ray cluster until stdin ends: a head that does no work, and a node for each argument.

    nodes.py 1 1        # two nodes with a processor core each
    nodes.py 1@0 1@1    # the same, each pinned to its core (Linux)
    nodes.py 2@0,1      # one node, pinned to two cores

Prints the cluster's address and the process of each node's raylet, as JSON. It has a process of its own
because Ray leaves files and processes open that pytest complains about.
"""

import json
import os
import socket
import sys

from srgan.cluster.connection import prepare_local

prepare_local()  # before Ray is imported
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

from ray.cluster_utils import Cluster  # noqa: E402

# By the last one, who joins is on this computer alone too, and not at its address in a network.
PASSED_ON = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER")


def ports():
    """With ports of its own, a node does not wait for its agents to choose theirs, which takes long."""
    found = {}
    for name in ("metrics_agent_port", "metrics_export_port", "runtime_env_agent_port"):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            found[name] = taken.getsockname()[1]
    return found


head = {"num_cpus": 0, "include_dashboard": False, **ports()}
cluster = Cluster(initialize_head=True, head_node_args=head)
nodes = []
for number, _, cores in (each.partition("@") for each in sys.argv[1:]):
    if cores:
        os.sched_setaffinity(0, map(int, cores.split(",")))  # which the node's processes inherit
    nodes.append(cluster.add_node(num_cpus=int(number), **ports()))
raylets = [node.all_processes["raylet"][0].process.pid for node in nodes]
print(
    json.dumps(
        {
            "address": cluster.address,
            "raylets": raylets,
            "environment": {name: value for name, value in os.environ.items() if name in PASSED_ON},
        }
    ),
    flush=True,
)
sys.stdin.read()
cluster.shutdown()

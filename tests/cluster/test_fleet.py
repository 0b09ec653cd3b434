import pytest

from srgan.cluster.fleet import MEMORY, Fleet, workers_of
from srgan.errors import UsageError


def node(**resources):
    return {"memory": 64.0 * MEMORY, **resources}


@pytest.mark.parametrize(
    ("fleet", "nodes", "expected"),
    [
        (Fleet(cores=2), [node(CPU=7.0)], 3),
        (Fleet(cores=4), [node(CPU=6.0), node(CPU=6.0), node()], 2),  # a worker is on one node
        (Fleet(), [node(CPU=64.0, memory=5.5 * MEMORY)], 5),
        (Fleet(workers=2), [node(CPU=64.0)], 2),
        (Fleet(gpu=True), [node(CPU=64.0, GPU=8.0)], 8),
    ],
)
def test_as_many_workers_as_nodes_have_room_for_unless_a_number_is_asked_for(fleet, nodes, expected):
    assert workers_of(fleet, nodes) == expected


@pytest.mark.parametrize(
    ("fleet", "nodes", "field", "named"),
    [
        (Fleet(cores=8), [node(CPU=4.0), node(CPU=6.0)], "cores", ["8 ", "6 "]),
        (Fleet(workers=1, gpu=True), [node(CPU=4.0)], "device", ["GPU"]),
        (Fleet(), [node(CPU=4.0, memory=MEMORY / 2)], "cores", ["1.0 GiB", "0.5 GiB"]),
        (Fleet(), [], "cores", ["0 "]),
    ],
)
def test_a_worker_that_no_node_has_room_for_is_refused(fleet, nodes, field, named):
    with pytest.raises(UsageError) as error:
        workers_of(fleet, nodes)
    assert error.value.field == field
    for part in named:
        assert part in str(error.value)

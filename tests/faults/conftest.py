"""A short slice of what ``scripts/faults`` does at length."""

import sys

import pytest

if sys.platform == "win32":
    collect_ignore_glob = ["test_*.py"]  # kills, limits and forks are POSIX's

from fault_commands import COMMANDS
from fault_inputs import make_inputs
from fault_rounds import Stage, run_whole


@pytest.fixture(scope="session")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faults") / "inputs"
    make_inputs(folder)
    return folder


@pytest.fixture(scope="session")
def whole(inputs):
    """A command's uninterrupted run, by its name."""
    known = {}

    def run(name):
        if name not in known:
            known[name] = run_whole(Stage(COMMANDS[name], inputs, inputs.parent / name))
        return known[name]

    return run


@pytest.fixture
def stage(inputs, tmp_path):
    """A folder to run a command in, with the cache that all share."""
    (tmp_path / "cache").symlink_to(inputs.parent / "cache")
    (inputs.parent / "cache").mkdir(exist_ok=True)
    return lambda name, folder="stage": Stage(COMMANDS[name], inputs, tmp_path / folder)

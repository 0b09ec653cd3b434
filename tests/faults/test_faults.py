"""After any fault, the same command ends as if nothing had been; ``scripts/faults`` counts it at length."""

import numpy as np
import pytest
from fault_commands import COMMANDS
from fault_disk import Fault
from fault_inputs import make_inputs
from fault_rounds import Stage, play_round, run_whole
from fault_serving import Client, play_serving, serve_once


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


@pytest.mark.parametrize(
    "name",
    ["upscale-folder", "film-mkv", "prepare", "export-openvino", "train-fidelity", "train-adversarial"],
)
def test_a_killed_command_run_again_gives_the_same(stage, whole, name):
    found = play_round(stage(name), whole(name), "kill", np.random.default_rng([1, *name.encode()]))
    assert found.wrong is None, found


def test_a_training_set_may_be_killed_at_each_of_its_first_steps(stage, whole):
    known = whole("prepare")
    for at in range(1, 13):
        run = stage("prepare", str(at))
        killed = run.start(Fault(kind="kill", at=at))
        killed.process.join()
        assert killed.process.exitcode == -9
        assert run.end(run.start()) == known.seen


@pytest.mark.parametrize(
    ("kind", "every"), [("fail", 1), ("full", 5), ("read-only", 7), ("gone", 5), ("clock", 5)]
)
def test_whatever_step_fails_a_picture_is_whole_or_not_there(stage, whole, kind, every):
    known = whole("upscale-one")
    for at in range(1, known.steps + 1, every):
        run = stage("upscale-one", str(at))
        tried = run.start(Fault(kind=kind, at=at))
        tried.process.join()
        assert tried.process.exitcode in (0, 1)
        said = tried.said.read_text()
        assert said.count("\n") == 1, said
        assert run.end(run.start()) == known.seen


@pytest.mark.parametrize(
    ("name", "kind"),
    [("film-mkv", "fail"), ("train-fidelity", "full"), ("prepare", "gone"), ("film-mkv", "read-only")],
)
def test_after_a_failed_step_the_same_command_goes_on(stage, whole, name, kind):
    found = play_round(stage(name), whole(name), kind, np.random.default_rng([1, *name.encode()]))
    assert found.wrong is None, found


def test_after_a_failed_step_a_servers_jobs_end_as_if_nothing_had_been(inputs, tmp_path):
    known = serve_once(Client(inputs, tmp_path / "whole"))
    met = Client(inputs, tmp_path / "met")
    found = play_serving(met, known, "fail", np.random.default_rng(1))
    assert found.wrong is None, found


def test_where_no_file_may_grow_what_encoders_write_fails_in_a_line(stage, whole):
    run = stage("film-mkv")
    tried = run.start(Fault(kind="size", at=40_000))
    tried.process.join()
    assert tried.process.exitcode == 1
    said = tried.said.read_text().splitlines()
    assert said[-1].startswith("srgan: ")
    assert not [line for line in said if "Traceback" in line]
    assert run.end(run.start()) == whole("film-mkv").seen


@pytest.mark.parametrize("name", ["film-mkv", "prepare", "train-fidelity"])
def test_of_two_at_one_output_one_makes_it(stage, whole, name):
    shared = stage(name)
    runs = [shared.start(), shared.start()]
    for run in runs:
        run.process.join()
    assert 0 in {run.process.exitcode for run in runs} <= {0, 1}
    assert shared.end(shared.start()) == whole(name).seen

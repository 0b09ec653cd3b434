"""After any fault, the same command ends as if nothing had been; ``scripts/faults`` counts it at length."""

import multiprocessing

import numpy as np
import pytest
from fault_disk import Fault
from fault_rounds import play_round

posix = pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs forks")
pytestmark = posix


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(
    "name", ["upscale-folder", "film-mkv", "film-frames", "prepare", "export-openvino", "train-adversarial"]
)
def test_a_killed_command_run_again_gives_the_same(stage, whole, name, seed):
    found = play_round(stage(name), whole(name), "kill", np.random.default_rng([seed, *name.encode()]))
    assert found.wrong is None, found


@pytest.mark.parametrize("kind", ["fail", "full", "read-only", "gone", "clock"])
def test_whatever_step_fails_a_picture_is_whole_or_not_there(stage, whole, kind):
    known = whole("upscale-one")
    for at in range(1, known.steps + 1):
        run = stage("upscale-one", str(at))
        tried = run.start(Fault(kind=kind, at=at))
        tried.process.join()
        assert tried.process.exitcode in (0, 1)
        said = tried.said.read_text()
        assert said.count("\n") == 1, said
        assert run.end(run.start()) == known.seen


@pytest.mark.parametrize("name", ["film-mkv", "train-adversarial", "prepare"])
@pytest.mark.parametrize("kind", ["fail", "full", "gone"])
def test_after_a_failed_step_the_same_command_goes_on(stage, whole, name, kind):
    found = play_round(
        stage(name), whole(name), kind, np.random.default_rng([*kind.encode(), *name.encode()])
    )
    assert found.wrong is None, found


@pytest.mark.parametrize("at", [5_000, 40_000])
def test_where_no_file_may_grow_what_encoders_write_fails_in_a_line(stage, whole, at):
    run = stage("film-mkv")
    tried = run.start(Fault(kind="size", at=at))
    tried.process.join()
    assert tried.process.exitcode == 1
    assert "Traceback" not in tried.said.read_text()
    assert run.end(run.start()) == whole("film-mkv").seen


@pytest.mark.parametrize("name", ["film-mkv", "prepare", "train-adversarial"])
def test_of_two_at_one_output_one_makes_it(stage, whole, name):
    shared = stage(name)
    runs = [shared.start(), shared.start()]
    for run in runs:
        run.process.join()
    assert {run.process.exitcode for run in runs} <= {0, 1}
    assert shared.end(shared.start()) == whole(name).seen

import os
import subprocess
import sys
import time

import psutil
import pytest
import torch
from tiny_recipes import ADVERSARIAL, TINY

CHANGES = [*TINY, "data.batch_size=8", "run.precision=fp32", "run.log_every=2", "run.validate_every=4"]
SECOND_STAGE = [*ADVERSARIAL, "loss.grid_weight=1.0"]


def run_alone_and_together(out, photos, changes, steps):
    """Calls the command alone and in two processes; returns the two last checkpoints."""
    options = ["--recipe", "srresnet", "--data", photos, "--validation", photos, "--device", "cpu"]
    options += [part for change in [*CHANGES, *changes] for part in ("--set", change)]
    options += ["--steps", str(steps)]
    torchrun = ["torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    states = []
    for name, launcher in (("alone", []), ("together", [*torchrun, "-m"])):
        command = [sys.executable, "-m", *launcher, "srgan", "train", *options, "--out", out / name]
        done = subprocess.run(
            command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("steps done; the model is") == 1
        path = sorted((out / name / "checkpoints").iterdir())[-1]
        states.append(torch.load(path, weights_only=True))
    return states


@pytest.mark.parametrize(
    "stage",
    [
        pytest.param(["optimiser.kind=adamw"], marks=pytest.mark.slow),
        pytest.param(["optimiser.kind=muon", "loss.grid_weight=1.0"], marks=pytest.mark.slow),
        [*SECOND_STAGE, "optimiser.kind=muon", "discriminator.kind=srgan"],
        pytest.param([*SECOND_STAGE, "discriminator.kind=unet"], marks=pytest.mark.slow),
    ],
)
def test_two_processes_learn_the_same_as_one_with_the_same_batch(stage, four_photos, tmp_path):
    alone, together = run_alone_and_together(tmp_path, four_photos, stage, steps=6)
    assert alone["step"] == together["step"] == 6
    for module, weights in alone["modules"].items():
        for name, tensor in weights.items():
            torch.testing.assert_close(tensor, together["modules"][module][name], atol=1e-5, rtol=0)
    logs = [(tmp_path / name / "log.csv").read_text().splitlines() for name in ("alone", "together")]
    assert len(logs[0]) == len(logs[1]) == 4
    pixel = logs[0][0].split(",").index("pixel_loss")
    for first, second in zip(*logs, strict=True):
        if not first.startswith("step"):
            values = [float(row.split(",")[pixel]) for row in (first, second)]
            assert values[0] == pytest.approx(values[1], rel=1e-4)


def test_nothing_of_the_group_is_left_when_the_processes_part():
    # A group that optimisers' imports keep alive has threads that can abort Python while it ends.
    program = """
import weakref
import torch
from srgan.training.processes import joined_processes

with joined_processes(torch.device("cpu")) as processes:
    group = weakref.ref(torch.distributed.group.WORLD)
    torch.optim.AdamW([torch.ones(1, requires_grad=True)])
assert group() is None
"""
    alone = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "0"}
    environment = {**os.environ, **alone}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_a_killed_process_restarts_and_the_run_ends_with_the_same_weights(four_photos, tmp_path):
    options = ["--recipe", "srresnet", "--data", four_photos, "--device", "cpu", "--steps", "60"]
    options += [part for change in [*CHANGES, "run.checkpoint_seconds=0.1"] for part in ("--set", change)]
    launcher = ["torch.distributed.run", "--standalone", "--nproc-per-node=2", "--max-restarts=1", "-m"]
    # Else the restarted processes may find the addresses of those before them, where nobody answers.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}

    def start(out):
        command = [sys.executable, "-m", *launcher, "srgan", "train", *options, "--out", out]
        return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)

    def finish(run):
        _, err = run.communicate(timeout=600)
        assert run.returncode == 0, err
        return err

    def checkpoints(out):
        return sorted((out / "checkpoints").glob("*.pt"))

    finish(start(tmp_path / "calm"))
    out = tmp_path / "killed"
    run = start(out)
    while not checkpoints(out) and run.poll() is None:
        time.sleep(0.01)
    (second,) = (child for child in psutil.Process(run.pid).children() if child.environ().get("RANK") == "1")
    second.kill()
    finish(run)
    states = [torch.load(checkpoints(folder)[-1], weights_only=True) for folder in (tmp_path / "calm", out)]
    assert states[0]["step"] == states[1]["step"] == 60
    for module, weights in states[0]["modules"].items():
        for name, tensor in weights.items():
            assert torch.equal(tensor, states[1]["modules"][module][name]), name
    steps = [row.split(",")[0] for row in (out / "log.csv").read_text().splitlines()[1:]]
    assert steps == [str(step) for step in range(2, 61, 2)]

import csv
import os
import resource
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from fault_process import start
from filelock import FileLock
from ncnn_files import NcnnWriter, compact
from PIL import Image
from reference_networks import RRDBNet, random_network
from skimage import data
from tiny_recipes import ADVERSARIAL, TINY

from srgan.errors import DataError, InUseError, ModelError, OutputError, RunError, UsageError
from srgan.networks.model_file import read_model
from srgan.training import fidelity
from srgan.training.losses.pixel import pixel_loss
from srgan.training.recipe_file import list_recipes, load_recipe
from srgan.training.run import train
from srgan.training.setup import load_teacher

SHORT = [*TINY, "run.log_every=5", "run.validate_every=20"]


def recipe(*changes):
    return load_recipe("srresnet", [*SHORT, *changes])


def final_state(run):
    state = torch.load(sorted((run / "checkpoints").glob("*.pt"))[-1], weights_only=True)
    return {key: value for key, value in state.items() if key != "seconds"}


def assert_identical(first, second):
    if isinstance(first, dict):
        assert first.keys() == second.keys()
        for key in first:
            assert_identical(first[key], second[key])
    elif isinstance(first, list):
        assert len(first) == len(second)
        for a, b in zip(first, second, strict=True):
            assert_identical(a, b)
    elif isinstance(first, torch.Tensor):
        assert torch.equal(first, second)
    else:
        assert first == second


def log_rows(run):
    with (run / "log.csv").open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def test_a_run_learns_and_leaves_all_that_is_promised(photos, tmp_path):
    result = train(recipe("optimiser.steps=40"), photos, photos, tmp_path / "run")
    run = tmp_path / "run"
    assert result.finished
    assert result.step == 40
    rows = log_rows(run)
    assert next(iter(rows[0])) == "step"
    assert [int(row["step"]) for row in rows] == list(range(5, 41, 5))
    losses = [float(row["pixel_loss"]) for row in rows]
    assert losses[-1] < 0.7 * losses[0]
    assert [row["step"] for row in rows if row["validation_psnr_y"]] == ["20", "40"]
    assert load_recipe(str(run / "config.toml")) == recipe("optimiser.steps=40")
    assert list((run / "events").glob("events.out.tfevents*"))
    with Image.open(run / "loss.png") as plot:
        assert plot.width > 100
    samples = sorted(path.name for path in (run / "samples").iterdir())
    assert samples == ["step-00000020.png", "step-00000040.png"]
    card, tensors = read_model(run / "generator.safetensors")
    assert card.training["pictures"] == 3
    assert card.training["steps"] == 40
    assert card.training["validation_psnr_y"] == pytest.approx(result.psnr_y, abs=1e-3)
    average = final_state(run)["modules"]["average"]
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(tensor, average[name].half().float().numpy())


@pytest.mark.slow  # tests/faults kills both stages too
@pytest.mark.parametrize("stage", [["optimiser.kind=muon"], ["optimiser.kind=adamw"], ADVERSARIAL])
def test_after_kill_9_at_any_moment_the_weights_are_the_same_bit_for_bit(stage, photos, tmp_path):
    changes = [*SHORT, *stage, "optimiser.steps=40", "run.checkpoint_seconds=0"]
    settings = [part for change in changes for part in ("--set", change)]

    def begin(out):
        command = [sys.executable, "-m", "srgan", "train", "--recipe", "srresnet", "--data", photos]
        return subprocess.Popen(
            [*command, "--validation", photos, "--out", out, "--device", "cpu", *settings],
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    assert begin(tmp_path / "whole").wait() == 0
    killed = tmp_path / "killed"
    delays = np.random.default_rng(0).uniform(0.0, 0.4, 2)
    for delay in delays:
        process = begin(killed)
        before = latest(killed)
        while process.poll() is None and latest(killed) == before:
            time.sleep(0.01)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert begin(killed).wait() == 0
    assert_identical(final_state(tmp_path / "whole"), final_state(killed))
    first, second = (read_model(run / "generator.safetensors")[1] for run in (tmp_path / "whole", killed))
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])
    assert log_rows(tmp_path / "whole") == log_rows(killed)


def test_a_finished_run_called_again_stays_as_it_is(photos, tmp_path):
    steps = recipe("optimiser.steps=3")
    train(steps, photos, None, tmp_path / "run")
    before, log = final_state(tmp_path / "run"), log_rows(tmp_path / "run")

    assert train(steps, photos, None, tmp_path / "run").finished

    assert_identical(before, final_state(tmp_path / "run"))
    assert log_rows(tmp_path / "run") == log


def latest(run):
    return max((path.name for path in run.glob("checkpoints/*.pt")), default=None)


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_after_a_step_and_the_next_call_goes_on(sent, code, photos, tmp_path):
    changes = [*SHORT, "optimiser.steps=100", "run.checkpoint_seconds=0"]
    options = ["--data", str(photos), "--out", "run", "--device", "cpu"]
    options += [part for change in changes for part in ("--set", change)]
    run = start(["train", "--recipe", "srresnet", *options], tmp_path, {}, tmp_path / "said")
    while latest(tmp_path / "run") is None:
        assert run.process.is_alive()
        time.sleep(0.01)
    run.signal(sent)
    run.process.join(60)
    step = final_state(tmp_path / "run")["step"]
    assert run.process.exitcode == code
    assert (tmp_path / "said").read_text() == (
        f"stopped after {step} steps; the same command continues from there\n"
    )
    assert 0 < step < 100
    seen = []
    again = recipe("optimiser.steps=100")
    train(again, photos, None, tmp_path / "run", on_event=lambda event: seen.append(event.done))
    assert seen == list(range(step + 1, 101))
    train(again, photos, None, tmp_path / "whole")
    assert_identical(final_state(tmp_path / "run"), final_state(tmp_path / "whole"))


def test_resume_never_starts_anew_and_a_named_checkpoint_is_taken(photos, tmp_path):
    run = tmp_path / "run"
    train(recipe("optimiser.steps=10"), photos, None, run)
    seen = []
    train(
        recipe("optimiser.steps=4"),
        photos,
        None,
        tmp_path / "b",
        on_event=lambda event: seen.append(event.done),
    )
    (checkpoint,) = (tmp_path / "b" / "checkpoints").glob("*.pt")
    train(
        recipe("optimiser.steps=6"),
        photos,
        None,
        run,
        resume="never",
        on_event=lambda event: seen.append(event.done),
    )
    train(
        recipe("optimiser.steps=6"),
        photos,
        None,
        tmp_path / "c",
        resume=checkpoint,
        on_event=lambda event: seen.append(event.done),
    )
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["step-00000006.pt"]
    assert seen == [1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 5, 6]


def test_a_checkpoint_of_another_network_is_refused(photos, tmp_path):
    train(recipe("optimiser.steps=2"), photos, None, tmp_path / "run")
    with pytest.raises(RunError, match="another stage, network or optimiser"):
        train(recipe("generator.blocks=2"), photos, None, tmp_path / "run")
    assert final_state(tmp_path / "run")["step"] == 2


def test_batch_norm_trains_and_its_statistics_are_kept(photos, tmp_path):
    result = train(recipe("optimiser.steps=3", "generator.norm=batch"), photos, None, tmp_path / "run")
    _, tensors = read_model(result.model)
    assert (tensors["trunk_norm.running_var"] != 1).all()


def test_mse_is_another_loss(photos, tmp_path):
    losses = {}
    for kind in ("l1", "mse"):
        train(recipe("optimiser.steps=5", f"loss.pixel={kind}"), photos, None, tmp_path / kind)
        losses[kind] = float(log_rows(tmp_path / kind)[0]["pixel_loss"])
    assert losses["mse"] < losses["l1"]


def test_a_loss_that_stays_no_number_ends_the_run_and_keeps_the_checkpoints(photos, tmp_path):
    run = tmp_path / "run"
    train(recipe("optimiser.steps=4"), photos, None, run)
    bad = recipe("optimiser.steps=50", "optimiser.learning_rate=1e30", "optimiser.warmup=0.0")
    with pytest.raises(RunError, match=r"generator's loss is (nan|inf) at step \d+, 20 times in a row"):
        train(bad, photos, None, run)
    assert [path.name for path in (run / "checkpoints").iterdir()] == ["step-00000004.pt"]
    assert len(log_rows(run)) >= 1


def test_weights_that_are_no_numbers_never_become_a_checkpoint(photos, tmp_path):
    # The loss of the one step is computed before the weights break.
    bad = recipe("optimiser.steps=1", "optimiser.learning_rate=1e39", "optimiser.warmup=0.0")
    with pytest.raises(RunError, match="has weights that are not finite at step 1"):
        train(bad, photos, None, tmp_path / "run")
    assert not list((tmp_path / "run" / "checkpoints").iterdir())


def test_a_loss_that_is_no_number_once_is_left_out_and_counted(photos, tmp_path, monkeypatch):
    seen = []

    def sometimes(*arguments):
        seen.append(None)
        return pixel_loss(*arguments) * (float("nan") if len(seen) in (3, 9) else 1.0)

    monkeypatch.setattr(fidelity, "pixel_loss", sometimes)
    notices = []
    result = train(
        recipe("optimiser.steps=20"),
        photos,
        None,
        tmp_path / "run",
        on_event=lambda event: notices.append(event.note),
    )
    assert result.finished
    rows = log_rows(tmp_path / "run")
    assert [row["skipped"] for row in rows] == ["1", "2", "2", "2"]
    assert all(np.isfinite(float(row["pixel_loss"])) for row in rows)
    said = [notice for notice in notices if notice]
    assert said == [f"step {step}: 1 updates skipped, since their loss was not finite" for step in (5, 10)]
    assert read_model(result.model)[0].training["skipped_updates"] == 2


def test_a_length_in_epochs_follows_the_number_of_pictures(photos, tmp_path):
    changes = ["optimiser.steps=0", "optimiser.epochs=4", "data.batch_size=2", "run.log_every=1"]
    result = train(recipe(*changes), photos, None, tmp_path / "run")
    assert result.step == 4 * 2  # three pictures are two batches of two
    with (tmp_path / "run" / "epochs.csv").open() as file:
        epochs = list(csv.DictReader(file))
    assert [(row["step"], row["epoch"]) for row in epochs] == [("2", "1"), ("4", "2"), ("6", "3"), ("8", "4")]
    steps = [float(row["pixel_loss"]) for row in log_rows(tmp_path / "run")]
    for number, row in enumerate(epochs):
        assert float(row["pixel_loss"]) == pytest.approx(
            np.mean(steps[2 * number : 2 * number + 2]), rel=1e-4
        )


def test_a_batch_in_parts_gives_the_same_weights(photos, tmp_path):
    states = []
    for parts in (1, 4):
        changes = [f"data.accumulation={parts}", "optimiser.steps=5", "run.precision=fp32"]
        train(recipe(*changes), photos, None, tmp_path / f"{parts}")
        states.append(final_state(tmp_path / f"{parts}")["modules"]["network"])
    for name, tensor in states[0].items():
        torch.testing.assert_close(tensor, states[1][name], atol=1e-5, rtol=0)


def test_a_teacher_is_learned_from(photos, tmp_path):
    first = train(recipe("optimiser.steps=30"), photos, None, tmp_path / "teacher")
    changes = [f"loss.teacher='{first.model}'", "loss.teacher_weight=1e3", "run.log_every=1"]
    train(recipe(*changes, f"start='{first.model}'", "optimiser.steps=1"), photos, None, tmp_path / "same")
    (row,) = log_rows(tmp_path / "same")
    assert float(row["teacher_loss"]) == 0
    assert float(row["pixel_loss"]) > 0
    rates = ["optimiser.steps=100", "optimiser.learning_rate=5e-3", "optimiser.muon_learning_rate=5e-3"]
    compact = ["generator.architecture=compact", *changes, *rates]
    result = train(recipe(*compact), photos, None, tmp_path / "pupil")
    rows = log_rows(tmp_path / "pupil")
    losses, last = ([float(row[name]) for row in rows] for name in ("teacher_loss", "pixel_loss"))
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:10])
    assert np.mean(losses[-10:]) < np.mean(last[-10:])  # closer to the teacher than to the truth
    card, _ = read_model(result.model)
    assert card.generator.architecture == "compact"
    assert card.training["recipe"]["loss"]["teacher"] == "generator.safetensors"
    assert card.training["losses"].keys() == {"pixel_loss", "teacher_loss"}


def test_another_programs_network_is_a_teacher_and_no_start(photos, tmp_path):
    teacher, half = tmp_path / "esrgan.pth", tmp_path / "half.pth"
    network = random_network(RRDBNet(blocks=1), "conv_last")
    torch.save({"params": network.state_dict()}, teacher)
    torch.save(RRDBNet(blocks=1, unshuffle=2).state_dict(), half)
    changes = [f"loss.teacher='{teacher}'", "loss.teacher_weight=1.0", "run.log_every=1", "optimiser.steps=3"]
    train(recipe(*changes), photos, None, tmp_path / "pupil")
    assert all(float(row["teacher_loss"]) > 0 for row in log_rows(tmp_path / "pupil"))
    lr_image = torch.rand(1, 3, 9, 7)
    with torch.inference_mode():
        torch.testing.assert_close(load_teacher(str(teacher), 4)(lr_image), network(lr_image))
        writer = NcnnWriter()
        forward, _ = compact(writer, "")
        listed = writer.save(tmp_path / "net")
        torch.testing.assert_close(load_teacher(str(listed), 4)(lr_image), forward(lr_image))
    with pytest.raises(UsageError, match="upscales 2x"):
        train(recipe(*changes, f"loss.teacher='{half}'"), photos, None, tmp_path / "other")
    with pytest.raises(ModelError, match="'esrgan' is another program's network"):
        train(recipe(f"start='{teacher}'"), photos, None, tmp_path / "started")


def test_the_first_stage_is_kept_from_drawing_a_grid(photos, tmp_path):
    losses = {}
    for weight in (1e-9, 10.0):
        changes = [f"loss.grid_weight={weight}", "optimiser.steps=40", "run.log_every=1"]
        result = train(recipe(*changes), photos, None, tmp_path / f"{weight}")
        losses[weight] = np.mean([float(row["grid_loss"]) for row in log_rows(tmp_path / f"{weight}")[-10:]])
        assert read_model(result.model)[0].training["losses"].keys() == {"pixel_loss", "grid_loss"}
    assert losses[10.0] < 0.5 * losses[1e-9]


def test_a_run_on_worn_pictures_is_validated_on_worn_pictures(photos, tmp_path):
    scores = []
    for number, rounds in enumerate((0, 2, 2)):
        changes = [f"degradation.rounds={rounds}", "degradation.clean=0.0", "optimiser.steps=2"]
        result = train(recipe(*changes), photos, photos, tmp_path / f"{number}")
        scores.append(result.psnr_y)
    assert scores[1] == scores[2]
    assert scores[0] != scores[1]
    card, _ = read_model(result.model)
    assert card.training["degradation"].startswith("2 rounds of blur, resize, noise and JPEG")


@pytest.mark.parametrize("name", list_recipes())
def test_every_shipped_recipe_runs(name, photos, tmp_path):
    small = ["loss.features=none", "loss.content_weight=0.0", "start=''", "discriminator.channels=4"]
    length = ["optimiser.epochs=0", "optimiser.steps=2"]
    teacher = ["loss.teacher=fast"] if load_recipe(name).loss.teacher else []
    chosen = load_recipe(name, [*SHORT, *small, *length, *teacher])
    result = train(chosen, photos, photos, tmp_path / "run")
    card, _ = read_model(result.model)
    assert card.name == name
    assert card.summary


def test_going_on_from_a_checkpoint_with_other_pictures_in_another_folder(photos, tmp_path):
    train(recipe("optimiser.steps=5"), photos, None, tmp_path / "a")
    (checkpoint,) = (tmp_path / "a" / "checkpoints").iterdir()
    others = tmp_path / "others"
    others.mkdir()
    Image.fromarray(data.rocket()[:200, :200]).save(others / "rocket.png")
    seen = []
    result = train(
        recipe("optimiser.steps=8"),
        others,
        None,
        tmp_path / "b",
        resume=checkpoint,
        on_event=lambda event: seen.append(event.done),
    )
    assert seen == [6, 7, 8]
    assert read_model(result.model)[0].training["data"] == "others"
    assert [path.name for path in (tmp_path / "a" / "checkpoints").iterdir()] == ["step-00000005.pt"]


def test_a_run_folder_in_use_is_left_alone(photos, tmp_path):
    run = tmp_path / "run"
    train(recipe("optimiser.steps=2"), photos, None, run)
    before = (run / "config.toml").read_bytes()
    with FileLock(run / ".lock"), pytest.raises(InUseError, match="another process"):
        train(recipe("optimiser.steps=9"), photos, None, run)
    assert (run / "config.toml").read_bytes() == before
    assert train(recipe("optimiser.steps=3"), photos, None, run).step == 3


def test_a_full_disk_is_one_line_and_the_run_goes_on_after(photos, tmp_path):
    run = tmp_path / "run"
    train(recipe("optimiser.steps=4"), photos, None, run)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(OutputError, match=r"cannot be written .* the same command again"):
            train(recipe("optimiser.steps=8"), photos, None, run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["step-00000004.pt"]
    seen = []
    train(recipe("optimiser.steps=8"), photos, None, run, on_event=lambda event: seen.append(event.done))
    assert seen == [5, 6, 7, 8]


def test_wrong_folders(photos, tmp_path):
    (tmp_path / "empty").mkdir()
    for data_folder, validation in ((tmp_path / "empty", None), (photos, tmp_path / "empty")):
        with pytest.raises(DataError, match="empty: no pictures found"):
            train(recipe(), data_folder, validation, tmp_path / "run")
    with pytest.raises(DataError, match="is smaller than"):
        train(recipe("data.crop=50"), photos, None, tmp_path / "run")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="finds no cuda device"):
            train(recipe(), photos, None, tmp_path / "run", device="cuda")


def test_a_cancelled_run_stops_with_a_checkpoint_and_goes_on(photos, tmp_path):
    seen = []
    run = tmp_path / "run"
    stopped = train(
        recipe("optimiser.steps=6"),
        photos,
        None,
        run,
        on_event=lambda event: seen.append(event.done),
        cancel=lambda: len(seen) >= 3,
    )
    assert (stopped.step, stopped.finished, seen) == (3, False, [1, 2, 3])
    assert [path.stem for path in (run / "checkpoints").glob("*.pt")] == ["step-00000003"]
    assert train(recipe("optimiser.steps=6"), photos, None, run).finished

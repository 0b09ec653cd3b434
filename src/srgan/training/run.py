"""A training run from its folder of pictures to its model: set up, fit, validate, save."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from srgan.data.store import SCALE, PictureStore, read_pairs
from srgan.errors import RunError
from srgan.images.read import list_pictures
from srgan.training.adversarial import AdversarialRun
from srgan.training.checkpoints import (
    discard_after,
    load_checkpoint,
    load_newest_checkpoint,
    save_checkpoint,
)
from srgan.training.fidelity import FidelityRun
from srgan.training.interrupt import stop_requests
from srgan.training.log import RunLog, plot_log, save_samples
from srgan.training.recipe import Recipe
from srgan.training.result import training_facts, write_generator
from srgan.training.setup import Device, choose_device
from srgan.training.state import RunState
from srgan.training.validation import Pair, sample_rows, validate

_COLUMNS = ("learning_rate", "seconds", "validation_psnr_y")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands: steps done, of how many, the last loss, the last validation's PSNR in dB."""

    step: int
    steps: int
    loss: float | None
    psnr_y: float | None


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """How a call of :func:`train` ended.

    Attributes:
        step: steps done.
        finished: False if the run was interrupted; the same call goes on.
        psnr_y: the last validation's, in dB, or None.
        model: the model file, if there is one yet.
        seconds: time spent in training steps, over all calls.
    """

    step: int
    finished: bool
    psnr_y: float | None
    model: Path | None
    seconds: float


def train(
    recipe: Recipe,
    data: Path,
    validation: Path | None,
    out: Path,
    *,
    resume: Literal["auto", "never"] | Path = "auto",
    device: Device = "auto",
    report: Callable[[Progress], None] | None = None,
) -> RunResult:
    """Runs a recipe's stage, or goes on with it from its last checkpoint.

    On a CPU with the same number of threads, a run that was stopped at any moment and called again gives
    the same weights, bit for bit, as one that was not.

    Args:
        recipe: everything but the pictures.
        data: folder of training pictures, searched with its sub-folders.
        validation: folder of pictures to validate on, or None.
        out: the run's folder; made if absent.
        resume: "auto" goes on where the folder's newest checkpoint is, "never" starts anew, a path goes on
            from that checkpoint; the folder's later checkpoints are removed.
        device: "auto", "cpu", "cuda" or "mps".
        report: called after every step.

    Raises:
        DataError, ImageError: if the pictures cannot serve.
        RunError: if a checkpoint cannot be used or the loss stops being a number.
    """
    chosen = choose_device(device)
    side = recipe.data.crop * SCALE
    files = list_pictures(data, recursive=True)
    store = PictureStore(read_pairs(files, side), chosen)
    validation_files = list_pictures(validation, recursive=True) if validation else []
    pairs = read_pairs(validation_files, 3 * SCALE) if validation else []
    run = (AdversarialRun if recipe.stage == "adversarial" else FidelityRun)(recipe, store, chosen)
    try:
        for folder in ("checkpoints", "samples"):
            (out / folder).mkdir(parents=True, exist_ok=True)
        _go_on(run, out, resume)
        (out / "config.toml").write_text(recipe.to_toml(), encoding="utf-8")
        with (
            closing(RunLog(out, (*run.losses, *_COLUMNS), run.step)) as log,
            stop_requests() as stop_requested,
        ):
            fit(run, pairs, log, out, stop_requested, report)
        finished = run.step >= recipe.optimiser.steps
        model = out / "generator.safetensors"
        if finished:
            write_generator(run, model, training_facts(run, data, len(files), validation, len(pairs)))
    except OSError as error:
        reason = error.strerror or error
        raise RunError(
            f"{out}: cannot be written ({reason}); mend that, and the same command goes on"
        ) from error
    return RunResult(
        step=run.step,
        finished=finished,
        psnr_y=run.psnr_y,
        model=model if finished else None,
        seconds=run.seconds,
    )


def _go_on(run: RunState, out: Path, resume: Literal["auto", "never"] | Path) -> None:
    """Brings the run to where it goes on from, and removes what lies beyond."""
    state = None
    if isinstance(resume, Path):
        state = load_checkpoint(resume)
    elif resume == "auto":
        state = load_newest_checkpoint(out / "checkpoints")
    if state is not None:
        run.load(state)
    discard_after(out / "checkpoints", run.step)


def fit(
    run: RunState,
    pairs: list[Pair],
    log: RunLog,
    out: Path,
    stop_requested: Callable[[], bool],
    report: Callable[[Progress], None] | None,
) -> None:
    """Steps, logs, validates and saves until the recipe's last step or a request to stop."""
    options, steps = run.recipe.run, run.recipe.optimiser.steps
    before = run.seconds
    started = last_save = time.perf_counter()
    loss: float | None = None
    while run.step < steps and not stop_requested():
        run.train_step()
        run.seconds = before + time.perf_counter() - started
        figures: dict[str, float] = {}
        if run.step % options.log_every == 0:
            figures = run.means(options.log_every)
            loss = figures["pixel_loss"]
            figures["learning_rate"] = run.optimisers[0].param_groups[0]["lr"]
            figures["seconds"] = run.seconds
        if pairs and (run.step % options.validate_every == 0 or run.step == steps):
            with run.autocast():
                run.psnr_y = figures["validation_psnr_y"] = validate(run.average, pairs, run.device)
                rows = sample_rows(run.average, pairs, run.device)
            save_samples(out / "samples" / f"step-{run.step:08d}.png", rows)
        if figures:
            log.write(run.step, figures)
        if "validation_psnr_y" in figures or run.step == steps:
            plot_log(out)
        if report is not None:
            report(Progress(step=run.step, steps=steps, loss=loss, psnr_y=run.psnr_y))
        if time.perf_counter() - last_save > options.checkpoint_seconds:
            _save(run, out)
            last_save = time.perf_counter()
    _save(run, out)


def _save(run: RunState, out: Path) -> None:
    # A checkpoint of broken weights would push out the sound ones.
    run.check_finite()
    save_checkpoint(out / "checkpoints", run.step, run.state(), run.recipe.run.keep_checkpoints)

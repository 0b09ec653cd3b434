"""A training run from its folder of pictures to its model: set up, fit, validate, save."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from srgan.events import Event, OnEvent
from srgan.files import claim, make_folder, resumable, write_file
from srgan.training.adversarial import AdversarialRun
from srgan.training.checkpoints import (
    discard_after,
    load_checkpoint,
    load_newest_checkpoint,
    save_checkpoint,
)
from srgan.training.fidelity import FidelityRun
from srgan.training.interrupt import stop_requests
from srgan.training.log import RunLog, last_losses, plot_log, save_samples
from srgan.training.pictures import Pictures, load_pictures
from srgan.training.processes import Processes, joined_processes
from srgan.training.recipe import Recipe
from srgan.training.result import training_facts, write_generator
from srgan.training.setup import Device, choose_device
from srgan.training.state import RunState
from srgan.training.validation import sample_rows, validate
from srgan.training.watch import Watch

_COLUMNS = ("learning_rate", "seconds", "skipped", "validation_psnr_y")


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
    on_event: OnEvent | None = None,
) -> RunResult:
    """Runs a recipe's stage, or goes on with it from its last checkpoint.

    Under torchrun, every process calls this alike; each holds its share of the pictures and of each batch,
    and the first one writes. On a CPU with the same number of threads, a run that was stopped at any moment
    and called again gives the same weights, bit for bit, as one that was not.

    Args:
        recipe: everything but the pictures.
        data: folder of training pictures, searched with its sub-folders.
        validation: folder of pictures to validate on, or None.
        out: the run's folder; made if absent.
        resume: "auto" goes on where the folder's newest checkpoint is, "never" starts anew, a path goes on
            from that checkpoint; the folder's later checkpoints are removed.
        device: "auto", "cpu", "cuda" or "mps".
        on_event: takes an event after every step, in the first process; figures: "loss", the pixel loss of
            the log's last row, and "psnr_y", the last validation's in dB.

    Raises:
        DataError, ImageError: if the pictures cannot serve.
        InUseError: if another process is working in the folder.
        OutputError: if the folder cannot be written.
        RunError: if a checkpoint cannot be used, or the loss stays no number.
    """
    chosen = choose_device(device)
    with joined_processes(chosen) as processes:
        pictures = load_pictures(recipe, data, validation, chosen, processes)
        lengthy = recipe.with_steps(pictures.count)
        kind = AdversarialRun if recipe.stage == "adversarial" else FidelityRun
        run = kind(lengthy, pictures.store, chosen, processes)
        with resumable(out), _run_folder(out, processes):
            _go_on(run, out, resume)
            if processes.is_first:
                write_file(out / "config.toml", recipe.to_toml())
            with _opened_log(run, out) as log, stop_requests() as stop_requested:
                fit(run, pictures, log, out, stop_requested, on_event)
            finished = run.step >= lengthy.optimiser.steps
            model = out / "generator.safetensors"
            if finished and processes.is_first:
                facts = training_facts(run, pictures, data, validation, last_losses(out))
                write_generator(run, model, facts)
    return RunResult(
        step=run.step,
        finished=finished,
        psnr_y=run.psnr_y,
        model=model if finished else None,
        seconds=run.seconds,
    )


@contextmanager
def _run_folder(out: Path, processes: Processes) -> Iterator[None]:
    """The run's folder, for this run alone."""
    if not processes.is_first:
        yield
        return
    lock = claim(out, ".lock")
    try:
        for folder in ("checkpoints", "samples"):
            make_folder(out / folder)
        yield
    finally:
        lock.release()


def _opened_log(run: RunState, out: Path) -> AbstractContextManager[RunLog | None]:
    """The run's log in the first process, None in the others."""
    if not run.processes.is_first:
        return nullcontext()
    return closing(RunLog(out, (*run.losses, *_COLUMNS), run.step))


def _go_on(run: RunState, out: Path, resume: Literal["auto", "never"] | Path) -> None:
    """Brings the run to where it goes on from, and removes what lies beyond."""
    state = None
    if run.processes.is_first:
        if isinstance(resume, Path):
            state = load_checkpoint(resume)
        elif resume == "auto":
            state = load_newest_checkpoint(out / "checkpoints")
    state = run.processes.from_first(state)
    if state is not None:
        run.load(state)
    if run.processes.is_first:
        discard_after(out / "checkpoints", run.step)


def fit(
    run: RunState,
    pictures: Pictures,
    log: RunLog | None,
    out: Path,
    stop_requested: Callable[[], bool],
    on_event: OnEvent | None,
) -> None:
    """Steps, logs, validates and saves until the recipe's last step or a request to stop.

    Args:
        run: where it stands.
        pictures: to learn from and to validate on.
        log: None in all processes but the first.
        out: the run's folder.
        stop_requested: whether to stop after the step; all processes stop if one should.
        on_event: takes an event after every step.
    """
    options, steps = run.recipe.run, run.recipe.optimiser.steps
    steps_per_epoch = run.recipe.data.steps_per_epoch(pictures.count)
    watch = Watch(run)
    before = run.seconds
    started = last_save = time.perf_counter()
    loss: float | None = None
    while run.step < steps and not run.processes.any(stop_requested(), run.device):
        run.train_step()
        run.seconds = before + time.perf_counter() - started
        ends = run.step == steps
        figures: dict[str, float] = {}
        notice = None
        if run.step % options.log_every == 0:
            figures = run.recent.take(run.processes)
            loss = figures.get("pixel_loss")
            notice = watch.notice(figures)
            figures |= _standing(run)
        epoch_figures = run.epoch.take(run.processes) if run.step % steps_per_epoch == 0 else None
        if log is None:
            continue
        if epoch_figures is not None:
            log.write_epoch(run.step, run.step // steps_per_epoch, epoch_figures | _standing(run))
        if pictures.validation and (run.step % options.validate_every == 0 or ends):
            figures["validation_psnr_y"] = _validate(run, pictures, out)
        if figures:
            log.write(run.step, figures)
        if "validation_psnr_y" in figures or ends:
            plot_log(out)
        if on_event is not None:
            shown = {"loss": loss, "psnr_y": run.psnr_y}
            known = {name: value for name, value in shown.items() if value is not None}
            on_event(Event(done=run.step, total=steps, unit="steps", figures=known, note=notice))
        if time.perf_counter() - last_save > options.checkpoint_seconds:
            _save(run, out)
            last_save = time.perf_counter()
    if log is not None:
        _save(run, out)


def _standing(run: RunState) -> dict[str, float]:
    return {
        "learning_rate": run.optimisers[0].param_groups[0]["lr"],
        "seconds": run.seconds,
        "skipped": run.skipped,
    }


def _validate(run: RunState, pictures: Pictures, out: Path) -> float:
    with run.autocast():
        run.psnr_y = validate(run.average, pictures.validation, run.device)
        rows = sample_rows(run.average, pictures.validation, run.device)
    save_samples(out / "samples" / f"step-{run.step:08d}.png", rows)
    return run.psnr_y


def _save(run: RunState, out: Path) -> None:
    # A checkpoint of broken weights would push out the sound ones.
    run.check_weights()
    save_checkpoint(out / "checkpoints", run.step, run.state(), run.recipe.run.keep_checkpoints)

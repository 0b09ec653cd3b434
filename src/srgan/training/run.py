"""A training run from its folder of pictures to its model: set up, fit, validate, save."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Literal

from srgan.events import Cancel, Event, OnEvent
from srgan.files import claim, make_folder, resumable, write_file
from srgan.training.adversarial import AdversarialTrainer
from srgan.training.checkpoints import (
    discard_after,
    load_checkpoint,
    load_newest_checkpoint,
)
from srgan.training.descent import drawn_pictures
from srgan.training.discriminator_file import DISCRIMINATOR_FILE, write_discriminator
from srgan.training.fidelity import FidelityTrainer
from srgan.training.fit import fit
from srgan.training.interrupt import stop_requests
from srgan.training.log import RunLog, last_losses
from srgan.training.pictures import load_pictures
from srgan.training.processes import Processes, joined_processes
from srgan.training.recipe import Recipe
from srgan.training.result import training_facts, write_generator
from srgan.training.setup import Device, choose_device
from srgan.training.teaching import Teacher
from srgan.training.trainer import Trainer

_COLUMNS = ("learning_rate", "seconds", "skipped", "validation_psnr_y")


@dataclass(frozen=True, kw_only=True)
class RunResult:
    """How a call of :func:`train` ended.

    Attributes:
        step: steps done.
        finished: False if the run was interrupted; the same call continues it.
        stopped_by: the signal that interrupted it, or None.
        psnr_y: the last validation's, in dB, or None.
        model: the model file, if there is one yet.
        seconds: time spent in training steps, over all calls.
    """

    step: int
    finished: bool
    stopped_by: Signals | None
    psnr_y: float | None
    model: Path | None
    seconds: float


def train(
    recipe: Recipe,
    data: Path,
    validation: Path | None,
    out: Path,
    *,
    low_res: Path | None = None,
    teacher: Teacher | None = None,
    resume: Literal["auto", "never"] | Path = "auto",
    device: Device = "auto",
    on_event: OnEvent | None = None,
    cancel: Cancel | None = None,
) -> RunResult:
    """Runs a recipe's stage, or continues it from its last checkpoint.

    Under torchrun, every process makes the same call; each holds its share of the pictures and of each batch,
    and the first one writes. On a CPU with the same number of threads, a run that was stopped at any moment
    and called again gives the same weights, bit for bit, as one that was not.

    Args:
        recipe: everything but the pictures.
        data: folder of training pictures, searched with its sub-folders.
        validation: folder of pictures to validate on, or None.
        out: the run's folder; made if absent.
        low_res: folder of low-res pictures of the same names; None to make them.
        teacher: stands in for the recipe's ``loss.teacher``; None to load that network in PyTorch.
        resume: "auto" continues from the folder's newest checkpoint, "never" starts anew, a path continues
            from that checkpoint; the folder's later checkpoints are removed.
        device: "auto", "cpu", "cuda" or "mps".
        on_event: called after every step, in the first process, in "steps"; the figures are "loss", the pixel
            loss of the log's last row, and "validation_psnr_y" in dB, as soon as there are any; a note is
            a warning to show.
        cancel: asked after every step; the run then stops with a checkpoint, as after Ctrl-C.

    Raises:
        DataError, ImageError, UsageError: if the pictures cannot be used, or not with this recipe.
        InUseError: if another process is working in the folder.
        OutputError: if the folder cannot be written.
        RunError: if a checkpoint cannot be used, or the loss stays non-finite.
    """
    chosen = choose_device(device)
    with joined_processes(chosen) as processes:
        pictures = load_pictures(recipe, data, validation, chosen, processes, low_res=low_res)
        drawn_by = drawn_pictures(data)
        lengthy = recipe.with_steps(pictures.count)
        trainer: Trainer
        if recipe.stage == "adversarial":
            trainer = AdversarialTrainer(lengthy, pictures.store, chosen, processes, teacher)
        else:
            trainer = FidelityTrainer(lengthy, pictures.store, chosen, processes, teacher)
        with resumable(out), _run_folder(out, processes):
            _go_on(trainer, out, resume)
            if on_event is not None and trainer.step == 0 and trainer.notice and processes.is_first:
                on_event(Event(total=lengthy.optimiser.steps, unit="steps", note=trainer.notice))
            if processes.is_first:
                write_file(out / "config.toml", recipe.to_toml())
            with _opened_log(trainer, out) as log, stop_requests(cancel) as stop:
                fit(trainer, pictures, log, out, stop_requested=stop, on_event=on_event)
            finished = trainer.step >= lengthy.optimiser.steps
            model = out / "generator.safetensors"
            if finished and processes.is_first:
                facts = training_facts(trainer, pictures, data, validation, last_losses(out))
                write_generator(trainer, model, facts, drawn_by)
                if "discriminator" in trainer.modules:
                    judge = trainer.modules["discriminator"]
                    write_discriminator(out / DISCRIMINATOR_FILE, judge, recipe.discriminator)
    return RunResult(
        step=trainer.step,
        finished=finished,
        stopped_by=stop.signal,
        psnr_y=trainer.psnr_y,
        model=model if finished else None,
        seconds=trainer.seconds,
    )


@contextmanager
def _run_folder(out: Path, processes: Processes) -> Iterator[None]:
    """Makes the run's folder, and locks it for this run."""
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


def _opened_log(trainer: Trainer, out: Path) -> AbstractContextManager[RunLog | None]:
    """Returns the run's log in the first process, None in the others."""
    if not trainer.processes.is_first:
        return nullcontext()
    return closing(RunLog(out, (*trainer.losses, *_COLUMNS), trainer.step))


def _go_on(trainer: Trainer, out: Path, resume: Literal["auto", "never"] | Path) -> None:
    """Restores the run's state, and removes later checkpoints."""
    state = None
    if trainer.processes.is_first:
        if isinstance(resume, Path):
            state = load_checkpoint(resume)
        elif resume == "auto":
            state = load_newest_checkpoint(out / "checkpoints")
    state = trainer.processes.from_first(state)
    if state is not None:
        trainer.load(state)
    if trainer.processes.is_first:
        discard_after(out / "checkpoints", trainer.step)

"""The loop of a training run: step, log, validate, save."""

from __future__ import annotations

import time
from pathlib import Path

from srgan.events import Cancel, Event, OnEvent
from srgan.training.checkpoints import save_checkpoint
from srgan.training.log import RunLog, plot_log, save_samples
from srgan.training.pictures import Pictures
from srgan.training.trainer import Trainer
from srgan.training.validation import sample_rows, validate
from srgan.training.watch import Watch


def fit(
    trainer: Trainer,
    pictures: Pictures,
    log: RunLog | None,
    out: Path,
    *,
    stop_requested: Cancel,
    on_event: OnEvent | None,
) -> None:
    """Steps, logs, validates and saves until the recipe's last step or a request to stop.

    Args:
        trainer: the run's trainer.
        pictures: pictures to learn from and to validate on.
        log: None in all processes but the first.
        out: the run's folder.
        stop_requested: whether to stop after the step; all processes stop if one should.
        on_event: called after every step.
    """
    options, steps = trainer.recipe.run, trainer.recipe.optimiser.steps
    steps_per_epoch = trainer.recipe.data.steps_per_epoch(pictures.count)
    watch = Watch(trainer)
    before = trainer.seconds
    started = last_save = time.perf_counter()
    loss: float | None = None
    while trainer.step < steps and not trainer.processes.any(stop_requested(), trainer.device):
        trainer.train_step()
        trainer.seconds = before + time.perf_counter() - started
        ends = trainer.step == steps
        figures: dict[str, float] = {}
        notice = None
        if trainer.step % options.log_every == 0:
            figures = trainer.recent.take(trainer.processes)
            loss = figures.get("pixel_loss")
            notice = watch.notice(figures)
            figures |= _standing(trainer)
        epoch_figures = trainer.epoch.take(trainer.processes) if trainer.step % steps_per_epoch == 0 else None
        if log is None:
            continue
        if epoch_figures is not None:
            log.write_epoch(trainer.step, trainer.step // steps_per_epoch, epoch_figures | _standing(trainer))
        if pictures.validation and (trainer.step % options.validate_every == 0 or ends):
            figures["validation_psnr_y"] = _validate(trainer, pictures, out)
        if figures:
            log.write(trainer.step, figures)
        if "validation_psnr_y" in figures or ends:
            plot_log(out)
        if on_event is not None:
            shown = {"loss": loss, "validation_psnr_y": trainer.psnr_y}
            known = {name: value for name, value in shown.items() if value is not None}
            on_event(Event(done=trainer.step, total=steps, unit="steps", figures=known, note=notice))
        if time.perf_counter() - last_save > options.checkpoint_seconds:
            _save(trainer, out)
            last_save = time.perf_counter()
    if log is not None:
        _save(trainer, out)


def _standing(trainer: Trainer) -> dict[str, float]:
    return {
        "learning_rate": trainer.optimisers[0].param_groups[0]["lr"],
        "seconds": trainer.seconds,
        "skipped": trainer.skipped,
    }


def _validate(trainer: Trainer, pictures: Pictures, out: Path) -> float:
    with trainer.autocast():
        trainer.psnr_y = validate(trainer.average, pictures.validation, trainer.device)
        rows = sample_rows(trainer.average, pictures.validation, trainer.device)
    save_samples(out / "samples" / f"step-{trainer.step:08d}.png", rows)
    return trainer.psnr_y


def _save(trainer: Trainer, out: Path) -> None:
    # A checkpoint of broken weights would push out the sound ones.
    trainer.check_weights()
    save_checkpoint(out / "checkpoints", trainer.step, trainer.state(), trainer.recipe.run.keep_checkpoints)

"""The first stage: the generator alone learns to come close to the true picture, pixel by pixel."""

from __future__ import annotations

import copy
import math
import platform
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from srgan.data.store import SCALE, PictureStore, read_pairs
from srgan.errors import RunError
from srgan.images.read import list_pictures
from srgan.losses.pixel import pixel_loss
from srgan.models.generator import Generator
from srgan.training.checkpoints import (
    discard_after,
    load_checkpoint,
    load_newest_checkpoint,
    save_checkpoint,
)
from srgan.training.log import RunLog, plot_log, save_samples
from srgan.training.recipe import Recipe
from srgan.training.setup import Device, autocast_dtype, choose_device, make_optimisers, schedule
from srgan.training.validation import Pair, sample_rows, validate
from srgan.weights.card import ModelCard
from srgan.weights.files import write_model

_COLUMNS = ("pixel_loss", "learning_rate", "seconds", "validation_psnr_y")


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


class FidelityRun:
    """All that changes while the first stage runs, and all that its checkpoints hold."""

    def __init__(self, recipe: Recipe, store: PictureStore, device: torch.device) -> None:
        torch.manual_seed(recipe.run.seed)
        self.recipe = recipe
        self.store = store
        self.device = device
        self.dtype = autocast_dtype(recipe.run.precision, device)
        self.network = Generator(recipe.generator).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.optimisers = make_optimisers(self.network, recipe.optimiser)
        self.random = torch.Generator().manual_seed(recipe.run.seed)
        self.step = 0
        self.seconds = 0.0
        self.psnr_y: float | None = None
        self.loss_sum = torch.zeros((), device=device)

    def state(self) -> dict[str, Any]:
        """Everything needed to go on exactly from here."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "random": self.random.get_state(),
            "step": self.step,
            "seconds": self.seconds,
            "psnr_y": self.psnr_y,
            "loss_sum": self.loss_sum,
        }

    def load(self, state: dict[str, Any]) -> None:
        """Goes on from another run's :meth:`state`.

        Raises:
            RunError: if the state is of another network or optimiser.
        """
        try:
            self.network.load_state_dict(state["network"])
            self.average.load_state_dict(state["average"])
            for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
                # The learning rates and the like are the recipe's, not the checkpoint's.
                optimiser.load_state_dict({**optimiser.state_dict(), "state": saved["state"]})
        except (KeyError, ValueError, RuntimeError):
            raise RunError(
                "the checkpoint is of another network or optimiser than the recipe's; "
                "use the run's own config.toml, or --resume never"
            ) from None
        self.random.set_state(state["random"])
        self.step = state["step"]
        self.seconds = state["seconds"]
        self.psnr_y = state["psnr_y"]
        self.loss_sum = state["loss_sum"].to(self.device)

    def train_step(self) -> None:
        """One step: a batch, its loss, the gradients, the weights, their average."""
        data, options = self.recipe.data, self.recipe.optimiser
        lr_image, hr_image = self.store.sample(data.batch_size, data.crop, self.random)
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            sr_image = self.network(lr_image)
        loss = pixel_loss(sr_image.float(), hr_image, self.recipe.loss.pixel)
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        factor = schedule(self.step, options)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = factor * optimiser.defaults["lr"]
            optimiser.step()
        self._move_average()
        self.loss_sum += loss.detach()
        self.step += 1

    @torch.no_grad()
    def _move_average(self) -> None:
        # A young average must forget its random start.
        decay = min(self.recipe.optimiser.ema_decay, (1 + self.step) / (10 + self.step))
        parameters: list[Tensor] = list(self.network.parameters())
        torch._foreach_lerp_(list(self.average.parameters()), parameters, 1 - decay)
        for average, buffer in zip(self.average.buffers(), self.network.buffers(), strict=True):
            average.copy_(buffer)


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
    """Runs the first stage, or goes on with it from its last checkpoint.

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
    for folder in ("checkpoints", "samples"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    run = FidelityRun(recipe, store, chosen)
    state = None
    if isinstance(resume, Path):
        state = load_checkpoint(resume)
    elif resume == "auto":
        state = load_newest_checkpoint(out / "checkpoints")
    if state is not None:
        run.load(state)
    discard_after(out / "checkpoints", run.step)
    (out / "config.toml").write_text(recipe.to_toml(), encoding="utf-8")
    with closing(RunLog(out, _COLUMNS, run.step)) as log, _stop_requests() as stop_requested:
        fit(run, pairs, log, out, stop_requested, report)
    finished = run.step >= recipe.optimiser.steps
    model = out / "generator.safetensors"
    if finished:
        write_generator(run, model, _training_facts(run, data, len(files), validation, len(pairs)))
    return RunResult(
        step=run.step,
        finished=finished,
        psnr_y=run.psnr_y,
        model=model if finished else None,
        seconds=run.seconds,
    )


def fit(
    run: FidelityRun,
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
            loss = run.loss_sum.item() / options.log_every
            run.loss_sum.zero_()
            rate = run.optimisers[0].param_groups[0]["lr"]
            figures = {"pixel_loss": loss, "learning_rate": rate, "seconds": run.seconds}
            if not math.isfinite(loss):
                advice = "go on from a checkpoint with a lower learning rate"
                raise RunError(f"the loss is {loss} at step {run.step}; {advice}")
        if pairs and (run.step % options.validate_every == 0 or run.step == steps):
            with torch.autocast(run.device.type, run.dtype, enabled=run.dtype != torch.float32):
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
            save_checkpoint(out / "checkpoints", run.step, run.state(), options.keep_checkpoints)
            last_save = time.perf_counter()
    save_checkpoint(out / "checkpoints", run.step, run.state(), options.keep_checkpoints)


def write_generator(run: FidelityRun, path: Path, training: dict[str, Any]) -> None:
    """Writes the averaged weights, as 16-bit floats, with their card."""
    tensors = {name: tensor.cpu().half().numpy() for name, tensor in run.average.state_dict().items()}
    card = ModelCard(
        name=run.recipe.name,
        generator=run.recipe.generator,
        summary=run.recipe.summary,
        training=training,
        version=version("srgan"),
    )
    write_model(path, tensors, card)


def _training_facts(
    run: FidelityRun, data: Path, pictures: int, validation: Path | None, validation_pictures: int
) -> dict[str, Any]:
    recipe = run.recipe
    device = torch.cuda.get_device_name() if run.device.type == "cuda" else _processor()
    return {
        "data": data.name,
        "pictures": pictures,
        "degradation": "bicubic reduction of the whole picture (MATLAB's imresize)",
        "steps": run.step,
        "batch_size": recipe.data.batch_size,
        "crop": recipe.data.crop,
        "loss": recipe.loss.pixel,
        "optimiser": recipe.optimiser.kind,
        "hours": round(run.seconds / 3600, 2),
        "hardware": device,
        "precision": str(run.dtype).removeprefix("torch."),
        "validation": validation.name if validation else None,
        "validation_pictures": validation_pictures,
        "validation_psnr_y": run.psnr_y and round(run.psnr_y, 3),
    }


def _processor() -> str:
    name = torch.cpu.get_capabilities().get("cpu_name") or platform.machine()
    return f"{name}, {torch.get_num_threads()} threads"


@contextmanager
def _stop_requests() -> Iterator[Callable[[], bool]]:
    """Turns Ctrl-C and SIGTERM into a request to stop after the step; a second one stops at once."""
    requested = False

    def request(signal_number: int, _frame: object) -> None:
        nonlocal requested
        requested = True
        signal.signal(signal_number, previous[signal.Signals(signal_number)])

    previous = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: requested
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)

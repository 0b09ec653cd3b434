"""``srgan calibrate``: a network that is computed in 8 bits."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from srgan.cli.console import print_json, print_message, progress_bar
from srgan.cli.options import JsonOption

_calibration = partial(typer.Option, rich_help_panel="Calibration")


def calibrate(
    model: Annotated[str, typer.Argument(help="Name of a model, or a file.", metavar="MODEL")],
    out: Annotated[Path, typer.Argument(help="File to write: .safetensors.", metavar="OUT")],
    pictures: Annotated[
        Path, _calibration(metavar="DIR", help="Folder of pictures like those the network is for.")
    ],
    count: Annotated[int, _calibration(min=2, help="Pictures to take from it, at most.")] = 24,
    as_json: JsonOption = False,
) -> None:
    """Prepare a network for int8, which is faster than bf16, and measure what that costs.

    Downscales every picture and upscales it again, in 32 bits and in 8. Layers that lose too much keep their
    16 bits. OUT is the same network; int8 is chosen by itself where it costs 0.05 dB at most, and
    results are at least 40 dB like those in 32 bits.

    Example: srgan calibrate RealESRGAN_x4plus.pth --pictures photos/ x4plus.safetensors

    Example: srgan calibrate model.param --pictures drawings/ model.safetensors --count 48
    """
    from srgan.evaluation.calibration import calibrate_file

    with progress_bar() as bar:
        task = bar.add_task("calibrating", total=None)
        done = calibrate_file(
            model, out, pictures, count=count, on_event=lambda event: bar.update(task, completed=event.done)
        )
    facts = {**done.eight_bits.summary(), "all_layers": done.layers, "speedup": round(done.speedup, 2)}
    if as_json:
        print_json({"path": str(out), **facts})
        return
    layers = f"{facts['layers']} of {done.layers} layers in 8 bits"
    print_message(
        f"{out}: {layers}, {done.speedup:.2f}x as fast as without; costs {done.eight_bits.loss:.3f} dB; PSNR "
        f"beside the result in 32 bits: {done.eight_bits.likeness:.1f} dB; flat colours vary by "
        f"{done.eight_bits.pattern} levels more"
    )
    if not done.eight_bits.is_close:
        print_message("that is visible: int8 is used only where --precision int8 asks for it")

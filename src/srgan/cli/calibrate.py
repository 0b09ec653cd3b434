"""``srgan calibrate``: prepares a network for int8."""

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
        Path, _calibration(metavar="DIR", help="Folder of pictures of the kind the network will upscale.")
    ],
    count: Annotated[int, _calibration(min=2, help="Most pictures to use.")] = 24,
    as_json: JsonOption = False,
) -> None:
    """Prepare a network for int8, which is faster than bf16, and measure what that costs.

    Downscales every picture, upscales it again in 32 bits and in int8, and compares the results. Layers that
    lose too much stay in 16 or 32 bits. OUT is the same network with its int8 ranges. It runs in int8 by
    default if that costs at most 0.05 dB, results agree with those in 32 bits to 40 dB or more, and flat
    colours stay flat; otherwise only with --precision int8.

    Example: srgan calibrate RealESRGAN_x4plus.pth --pictures photos/ x4plus.safetensors

    Example: srgan calibrate model.param --pictures drawings/ model.safetensors --count 48
    """
    from srgan.engines.openvino import is_int8_default
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
    found = done.eight_bits
    print_message(
        f"{out}: int8 in {len(found.peaks)} of {done.layers} layers is {done.speedup:.2f}x as fast and loses "
        f"{found.loss:.3f} dB; results agree with those in 32 bits to {found.likeness:.1f} dB; flat colours "
        f"vary by {found.pattern} more levels of 255"
    )
    if not is_int8_default(found):
        print_message("that is too much for the default; add --precision int8 to use int8 anyway")

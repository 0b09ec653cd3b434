"""``srgan bench``: how fast srgan is here, beside the same networks in plain PyTorch, and with videos."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from srgan.cli.console import print_json, progress_bar
from srgan.cli.options import Halo, ModelLayout, ModelOrder, ModelRange, Order, onnx_form
from srgan.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from srgan.bench.speed import Work
    from srgan.networks.onnx import OnnxForm


def bench(
    runs: Annotated[int, typer.Option(min=1, help="Number of counted runs of each side.")] = 7,
    model: Annotated[
        str | None, typer.Option(help="Time this model alone, a name or a file, beside PyTorch.")
    ] = None,
    halo: Halo = None,
    model_layout: ModelLayout = None,
    model_range: ModelRange = None,
    model_order: ModelOrder = Order.rgb,
    video: Annotated[
        bool, typer.Option("--video", help="Time videos instead, from 320x180 to 1280x720.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Times srgan beside the same networks in plain PyTorch, and its models beside each other, in one run.

    Example: srgan bench

    Example: srgan bench --model RealESRGAN_x4plus.pth --runs 3
    """
    if video:
        _bench_video(as_json)
        return
    from srgan.bench import speed

    if model is None and halo is not None:
        raise UsageError("halo is that of one model; name it by --model", field="halo")
    size = f"{speed.LR_SIZE[0]}x{speed.LR_SIZE[1]}"
    comparisons: tuple[tuple[str, Callable[[], Work], Callable[[], Work] | None], ...] = (
        (f"srresnet, {size}, against PyTorch fp32", speed.srresnet_generator, speed.plain_generator),
        (f"srresnet with its halo, {size}, likewise", speed.srresnet_picture, speed.plain_generator),
        (f"fast, {size}, against srresnet", speed.fast_generator, speed.srresnet_generator),
        (
            f"training step, {speed.BATCH} of {speed.CROP}x{speed.CROP}, against PyTorch fp32",
            speed.srgan_step,
            speed.plain_step,
        ),
    )
    if model is not None:
        form = onnx_form(model_layout, model_range, model_order)
        comparisons = (_comparison(model, halo, form, size),)
    has_torch = importlib.util.find_spec("torch") and importlib.util.find_spec("tensorboard")
    if not has_torch and any(theirs for _, _, theirs in comparisons):
        raise MissingExtraError("srgan bench compares with PyTorch, so it", "train")
    results = []
    with progress_bar() as bar:
        task = bar.add_task("timing", total=len(comparisons) + 1)
        for name, ours, theirs in comparisons:
            results.append(speed.compare(name, ours, theirs, runs))
            bar.advance(task)
        if model is None:
            results.append(speed.start_to_file(runs))
        bar.advance(task)
    if as_json:
        print_json({"runs": runs, "results": results})
        return
    print("| | srgan, s | the other, s | ratio |\n|---|---|---|---|")
    for result in results:
        other = f"{result['other_seconds']:.3f}" if "other_seconds" in result else ""
        ratio = f"{result['ratio']:.1f}" if "ratio" in result else ""
        print(f"| {result['name']} | {result['srgan_seconds']:.3f} | {other} | {ratio} |")


def _comparison(
    model: str, halo: int | None, form: OnnxForm, size: str
) -> tuple[str, Callable[[], Work], Callable[[], Work] | None]:
    from srgan.bench import speed
    from srgan.engines.loading import load_any_network
    from srgan.networks.onnx import OnnxNetwork

    name = f"{Path(model).stem}, {size}"
    network = load_any_network(model, onnx=form)  # before anything is timed: it says what is wrong with it
    picture = partial(speed.model_picture, model, halo, form)
    if isinstance(network, OnnxNetwork):
        return f"{name}, with its halo", picture, None
    plain = partial(speed.plain_model, model)
    if halo is not None:
        return f"{name}, with a halo of {halo}, against PyTorch fp32", picture, plain
    return f"{name}, against PyTorch fp32", partial(speed.model_generator, model), plain


def _bench_video(as_json: bool) -> None:
    from srgan.bench.video_speed import time_video

    results = []
    with progress_bar() as bar:
        for model, frames in bar.track((("fast", 144), ("srresnet", 24)), description="timing"):
            results.append(time_video(model, frames))
    if as_json:
        print_json({"results": results})
        return
    print("| 320x180, libx264 veryfast | frames/s, file to file | reading, ms | network, ms | writing, ms |")
    print("|---|---|---|---|---|")
    for result in results:
        stages = " | ".join(
            f"{result['milliseconds'][name]:.1f}" for name in ("reading", "network", "writing")
        )
        print(f"| {result['model']} | {result['frames_per_second']:.1f} | {stages} |")

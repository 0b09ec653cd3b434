"""Finds how to compute a network in 8 bits: the ranges of its maps, and the layers that tolerate it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srgan.engines.loading import load_any_network
from srgan.engines.openvino import OpenVinoEngine
from srgan.engines.peaks import PeakMeter
from srgan.engines.protocol import Precision
from srgan.errors import DataError, UsageError
from srgan.evaluation.charts import colour_charts, print_charts
from srgan.evaluation.dataset import Sample, read_8_bit
from srgan.evaluation.trial import Trial
from srgan.events import OnEvent
from srgan.images.read import list_pictures
from srgan.images.resize import low_res_pair
from srgan.networks.architectures.folding import Array
from srgan.networks.calibrated_file import write_calibrated
from srgan.networks.catalogue import find_model
from srgan.networks.eight_bits import EightBits
from srgan.networks.network import Network

_PIECE = 64  # low-res pixels a side, at most
_LEAST_PIECE = 16
_PRINT_SHARE = 4.0
"""Print may make a channel this many times as large as pictures do. More is clipped: wider steps would
cost every picture what print alone gains."""

_MOST_PATTERN_OF_LAST_LAYER = 3
"""Levels of 255 by which flat colours may vary more than in 32 bits before the last layer is left out."""
_TIMED = 5  # runs of each precision


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """The result of a calibration.

    Attributes:
        eight_bits: its ranges, and what they cost.
        layers: how many could have been computed in 8 bits.
        speedup: see :func:`speedup`.
    """

    eight_bits: EightBits
    layers: int
    speedup: float


def calibrate_file(
    model: str | Path, out: Path, pictures: Path, *, count: int, on_event: OnEvent | None = None
) -> Calibrated:
    """Calibrates a network with every other picture of a folder, and measures its loss on the rest.

    Args:
        model: name of a model, or a file.
        out: the ``.safetensors`` file to write; replaced if it exists.
        pictures: the folder.
        count: pictures to take, at most.
        on_event: called after every step.

    Raises:
        UsageError: if there is no such model, it cannot be computed in 8 bits, or ``out`` is no
            ``.safetensors`` file or the model itself.
        ModelError: if it cannot be read.
        DataError: if the folder holds no picture that is large enough.
        OutputError: if the file cannot be written.
    """
    path = find_model(model)
    if out.suffix != ".safetensors":
        raise UsageError(f"{out}: calibrated networks are written to .safetensors files", field="out")
    if out.exists() and out.samefile(path):
        raise UsageError(f"{out}: is the network itself; choose another file", field="out")
    network = load_any_network(path)
    if not isinstance(network, Network):
        raise UsageError(f"{path}: only networks that srgan has a description of can be computed in int8")
    pieces = pieces_of(pictures, network, count)
    seen, measured = (pieces[::2], pieces[1::2]) if len(pieces) > 1 else (pieces, pieces)
    name = f"{len(measured)} pictures of {pictures.resolve().name}"
    eight_bits = calibrate(network, seen, measured, pictures=name, on_event=on_event)
    layers = len(PeakMeter(network).names)
    done = Calibrated(eight_bits=eight_bits, layers=layers, speedup=speedup(network, eight_bits))
    write_calibrated(path, out, eight_bits)
    return done


def pieces_of(folder: Path, network: Network, most: int) -> list[Sample]:
    """Returns the middles of pictures, and their downscaled versions.

    Args:
        folder: of pictures, with its sub-folders.
        network: the pairs have its scale.
        most: the most pieces; they are taken from pictures evenly spread over the folder.

    Raises:
        DataError: if it holds no picture that is large enough.
        ImageError: if one cannot be read.
    """
    scale, multiple = network.info.scale, network.info.multiple
    files = list_pictures(folder, recursive=True)
    samples = []
    taken = min(most, len(files))
    for file in (files[number * len(files) // taken] for number in range(taken)):
        picture = read_8_bit(file)
        sides = [min(_PIECE, side // scale) // multiple * multiple for side in picture.shape[:2]]
        if min(sides) < _LEAST_PIECE:
            continue
        lr_image, hr_image = low_res_pair(_middle(picture, *(scale * side for side in sides)), scale)
        samples.append(Sample(name=file.stem, scale=scale, lr_image=lr_image, hr_image=hr_image))
    if not samples:
        least = scale * max(_LEAST_PIECE, multiple)
        raise DataError(f"{folder}: holds no picture of {least}x{least} pixels or more; name another folder")
    return samples


def calibrate(
    network: Network,
    seen: Sequence[Sample],
    measured: Sequence[Sample],
    *,
    pictures: str,
    on_event: OnEvent | None = None,
) -> EightBits:
    """Finds the ranges of maps, and leaves out the costliest layers until the rest costs little.

    The last layer is left out where flat colours would become patterns: it is what draws them most.

    Args:
        network: the network.
        seen: samples that ranges are taken from, besides charts.
        measured: samples that the loss is measured on.
        pictures: what the latter are, in words.
        on_event: called after every step.

    Returns:
        Its result; with all layers if no choice is :attr:`~srgan.networks.eight_bits.EightBits.is_accurate`.
    """
    trial = Trial(network, measured, pictures, on_event)
    peaks = find_peaks(network, seen)
    if trial.pattern(peaks) > _MOST_PATTERN_OF_LAST_LAYER:
        peaks.popitem()
    best = trial.measure(peaks)
    if best.is_accurate:
        return best
    costs = trial.costs(peaks)
    too_few, enough = 0, len(costs)  # groups to leave out; all of them is no choice
    while too_few + 1 < enough:
        count = (too_few + enough) // 2
        left_out = {name for group in costs[:count] for name in group}
        found = trial.measure({name: peak for name, peak in peaks.items() if name not in left_out})
        if found.is_accurate:
            best, enough = found, count
        else:
            too_few = count
    return best


def find_peaks(network: Network, samples: Sequence[Sample]) -> dict[str, Array]:
    """Returns how far the channels of every map reach, (2, channels), as :class:`EightBits` has them.

    Taken from pictures, small and as they are, and from charts, since no photograph is pure blue or print.
    """
    meter = PeakMeter(network)
    small = [sample.lr_image for sample in samples]
    whole = [_middle(sample.hr_image, *sample.lr_image.shape[:2]) for sample in samples]
    pictures = meter.measure([*small, *whole])
    colours, prints = meter.measure(colour_charts()), meter.measure(print_charts())
    return {
        name: np.maximum(np.maximum(peak, colours[name]), np.minimum(prints[name], _PRINT_SHARE * peak))
        for name, peak in pictures.items()
    }


def speedup(network: Network, eight_bits: EightBits) -> float:
    """Returns how many times as fast as 16 or 32 bits it is on this processor, by the best of some runs."""
    batch = np.random.default_rng(0).integers(0, 256, (1, _PIECE, _PIECE, 3), np.uint8)
    kinds: tuple[Precision, ...] = ("int8", "auto")
    narrow, wide = (
        OpenVinoEngine(replace(network, eight_bits=eight_bits if kind == "int8" else None), precision=kind)
        for kind in kinds
    )
    seconds = [(_seconds(narrow, batch), _seconds(wide, batch)) for _ in range(_TIMED + 1)][1:]
    return min(slow for _, slow in seconds) / min(fast for fast, _ in seconds)


def _seconds(engine: OpenVinoEngine, batch: NDArray[np.uint8]) -> float:
    started = time.perf_counter()
    engine.upscale(batch)
    return time.perf_counter() - started


def _middle(picture: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    top, left = ((have - want) // 2 for have, want in zip(picture.shape, (height, width), strict=False))
    return picture[top : top + height, left : left + width]

"""Checks that an exported file gives srgan's own results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from srgan.engines.openvino import OpenVinoEngine
from srgan.errors import ModelError
from srgan.networks.network import Network

ExportPrecision = Literal["fp32", "fp16"]

Run = Callable[[NDArray[Any]], NDArray[Any]]
"""Runs a file on a batch; both are in the layout and type of the file."""

_SIZES = ((1, 24, 32), (2, 33, 18), (1, 65, 47))  # number, height, width
_SQUARES = (1, 2, 4, 8, 16)  # sides of the squares that the pictures are made of
_MOST = {"fp32": 1.0, "fp16": 4.0}  # levels of 255; rounding alone can make one, if bytes come out


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A file that was written.

    Attributes:
        path: the file.
        kind: the format.
        precision: the type of its parameters.
        scale: its network's upscaling factor per side.
        sizes: (number, height, width) of the pictures that it was tried on.
        largest_difference: from srgan's own result for them, in levels of 255.
    """

    path: Path
    kind: str
    precision: ExportPrecision
    scale: int
    sizes: tuple[tuple[int, int, int], ...]
    largest_difference: float


def checked(
    path: Path, kind: str, network: Network, run: Run, *, precision: ExportPrecision, has_pictures: bool
) -> Exported:
    """Compares a file with srgan's own result, in fp32, at three sizes.

    Args:
        path: the name that the file will have.
        kind: the format.
        network: what is in it.
        run: runs the file.
        precision: the type of its parameters.
        has_pictures: whether it takes and gives uint8 (N, H, W, 3), or float32 (N, 3, H, W) in [0, 1].

    Raises:
        ModelError: if it differs by more than rounding explains: by a level of 255, in 16 bits by four.
    """
    engine = OpenVinoEngine(network, precision="fp32")
    random = np.random.default_rng(0)
    multiple = network.info.multiple
    sizes = tuple((number, h + -h % multiple, w + -w % multiple) for number, h, w in _SIZES)
    differences = []
    for number, height, width in sizes:
        batch = _pictures(random, number, height, width)
        if has_pictures:
            difference = np.subtract(run(batch), engine.upscale(batch), dtype=np.float32)
        else:
            floats = batch / np.float32(255)
            result = run(np.ascontiguousarray(floats.transpose(0, 3, 1, 2))).transpose(0, 2, 3, 1)
            difference = 255 * (result - engine.upscale(floats))
        differences.append(float(np.abs(difference).max()))
    largest = float(np.max(differences))  # nan if one of them is
    if not largest <= _MOST[precision]:
        raise ModelError(
            f"{path}: not written: its results would be off by {largest:.3g} levels of 255 in {precision}"
        )
    return Exported(
        path=path,
        kind=kind,
        precision=precision,
        scale=network.info.scale,
        sizes=sizes,
        largest_difference=largest,
    )


def _pictures(random: np.random.Generator, number: int, height: int, width: int) -> NDArray[np.uint8]:
    """Returns noise, (number, height, width, 3), with more contrast at larger scales, as in photographs."""
    picture = np.zeros((number, height, width, 3))
    for side in _SQUARES:
        squares = random.random((number, -(-height // side), -(-width // side), 3))
        picture += side * squares.repeat(side, 1).repeat(side, 2)[:, :height, :width]
    return np.rint(picture * (255 / sum(_SQUARES))).astype(np.uint8)

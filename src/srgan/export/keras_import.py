"""Keras generators as srgan's own model files."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from srgan.engines.openvino import OpenVinoEngine
from srgan.errors import ModelError
from srgan.networks.architectures.folding import Tensors
from srgan.networks.architectures.layered import Layered
from srgan.networks.architectures.recognised import UnfitError
from srgan.networks.card import ModelCard
from srgan.networks.keras.file import read_keras
from srgan.networks.keras.graph import graph_of, possible_results
from srgan.networks.layered_file import write_layered
from srgan.networks.network import Network, describe_foreign
from srgan.networks.ranges import SPANS, Range

_COLOURS = np.array([*product((0.2, 0.8), repeat=3)], np.float32)
_AROUND = 16  # pixels around a pixel that are flat too; what lies farther hardly counts


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A network that was imported.

    Attributes:
        path: the file that was written.
        scale: upscaling factor per side.
        takes: what black and white are in the network's input.
        gives: the same in its result.
        colour_error: how far it moves the colours of flat pictures, in levels of 255, on average.
    """

    path: Path
    scale: int
    takes: Range
    gives: Range
    colour_error: float


def import_keras(source: Path, target: Path, *, takes: Range | None = None) -> Imported:
    """Writes a Keras generator as a ``.safetensors`` file, which works wherever a model is named.

    No file says what black and white are: the range is taken that keeps the colours of flat pictures, as all
    upscaling networks are trained to do. One that ends in a tanh gives -1 to 1, one in a sigmoid 0 to 1.

    Args:
        source: an ``.h5`` or ``.keras`` file with the whole model.
        target: the ``.safetensors`` file; replaced if it exists. Its folder must exist.
        takes: what black and white are in the network's input; None to detect it.

    Raises:
        ModelError: if the source cannot be read, or has unknown layers.
        MissingExtraError: if h5py is not installed.
        OutputError: if the target cannot be written.
    """
    model = read_keras(source)
    try:
        choices = {
            ends: graph_of(model, *ends)
            for ends in product(SPANS if takes is None else (takes,), possible_results(model))
        }
    # What a file says of a layer may be of any type.
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError):
        raise ModelError(f"{source}: a layer is not as Keras describes it; get the file again") from None
    except UnfitError as error:
        raise ModelError(f"{source}: cannot be used: {error}") from None
    errors = {ends: _colour_error(*graph) for ends, graph in choices.items()}
    best = min(errors, key=errors.__getitem__)
    architecture, tensors = choices[best]
    write_layered(target, architecture, tensors)
    return Imported(
        path=target,
        scale=describe_foreign(architecture).scale,
        takes=best[0],
        gives=best[1],
        colour_error=errors[best],
    )


def _colour_error(architecture: Layered, tensors: Tensors) -> float:
    info = describe_foreign(architecture)
    card = ModelCard(name="imported", generator=None)
    network = Network(card=card, info=info, architecture=architecture, tensors=tensors)
    side = 2 * _AROUND + 1
    flat = np.broadcast_to(_COLOURS[:, None, None], (len(_COLOURS), side, side, 3))
    results = OpenVinoEngine(network, precision="fp32").upscale(flat, _AROUND)
    return float(255 * np.abs(results.mean((1, 2)) - _COLOURS).mean())

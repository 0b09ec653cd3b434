"""SRVGGNetCompact: Real-ESRGAN's network for video, arXiv 2107.10833; the compact architecture is like it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from srgan.networks.architectures.compact import Compact
from srgan.networks.architectures.folding import Tensors
from srgan.networks.architectures.recognised import Recognised, UnfitError, count, renamed, root, shape
from srgan.networks.colour import COLOURS, flat_colours

_SLOPES = (0.0, 0.1)  # of its ReLU and its LeakyReLU


def recognise(tensors: Tensors) -> Recognised | None:
    """Recognises an SRVGGNetCompact; None if it is something else.

    Activations without tensors may be ReLU or LeakyReLU. The one with which flat pictures keep their colours
    better is taken, since all networks of this kind are trained to keep them.

    Raises:
        UnfitError: if it is one that cannot be run.
    """
    layers = count(tensors, r"body\.(\d+)\.weight")
    if layers < 3 or layers % 2 == 0 or tensors.keys() & {"conv_first.weight", "head.0.weight"}:
        return None
    channels, inputs, *_ = shape(tensors, "body.0.weight")
    outputs = shape(tensors, f"body.{layers - 1}.weight")[0]
    if inputs != 3 or outputs % 3:
        raise UnfitError("its input and output are not both RGB pictures")
    blocks = (layers - 3) // 2
    names = ["head", "head_activation"]
    for index in range(blocks):
        names += [f"blocks.{index}.conv", f"blocks.{index}.activation"]
    rules = [(rf"body\.{number}\.(\w+)", rf"{name}.\1") for number, name in enumerate([*names, "tail"])]
    tensors = renamed(tensors, rules)
    slopes = shape(tensors, "head_activation.weight", 1)[0] if "head_activation.weight" in tensors else 0
    architecture = Compact(
        blocks=blocks, channels=channels, scale=root(outputs // 3, "its scale"), slopes=slopes
    )
    if slopes == 0:
        choices = [replace(architecture, slope=slope) for slope in _SLOPES]
        architecture = min(choices, key=lambda choice: _change(choice, tensors))
    return Recognised(
        name="SRVGGNetCompact",
        blocks=blocks,
        channels=channels,
        architecture=architecture,
        tensors=tensors,
    )


def _change(architecture: Compact, tensors: Tensors) -> float:
    """Returns how far the colours of flat pictures are changed."""
    if {name: tensor.shape for name, tensor in tensors.items()} != architecture.shapes():
        return 0.0
    return float(np.abs(flat_colours(architecture, tensors) - COLOURS).mean())

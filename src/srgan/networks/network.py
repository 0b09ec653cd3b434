"""A network, ready for an engine: its weights, its architecture, and what everything around it needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from srgan.errors import ModelError
from srgan.networks.architectures.description import Architecture
from srgan.networks.architectures.folding import Tensors
from srgan.networks.architectures.trace import trace
from srgan.networks.blend import read_blend
from srgan.networks.card import ModelCard
from srgan.networks.catalogue import find_model
from srgan.networks.eight_bits import EightBits, read_eight_bits
from srgan.networks.info import NetworkInfo
from srgan.networks.model_file import has_card
from srgan.networks.module import ModuleNetwork
from srgan.networks.onnx import OnnxNetwork, is_onnx

FOREIGN_HALO = 40
"""Halo in low-res pixels of another program's network, where its radius is larger.

A photograph of 96x64 pixels, upscaled by RealESRGAN_x4plus in two tiles, was off by more than a level of 255
on 0.2 % of its values, and its steps across the seam by 0.2 levels on average and 2 at most. With the 10
pixels of other programs: on 13 %, by 1.1, and 5.
"""


FOREIGN_BORDER = 10
"""Low-res pixels by which other programs mirror a picture beyond its borders."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network of a described architecture, with its weights; for others see :data:`AnyNetwork`.

    Attributes:
        card: what its file says about it.
        info: its scale, halo, memory: all that tiling and files need.
        architecture: its layers.
        tensors: its parameters, float32, by the names that the architecture gives them.
        eight_bits: how to compute it in 8 bits; None if that is unknown, as for blends.
    """

    card: ModelCard
    info: NetworkInfo
    architecture: Architecture
    tensors: Tensors
    eight_bits: EightBits | None = None

    @classmethod
    def of(cls, card: ModelCard, tensors: Tensors, eight_bits: EightBits | None = None) -> Network:
        """Returns one of srgan's own generators.

        Args:
            card: its card, whose halo is used.
            tensors: its parameters, float32, by the names of the generator's ``state_dict``.
            eight_bits: see above.
        """
        architecture = card.own_generator.describe()
        info = describe(architecture, card.halo)
        return cls(card=card, info=info, architecture=architecture, tensors=tensors, eight_bits=eight_bits)


AnyNetwork = Network | OnnxNetwork | ModuleNetwork
"""What engines run. All have a card and an info; what else they have is for the engine that runs them."""


def describe(architecture: Architecture, halo: int | None = None) -> NetworkInfo:
    """Returns what follows from an architecture.

    Args:
        architecture: any.
        halo: surroundings of a tile in low-res pixels, where they are less than the radius; None: the radius.
    """
    found = trace(architecture)
    return NetworkInfo(
        scale=found.scale,
        radius=found.radius,
        halo=found.radius if halo is None else halo,
        # The widest layer, and an input or output of the same size, 4 bytes a value.
        multiple=found.multiple,
        bytes_per_pixel=2 * found.widest * 4,
    )


def describe_foreign(architecture: Architecture) -> NetworkInfo:
    """Describes another program's architecture, run as that program would run it."""
    info = describe(architecture)
    halo = min(info.halo, FOREIGN_HALO)
    return replace(info, halo=halo, border=min(halo, FOREIGN_BORDER), repeats_edge=False)


def load_network(model: str | Path, detail: float | None = None, denoise: float | None = None) -> Network:
    """Reads a network from any file but an ``.onnx`` one, which only an engine can read.

    Args:
        model: name of a shipped model, or path of a file: srgan's own ``.safetensors``, or one
            of another program's, see :func:`~srgan.networks.foreign.read_foreign`.
        detail: 0 for its fidelity sibling, 1 for the model, a value between for a blend, see
            :func:`~srgan.networks.blend.read_blend`; None for the model as it is.
        denoise: 0 for its grain sibling, which cleans nothing, 1 or None for what ``detail`` asks for.
            Blends have no ranges for 8 bits.

    Raises:
        UsageError: if a number is not in [0, 1], there is no such model, or it has no such sibling.
        ModelError: if a file is missing or damaged, or cannot be blended with its sibling's.
    """
    path = find_model(model)
    is_blend = detail is not None or denoise is not None
    if is_onnx(path) and not is_blend:
        raise ModelError(f"{path}: an ONNX network can be run, but not exported or loaded for training")
    if is_blend:
        return Network.of(*read_blend(path, detail, denoise))
    if has_card(path):
        return Network.of(*read_blend(path), read_eight_bits(path))
    from srgan.networks.foreign import read_foreign  # srgan's own models need not wait for its imports

    card, found = read_foreign(path)
    return Network(
        card=card,
        info=describe_foreign(found.architecture),
        architecture=found.architecture,
        tensors=found.tensors,
        eight_bits=read_eight_bits(path),
    )

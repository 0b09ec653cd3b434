"""Networks of the many architectures that spandrel supports, as PyTorch modules."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from warnings import catch_warnings

import torch
from torch import Tensor, nn

from srgan.errors import ModelError
from srgan.networks.card import ModelCard
from srgan.networks.catalogue import find_model
from srgan.networks.info import NetworkInfo
from srgan.networks.module import ModuleNetwork, UnknownArchitectureError, check_spandrel
from srgan.networks.network import FOREIGN_BORDER, FOREIGN_HALO, Network, load_network
from srgan.networks.weights import read_tensors

_BYTES_PER_PIXEL = 32 * 1024
"""A guess: the most that was found for transformers. Where it is too low, tiles become smaller."""


def load_torch_network(model: str | Path) -> Network | ModuleNetwork:
    """Reads a network of an architecture that srgan describes, or else one that spandrel knows.

    Raises:
        MissingExtraError: if it needs spandrel, which is not installed.
        UsageError, ModelError: as :func:`~srgan.networks.network.load_network` does.
    """
    try:
        return load_network(model)
    except UnknownArchitectureError as error:
        check_spandrel(error)
        return _load_module(find_model(model))


def _load_module(path: Path) -> ModuleNetwork:
    """Passes a file's tensors to spandrel, never the file itself: nothing in it is executed."""
    import spandrel

    tensors = {name: torch.from_numpy(tensor) for name, tensor in read_tensors(path).items()}
    try:
        with catch_warnings(action="ignore"):  # PyTorch's, about how these networks are written
            found = spandrel.ModelLoader().load_from_state_dict(spandrel.canonicalize_state_dict(tensors))
    except Exception as error:  # each architecture fails in its own way on tensors that do not fit
        raise ModelError(f"{path}: its tensors fit no network that srgan or spandrel can build") from error
    name = str(found.architecture.name)
    if not isinstance(found, spandrel.ImageModelDescriptor) or found.purpose == "FaceSR":
        raise ModelError(f"{path}: a network of {name}, which does not upscale arbitrary pictures")
    if (found.input_channels, found.output_channels) != (3, 3):
        raise ModelError(f"{path}: a network of {name} whose input and output are not both RGB pictures")
    return ModuleNetwork(
        card=ModelCard(
            name=path.stem,
            generator=None,
            summary=f"{name}, {found.scale}x; by another program.",
            licence="unknown",
        ),
        info=NetworkInfo(
            scale=found.scale,
            radius=None,
            halo=FOREIGN_HALO,
            border=FOREIGN_BORDER,
            repeats_edge=False,
            multiple=found.size_requirements.multiple_of,
            bytes_per_pixel=_BYTES_PER_PIXEL,
        ),
        module=_Enlarging(found),
        architecture=name,
        types=frozenset(
            kind for kind, has in (("fp16", found.supports_half), ("bf16", found.supports_bfloat16)) if has
        ),
    )


class _Enlarging(nn.Module):
    """A spandrel descriptor as a module; it calls each architecture in its own way."""

    def __init__(self, descriptor: Any) -> None:
        super().__init__()
        self.network = descriptor.model.eval().requires_grad_(False)
        self._descriptor = descriptor

    def forward(self, picture: Tensor) -> Tensor:
        """Maps (N, 3, H, W) to (N, 3, sH, sW), RGB in [0, 1]."""
        return self._descriptor(picture).clone()  # a loss can use it, unlike the descriptor's own tensors

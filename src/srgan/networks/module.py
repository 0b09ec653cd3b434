"""Networks that only PyTorch can run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from srgan.errors import MissingExtraError
from srgan.networks.card import ModelCard
from srgan.networks.foreign import UnknownArchitectureError
from srgan.networks.info import NetworkInfo


@dataclass(frozen=True, kw_only=True)
class ModuleNetwork:
    """A network as a module of PyTorch, of an architecture that srgan has no description of.

    Attributes:
        card: what can be said of it.
        info: as of any network.
        module: a ``torch.nn.Module`` in float32 on the processor: (N, 3, H, W) to (N, 3, sH, sW), s the
            scale, RGB in [0, 1].
        architecture: its name.
        types: the types of 16 bits that it computes well in, ``"fp16"`` and ``"bf16"``.
    """

    card: ModelCard
    info: NetworkInfo
    module: Any
    architecture: str
    types: frozenset[str]


def check_spandrel(error: UnknownArchitectureError) -> None:
    """Checks that what makes modules of other architectures is installed.

    Raises:
        MissingExtraError: if spandrel, PyTorch, or torchvision, which spandrel imports, is not there, and the
            architecture can be named.
        UnknownArchitectureError: ``error``, if it cannot.
    """
    if all(find_spec(name) for name in ("torch", "torchvision", "spandrel")):
        return
    if error.architecture is None:
        raise error
    raise MissingExtraError(
        f"{error.path}: {error.architecture}, which srgan does not run by itself,", "spandrel"
    ) from error

"""Networks that only PyTorch can run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from srgan.errors import MissingExtraError, ModelError
from srgan.networks.card import ModelCard
from srgan.networks.info import NetworkInfo

if TYPE_CHECKING:
    from srgan.networks.architectures.folding import Tensors

_KNOWN = "RRDBNet (ESRGAN, Real-ESRGAN), SRVGGNetCompact, MSRResNet, EDSR and SPAN"

_ELSEWHERE = {
    "HAT": "layers.0.residual_group.overlap_attn.qkv.weight",
    "ATD": "layers.0.residual_group.td",
    "Swin2SR": "layers.0.residual_group.blocks.0.attn.logit_scale",
    "SwinIR": "layers.0.residual_group.blocks.0.attn.relative_position_bias_table",
    "RGT": "layers.0.blocks.0.attn.attns.0.rpe_biases",
    "DAT": "layers.0.blocks.0.ffn.sg.norm.weight",
    "DRCT": "layers.0.swin1.norm1.weight",
    "GRL": "layers.0.blocks.0.attn.window_attn.attn_transform.logit_scale",
    "OmniSR": "residual_layer.0.residual_layer.0.layer.0.fn.0.weight",
    "PLKSR": "feats.1.refine.weight",
    "MoSR": "gblocks.1.fc1.weight",
    "SCUNet": "m_head.0.weight",
}
"""Architectures without a description here, each with a tensor that identifies it; the first match counts."""


class UnknownArchitectureError(ModelError):
    """A file whose tensors match no architecture here.

    Attributes:
        path: the file's.
        architecture: its name, if the tensors' names show it.
    """

    def __init__(self, path: Path, tensors: Tensors) -> None:
        super().__init__(
            f"{path}: cannot be used: its tensors fit no network that is supported ({_KNOWN}); the "
            "extra 'spandrel' supports more"
        )
        self.path = path
        self.architecture = next(
            (name for name, mark in _ELSEWHERE.items() if any(each.endswith(mark) for each in tensors)), None
        )


@dataclass(frozen=True, kw_only=True)
class ModuleNetwork:
    """A network as a PyTorch module, of an architecture that srgan has no description of.

    Attributes:
        card: what is known about it.
        info: as for any network.
        module: a ``torch.nn.Module`` in float32 on the processor: (N, 3, H, W) to (N, 3, sH, sW), s the
            scale, RGB in [0, 1].
        architecture: its name.
        types: the 16-bit types that it computes well in, ``"fp16"`` and ``"bf16"``.
    """

    card: ModelCard
    info: NetworkInfo
    module: Any
    architecture: str
    types: frozenset[str]


def check_spandrel(error: UnknownArchitectureError) -> None:
    """Checks that what builds modules of other architectures is installed.

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

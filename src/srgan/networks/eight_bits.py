"""What a model file says about its network in 8 bits: how large maps become, and what 8 bits cost."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from srgan.errors import ModelError
from srgan.files import write_file
from srgan.networks.architectures.folding import Array
from srgan.networks.catalogue import SHIPPED
from srgan.networks.model_file import find_metadata, model_sha256
from srgan.networks.realesrgan import is_realesrgan

MOST_LOSS = 0.05
"""dB of PSNR that 8 bits may cost if nobody asked for them."""

MOST_LOSS_IN_SEVEN = 0.035
"""The same where weights have 7 bits, since networks that were calibrated elsewhere lose more there."""

LEAST_LIKENESS = 40.0
"""Lowest PSNR in dB then, against results in 32 bits: as good is not yet the same."""

MOST_PATTERN = 1
"""Levels of 255 by which flat colours may then vary more than in 32 bits: flat stays flat."""

_KEY = "srgan.int8"
_HASH = "sha256"
_DIGITS = 4  # of a peak


@dataclass(frozen=True, kw_only=True)
class EightBits:
    """How a network is computed in 8 bits, found by :mod:`srgan.evaluation.calibration`.

    Attributes:
        peaks: for each convolution that is computed in 8 bits, by name: how far the channels that it reads
            go below zero and above, both as positive numbers, (2, channels), float32. All other layers are
            computed as before.
        loss: dB of PSNR on the Y channel that it costs, against high-res pictures.
        likeness: PSNR of the results against those in 32 bits, in dB on all channels.
        pattern: by how many levels of 255, at most, flat colours vary more than in 32 bits.
        pictures: which pictures both were measured on.
    """

    peaks: Mapping[str, Array]
    loss: float = math.inf
    likeness: float = 0.0
    pattern: int = 255
    pictures: str = ""

    @property
    def is_accurate(self) -> bool:
        """Whether photographs lose next to nothing."""
        return self.loss <= MOST_LOSS and self.likeness >= LEAST_LIKENESS

    @property
    def is_close(self) -> bool:
        """Whether so little changes, on flat surfaces too, that nobody needs to ask for 8 bits."""
        return self.is_accurate and self.pattern <= MOST_PATTERN

    def summary(self) -> dict[str, Any]:
        """Returns what to show to users."""
        return {
            "loss_db": self.loss,
            "likeness_db": self.likeness,
            "pattern_levels": self.pattern,
            "pictures": self.pictures,
            "layers": len(self.peaks),
        }

    def metadata(self) -> dict[str, str]:
        """Returns what :func:`read_eight_bits` finds in the metadata of a ``.safetensors`` file."""
        peaks = {
            name: [[float(f"{value:.{_DIGITS}g}") for value in end] for end in peak]
            for name, peak in self.peaks.items()
        }
        facts = {name: getattr(self, name) for name in ("loss", "likeness", "pattern", "pictures")}
        return {_KEY: json.dumps({**facts, "peaks": peaks}, separators=(",", ":"))}


def read_eight_bits(path: Path) -> EightBits | None:
    """Reads what a file, or srgan for one of Real-ESRGAN's, says about 8 bits; None if nothing is known.

    Raises:
        ModelError: if that is damaged.
    """
    text = _shipped_text(path) if is_realesrgan(path) else find_metadata(path, _KEY)
    if text is None:
        return None
    try:
        return _eight_bits(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise ModelError(f"{path}: its ranges for 8 bits are damaged; calibrate the network again") from None


def write_shipped(path: Path, eight_bits: EightBits) -> None:
    """Stores what is known about one of Real-ESRGAN's networks, whose own file is another package's.

    Args:
        path: the network's ``.param``.
        eight_bits: what to read for it from now on.
    """
    fields = {_HASH: model_sha256(path), **json.loads(eight_bits.metadata()[_KEY])}
    write_file(_shipped_file(path), json.dumps(fields, separators=(",", ":")) + "\n")


def _shipped_text(path: Path) -> str | None:
    """Returns None for weights other than those that were calibrated."""
    file = _shipped_file(path)
    text = file.read_text(encoding="utf-8") if file.is_file() else None
    return text if text is not None and json.loads(text)[_HASH] == model_sha256(path) else None


def _shipped_file(path: Path) -> Path:
    return SHIPPED / f"{path.stem}.json"


def _eight_bits(fields: dict[str, Any]) -> EightBits:
    peaks = {str(name): np.array(values, np.float32) for name, values in fields["peaks"].items()}
    loss, likeness = float(fields["loss"]), float(fields["likeness"])
    if not all(peak.ndim == 2 and np.isfinite(peak).all() and (peak >= 0).all() for peak in peaks.values()):
        raise ValueError("peaks")
    if not (math.isfinite(loss) and math.isfinite(likeness)):
        raise ValueError("figures")
    return EightBits(
        peaks=peaks,
        loss=loss,
        likeness=likeness,
        pattern=int(fields.get("pattern", EightBits.pattern)),
        pictures=str(fields["pictures"]),
    )


def with_eight_bits(content: bytes, eight_bits: EightBits) -> bytes:
    """Returns a ``.safetensors`` file with more metadata; its tensors stay as they are, bit for bit.

    Args:
        content: the file's.
        eight_bits: replaces what the file says about them.
    """
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header["__metadata__"] = {**header.get("__metadata__", {}), **eight_bits.metadata()}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # tensors begin at multiples of 8, as with the format's own writer
    return len(text).to_bytes(8, "little") + text + content[start:]

"""Writes any network to a file with its ranges for 8 bits."""

from __future__ import annotations

from pathlib import Path

from safetensors.numpy import save

from srgan.errors import ModelError
from srgan.files import write_file
from srgan.networks.architectures.layered import Layered
from srgan.networks.architectures.recognised import UnfitError
from srgan.networks.eight_bits import EightBits, with_eight_bits
from srgan.networks.layered_file import layered_bytes
from srgan.networks.ncnn.file import is_ncnn
from srgan.networks.ncnn.graph import read_ncnn
from srgan.networks.torch_file import is_torch_file
from srgan.networks.weights import read_tensors


def write_calibrated(source: Path, out: Path, eight_bits: EightBits) -> None:
    """Writes a ``.safetensors`` file of a network and its ranges, whole or not at all.

    Args:
        source: the network: a ``.safetensors``, whose tensors stay as they are bit for bit, a ``.pth`` or
            ``.pt``, or ncnn's ``.param``.
        out: the file; replaced if it exists. Its folder must exist.
        eight_bits: its ranges for 8 bits.

    Raises:
        ModelError: if the network cannot be read.
        OutputError: if the file cannot be written.
    """
    try:
        content = _safetensors(source)
    except OSError as error:
        raise ModelError(f"{source}: cannot be read ({error.strerror})") from None
    except UnfitError as error:
        raise ModelError(f"{source}: cannot be used: {error}") from None
    write_file(out, with_eight_bits(content, eight_bits), durable=True)


def _safetensors(source: Path) -> bytes:
    if is_ncnn(source):
        found = read_ncnn(source)
        assert isinstance(found.architecture, Layered)
        return layered_bytes(found.architecture, found.tensors)
    if is_torch_file(source):
        return save(read_tensors(source))
    return source.read_bytes()

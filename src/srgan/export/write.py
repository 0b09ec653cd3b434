"""Writes a network as a file for another program, in the format that the file's name tells."""

from __future__ import annotations

from pathlib import Path

from srgan.errors import UsageError
from srgan.export.check import Exported, ExportPrecision
from srgan.networks.network import Network


def write_network(network: Network, path: Path, *, precision: ExportPrecision, picture_io: bool) -> Exported:
    """Writes a network for another program, and checks it there; whole or not at all.

    Args:
        network: the network, see :func:`~srgan.export.facts.open_network`.
        path: ``.onnx``, or ``.xml`` for OpenVINO, whose ``.bin`` is written beside it; replaced if it exists.
        precision: as :meth:`Upscaler.to_onnx` takes it.
        picture_io: as there.

    Raises:
        UsageError: if the name ends in something else.
        MissingExtraError: if what writes or runs such files is not installed.
        ModelError: if the file's results differ from srgan's own.
        OutputError: if it cannot be written.
    """
    ending = path.suffix.lower()
    if ending == ".onnx":
        from srgan.export.onnx_file import write_onnx

        return write_onnx(network, path, precision=precision, picture_io=picture_io)
    if ending == ".xml":
        from srgan.export.openvino_file import write_openvino

        return write_openvino(network, path, precision=precision, picture_io=picture_io)
    raise UsageError(f"{path}: its name must end in .onnx, or in .xml for OpenVINO")

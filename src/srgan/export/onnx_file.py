"""ONNX files, checked by ONNX Runtime."""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from srgan.errors import MissingExtraError
from srgan.export.check import Exported, ExportPrecision, checked
from srgan.export.facts import facts
from srgan.files import explained, fill, replacing
from srgan.networks.network import Network


def write_onnx(network: Network, path: Path, *, precision: ExportPrecision, picture_io: bool) -> Exported:
    """Writes a network as an ONNX file, whole or not at all; see :func:`make_onnx`.

    Raises:
        MissingExtraError: as there.
        ModelError: as there.
        OutputError: if it cannot be written.
    """
    with replacing(path) as part:
        content, done = make_onnx(network, path, precision=precision, picture_io=picture_io)
        with explained(path):
            fill(part, content)
    return done


def make_onnx(
    network: Network, path: Path, *, precision: ExportPrecision, picture_io: bool
) -> tuple[bytes, Exported]:
    """Returns the content of an ONNX file, see :meth:`Upscaler.to_onnx`, and how it compares.

    Args:
        network: the network.
        path: the name that the file will have.
        precision: of its parameters.
        picture_io: whether it takes and gives bytes.

    Raises:
        MissingExtraError: if what writes or runs such files is not installed.
        ModelError: if its results differ from srgan's own.
    """
    # Else ONNX Runtime 1.32, once loaded, prepares telemetry reports, and leaves a file behind.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        onnx, onnxruntime = import_module("onnx"), import_module("onnxruntime")
    except ImportError:
        raise MissingExtraError("writing ONNX files", "export") from None
    from srgan.export.onnx_graph import OPSET, build_onnx

    model = build_onnx(network, is_half=precision == "fp16", has_pictures=picture_io)
    model.doc_string = network.card.summary
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])

    def run(batch: NDArray[Any]) -> NDArray[Any]:
        result: NDArray[Any] = session.run(None, {"picture": batch})[0]
        return result

    kind = f"ONNX, opset {OPSET}"
    done = checked(path, kind, network, run, precision=precision, has_pictures=picture_io)
    onnx.helper.set_model_props(model, facts(network, done.largest_difference))
    return model.SerializeToString(), done

"""Networks as OpenVINO's own files: an ``.xml`` and a ``.bin`` beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from srgan.engines.graph import build_model
from srgan.engines.openvino import import_openvino
from srgan.export.check import Exported, ExportPrecision, checked
from srgan.export.facts import facts
from srgan.files import explained, fill, replacing, temporary_folder
from srgan.networks.network import Network


def write_openvino(network: Network, path: Path, *, precision: ExportPrecision, picture_io: bool) -> Exported:
    """Writes a network as OpenVINO's files, whole or not at all.

    Args:
        network: the network.
        path: the ``.xml`` file; the ``.bin`` with the parameters is written beside it.
        precision: of the parameters in the file; OpenVINO chooses what to compute in.
        picture_io: as :meth:`Upscaler.to_onnx` takes it.

    Raises:
        ModelError: if the files' results differ from srgan's own.
        OutputError: if they cannot be written.
    """
    openvino = import_openvino()
    weights = path.with_suffix(".bin")
    with (
        replacing(path) as part,
        replacing(weights) as weights_part,
        temporary_folder() as folder,
    ):
        model = build_model(network, is_byte=picture_io, context=0)
        if not picture_io:
            model = _channels_first(openvino, model)
        made = folder / "model.xml"
        with explained(path):
            openvino.save_model(model, made, compress_to_fp16=precision == "fp16")
        compiled = openvino.Core().compile_model(made, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})

        def run(batch: NDArray[Any]) -> NDArray[Any]:
            result: NDArray[Any] = compiled([batch])[0]
            return result

        done = checked(path, "OpenVINO", network, run, precision=precision, has_pictures=picture_io)
        for name, text in facts(network, done.largest_difference).items():
            model.set_rt_info(text, ["srgan", name])
        with explained(path):
            openvino.save_model(model, made, compress_to_fp16=precision == "fp16")
            fill(part, made.read_bytes())
            fill(weights_part, made.with_suffix(".bin").read_bytes())
    return done


def _channels_first(openvino: Any, model: Any) -> Any:
    """Returns a model of (N, H, W, 3) as one of (N, 3, H, W)."""
    steps = openvino.preprocess.PrePostProcessor(model)
    for side in (steps.input(), steps.output()):
        side.model().set_layout(openvino.Layout("NHWC"))
        side.tensor().set_layout(openvino.Layout("NCHW"))
    return steps.build()

"""``srgan evaluate-objects``: does upscaling help to find objects?"""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from srgan.cli.console import print_json, progress_bar
from srgan.cli.evaluate import BaselineName
from srgan.cli.options import (
    DeviceName,
    DeviceOption,
    EngineName,
    EngineOption,
    JsonOption,
    Order,
    Precision,
    PrecisionOption,
)


class LayoutName(StrEnum):
    """Layouts of a detector's outputs."""

    yolo = "yolo"
    yolo_objectness = "yolo-objectness"
    ssd = "ssd"


class White(StrEnum):
    """The value of white in a detector's input."""

    one = "1"
    full = "255"


_pictures = partial(typer.Option, rich_help_panel="Pictures")
_methods = partial(typer.Option, rich_help_panel="Methods")
_detection = partial(typer.Option, rich_help_panel="Detection")


def evaluate_objects(
    images: Annotated[Path, _pictures(help="Folder of ground-truth pictures.")],
    detector: Annotated[Path, _detection(help="Object detector as FILE.onnx.")],
    layout: Annotated[
        LayoutName, _detection(help="Layout of the detector's outputs; see docs/how-to/recognition.md.")
    ],
    lr: Annotated[
        Path | None,
        _pictures(help="Folder of their low-res partners. Default: downscaled by MATLAB's bicubic."),
    ] = None,
    annotations: Annotated[
        Path | None,
        _pictures(help="True boxes in COCO's format. Default: what the detector finds in the ground truth."),
    ] = None,
    model: Annotated[
        list[str] | None,
        _methods(help="Name of a model, a file, or any network as FILE.onnx; may be repeated."),
    ] = None,
    baseline: Annotated[
        list[BaselineName] | None,
        _methods(help="Plain resampling to compare with; may be repeated. Default: bicubic."),
    ] = None,
    detector_white: Annotated[
        White, _detection(help="Value of white that the detector expects.")
    ] = White.one,
    detector_order: Annotated[
        Order, _detection(help="Order of channels that the detector expects.")
    ] = Order.rgb,
    engine: EngineOption = EngineName.auto,
    precision: PrecisionOption = Precision.auto,
    device: DeviceOption = DeviceName.auto,
    as_json: JsonOption = False,
) -> None:
    """Test whether upscaling helps to find objects.

    Measures the average precision of a detector on ground-truth pictures, and on the same pictures
    downscaled 4x and upscaled again by each method.

    Example: srgan evaluate-objects --images coco/ --detector yolo.onnx --layout yolo

    Example: srgan evaluate-objects --images coco/ --detector ssd.onnx --layout ssd --model photo
    """
    from srgan.evaluation.dataset import Dataset
    from srgan.evaluation.methods import common_scale, open_methods
    from srgan.recognition.object_detectors import OnnxDetector, OnnxOptions
    from srgan.recognition.objects import evaluate_objects

    options = OnnxOptions(white=1 if detector_white is White.one else 255, order=detector_order.value)
    finder = OnnxDetector(detector, layout.value, options)
    methods = open_methods(
        model or [],
        [name.value for name in baseline or [BaselineName.bicubic]],
        engine=engine.value,
        precision=precision.value,
        device=device.value,
    )
    dataset = Dataset(images, lr, scale=common_scale(methods))
    with progress_bar() as bar:
        task = bar.add_task("looking for objects", total=len(dataset))
        report = evaluate_objects(
            dataset,
            finder,
            methods,
            layout=layout.value,
            annotations=annotations,
            on_event=lambda event: bar.update(task, completed=event.done),
        )
    if as_json:
        print_json(report)
    else:
        print(_table(report))


def _table(report: dict[str, Any]) -> str:
    from srgan.evaluation.tables import figure_text, markdown_table

    columns = list(report["results"][0]["figures"])
    rows = [
        [result["way"], *(figure_text(name, result["figures"][name]) for name in columns)]
        for result in report["results"]
    ]
    return markdown_table([f"{report['dataset']}, {report['objects']} objects", *columns], rows)

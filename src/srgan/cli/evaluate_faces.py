"""``srgan evaluate-faces``: does upscaling help to recognise faces?"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from srgan.cli.console import print_json, print_message, progress_bar
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

_pictures = partial(typer.Option, rich_help_panel="Pictures")
_methods = partial(typer.Option, rich_help_panel="Methods")
_recognition = partial(typer.Option, rich_help_panel="Recognition")


def evaluate_faces(
    images: Annotated[Path, _pictures(help="Folder of pictures of faces.")],
    pairs: Annotated[
        Path, _pictures(help="CSV file with the columns first,second,same, or LFW's pairs.txt.")
    ],
    model: Annotated[
        list[str] | None,
        _methods(help="Name of a model, a file, or any network as FILE.onnx; may be repeated."),
    ] = None,
    baseline: Annotated[
        list[BaselineName] | None,
        _methods(help="Plain resampling to compare with; may be repeated. Default: bicubic."),
    ] = None,
    reduction: Annotated[
        list[int] | None,
        _pictures(
            min=2, max=16, help="Factor by which faces are downscaled; may be repeated. Default: the scale."
        ),
    ] = None,
    detector: Annotated[
        Path | None, _recognition(help="Face detector: OpenCV's YuNet as FILE.onnx. Default: dlib's.")
    ] = None,
    recogniser: Annotated[
        Path | None,
        _recognition(help="Face recogniser as FILE.onnx. Default: dlib's ResNet, from the extra 'faces'."),
    ] = None,
    face_margin: Annotated[
        float,
        _recognition(
            min=0,
            max=2,
            help="For a recogniser FILE.onnx: margin on each side of the face, as a share of its square.",
        ),
    ] = 0.0,
    face_mean: Annotated[
        float, _recognition(help="For a recogniser FILE.onnx: mean to subtract from values of 0 to 255.")
    ] = 127.5,
    face_deviation: Annotated[
        float, _recognition(min=1e-6, help="For a recogniser FILE.onnx: deviation to divide by afterwards.")
    ] = 127.5,
    face_order: Annotated[
        Order, _recognition(help="For a recogniser FILE.onnx: order of its channels.")
    ] = Order.rgb,
    limit: Annotated[int | None, _pictures(min=4, help="Number of pairs to use. Default: all.")] = None,
    engine: EngineOption = EngineName.auto,
    precision: PrecisionOption = Precision.auto,
    device: DeviceOption = DeviceName.auto,
    as_json: JsonOption = False,
) -> None:
    """Test whether upscaling helps to recognise faces.

    A recogniser compares pairs of faces at their true size, and after they were downscaled and upscaled
    again by each method.

    Example: srgan evaluate-faces --images lfw/ --pairs pairs.csv --model face

    Example: srgan evaluate-faces --images lfw/ --pairs pairs.txt --reduction 8 --json
    """
    from srgan.evaluation.methods import open_methods
    from srgan.recognition.face_detectors import DlibDetector, YuNet
    from srgan.recognition.face_recognisers import DlibRecogniser, EmbedderOptions, OnnxRecogniser
    from srgan.recognition.faces import evaluate_faces
    from srgan.recognition.pairs import first_pairs, read_pairs

    wanted = read_pairs(pairs, images)
    if limit is not None:
        wanted = first_pairs(wanted, limit)
    methods = open_methods(
        model or [],
        [name.value for name in baseline or [BaselineName.bicubic]],
        engine=engine.value,
        precision=precision.value,
        device=device.value,
    )
    finder = YuNet(detector) if detector else None
    options = EmbedderOptions(
        margin=face_margin, mean=face_mean, deviation=face_deviation, order=face_order.value
    )
    embedder = (
        OnnxRecogniser(recogniser, finder or DlibDetector(), options) if recogniser else DlibRecogniser()
    )
    with progress_bar() as bar:
        task = bar.add_task("looking at faces", total=None)
        report = evaluate_faces(
            images,
            wanted,
            methods,
            embedder,
            reductions=list(dict.fromkeys(reduction or [])),
            detector=finder,
            on_event=lambda event: bar.update(task, completed=event.done, total=event.total),
        )
    if report["left_out"]:
        count, first = len(report["left_out"]), report["left_out"][0]
        print_message(
            f"no face was found in {count} pictures, whose pairs are left out; the first is {first}"
        )
    if as_json:
        print_json(report)
    else:
        print(_table(report))


def _table(report: dict[str, Any]) -> str:
    from srgan.evaluation.tables import figure_text, markdown_table

    columns = [name for name in report["results"][0]["figures"] if not name.endswith(("_low", "_high"))]
    rows = []
    for result in report["results"]:
        figures = result["figures"]
        cells = [result["way"], "{:.0f}x{:.0f}".format(*result["face_size"])]
        for name in columns:
            low, high = figures.get(f"{name}_low"), figures.get(f"{name}_high")
            interval = f" ({low:.3f}..{high:.3f})" if low is not None and high is not None else ""
            cells.append(figure_text(name, figures[name]) + interval)
        rows.append(cells)
    same, different = report["pairs"]["same"], report["pairs"]["different"]
    return markdown_table([f"{same} + {different} pairs", "face", *columns], rows)

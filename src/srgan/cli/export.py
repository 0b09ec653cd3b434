"""``srgan export``: a network as a file for other programs, or as a page for browsers."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from srgan.cli.console import print_json, print_message
from srgan.errors import UsageError


class Parameters(StrEnum):
    """The type of a file's parameters."""

    fp32 = "fp32"
    fp16 = "fp16"


def export(
    model: Annotated[str, typer.Argument(help="Name of a model, or its file.", metavar="MODEL")],
    out: Annotated[
        Path | None,
        typer.Argument(help="The file: .onnx, or .xml with a .bin beside it for OpenVINO.", metavar="OUT"),
    ] = None,
    web: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write a folder instead: a page that enlarges in a browser."),
    ] = None,
    precision: Annotated[
        Parameters, typer.Option(help="Type of the parameters; fp16 halves the file.")
    ] = Parameters.fp32,
    picture_io: Annotated[
        bool,
        typer.Option("--picture-io", help="Bytes (N, H, W, 3) in and out, not floats (N, 3, H, W)."),
    ] = False,
    detail: Annotated[
        float | None, typer.Option(help="As of srgan upscale, for models that have a fidelity sibling.")
    ] = None,
    runtime: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="With --web: the package onnxruntime-web; default: npm fetches it."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Writes a network for other programs, and checks there that it gives what srgan does.

    Example: srgan export photo photo.onnx --precision fp16

    Example: srgan export fast --web page/
    """
    from srgan.export.facts import open_network

    if web is not None and out is None:
        if picture_io:
            raise UsageError("goes with a file: the page has a way of its own", field="picture_io")
        from srgan.export.page import write_page

        done = write_page(open_network(model, detail), web, precision=precision.value, runtime=runtime)
    elif out is not None and web is None:
        if runtime is not None:
            raise UsageError("goes with --web", field="runtime")
        from srgan.export.write import write_network

        done = write_network(
            open_network(model, detail), out, precision=precision.value, picture_io=picture_io
        )
    else:
        raise UsageError("name either a file to write, or a folder with --web")
    if as_json:
        print_json({"model": model, **asdict(done), "path": str(done.path)})
    else:
        print_message(
            f"{done.path}: {done.kind}, {done.precision}, {done.scale}x; at {len(done.sizes)} sizes off "
            f"srgan's own result by {done.largest_difference:.2g} levels of 255 at most"
        )
        if web is not None:
            print_message(f"to see it: python3 -m http.server -d {done.path}, then http://localhost:8000")

"""``srgan export``: a network as a file for other programs, or as a page for browsers."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from srgan.cli.console import print_json, print_message
from srgan.cli.options import JsonOption
from srgan.errors import UsageError

_network = partial(typer.Option, rich_help_panel="Network")
_page = partial(typer.Option, rich_help_panel="Page for the browser")


class Parameters(StrEnum):
    """The type of a file's parameters."""

    fp32 = "fp32"
    fp16 = "fp16"


def export(
    model: Annotated[str, typer.Argument(help="Name of a model, or a file.", metavar="MODEL")],
    out: Annotated[
        Path | None,
        typer.Argument(
            help="File to write: .onnx, or .xml for OpenVINO, with a .bin beside it.", metavar="OUT"
        ),
    ] = None,
    web: Annotated[
        Path | None,
        _page(metavar="DIR", help="Folder to write instead: a page that upscales in the browser."),
    ] = None,
    precision: Annotated[
        Parameters, _network(help="Number format of the parameters; fp16 halves the file.")
    ] = Parameters.fp32,
    picture_io: Annotated[
        bool,
        _network("--picture-io", help="Read and return bytes (N, H, W, 3) instead of floats (N, 3, H, W)."),
    ] = False,
    detail: Annotated[
        float | None, _network(help="Amount of detail from 0 to 1, as in srgan upscale.")
    ] = None,
    denoise: Annotated[
        float | None, _network(help="Amount of denoising from 0 to 1, as in srgan upscale.")
    ] = None,
    runtime: Annotated[
        Path | None,
        _page(metavar="DIR", help="Folder of the package onnxruntime-web. Default: npm fetches it."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a network as an ONNX or OpenVINO file, or as a page for the browser.

    Runs the file afterwards, and checks that its results match those of srgan.

    Example: srgan export photo photo.onnx --precision fp16

    Example: srgan export fast --web page/
    """
    from srgan.export.facts import open_network

    if web is not None and out is None:
        if picture_io:
            raise UsageError(
                "works with a file only, because the page reads pictures itself", field="picture_io"
            )
        from srgan.export.page import write_page

        network = open_network(model, detail, denoise)
        done = write_page(network, web, precision=precision.value, runtime=runtime)
    elif out is not None and web is None:
        if runtime is not None:
            raise UsageError("works with --web only", field="runtime")
        from srgan.export.write import write_network

        done = write_network(
            open_network(model, detail, denoise), out, precision=precision.value, picture_io=picture_io
        )
    else:
        raise UsageError("name either a file to write, or a folder with --web")
    if as_json:
        print_json({"model": model, **asdict(done), "path": str(done.path)})
    else:
        print_message(
            f"{done.path}: {done.kind}, {done.precision}, {done.scale}x; differs from srgan's own result by "
            f"{done.largest_difference:.2g} levels of 255 at most, at {len(done.sizes)} sizes"
        )
        if web is not None:
            print_message(f"to see it: python3 -m http.server -d {done.path}, then http://localhost:8000")

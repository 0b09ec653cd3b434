"""A folder with a page that upscales pictures in a browser; any web server can serve it."""

from __future__ import annotations

import json
import math
from importlib.metadata import version
from pathlib import Path
from typing import Any

from srgan.errors import OutputError
from srgan.export.check import Exported, ExportPrecision
from srgan.export.onnx_file import make_onnx
from srgan.export.runtime import runtime_files
from srgan.files import clear, explained, make_folder, remove_folder, write_file
from srgan.networks.network import Network

_SOURCES = Path(__file__).with_name("web")
_MARK = "srgan.json"  # marks a folder as one of these
_LAYER_BYTES = 2**27  # the largest map: what every WebGPU device can hold in one piece
_SMALLEST, _LARGEST = 32, 256  # side of a tile; larger ones show no progress


def write_page(
    network: Network, folder: Path, *, precision: ExportPrecision, runtime: Path | None = None
) -> Exported:
    """Writes the folder: the page, the network as ONNX, and ONNX Runtime Web.

    Args:
        network: the network.
        folder: made if absent; it must be empty, or hold such a page, which is replaced.
        precision: of the network's parameters.
        runtime: as :func:`~srgan.export.runtime.runtime_files` takes it.

    Raises:
        OutputError: if the folder holds something else, or cannot be written.
        MissingExtraError: if what writes or runs ONNX files is not installed.
        ModelError: if the results of the network in ONNX differ from srgan's own.
        SrganError: if there is no runtime.
    """
    _check(folder)
    model, done = make_onnx(network, folder, precision=precision, picture_io=False)
    files = {path.name: path.read_bytes() for path in _SOURCES.iterdir()}
    # Not all servers know the type of .mjs.
    files |= {name.replace(".mjs", ".js"): content for name, content in runtime_files(runtime).items()}
    files["model.onnx"] = model
    files[_MARK] = json.dumps(_description(network), ensure_ascii=False, indent=1).encode()
    was_there, was_page = folder.exists(), (folder / _MARK).is_file()
    try:
        make_folder(folder)
        for name, content in files.items():
            write_file(folder / name, content)
    except BaseException:
        if not was_there:
            remove_folder(folder)
        elif not was_page:
            clear(folder)
        raise
    return done


def _check(folder: Path) -> None:
    """Refuses to write among other files."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file; give the name of a folder")
    with explained(folder):
        if folder.is_dir() and not (folder / _MARK).is_file() and any(folder.iterdir()):
            raise OutputError(f"{folder}: holds other files; empty it, or choose another")


def _description(network: Network) -> dict[str, Any]:
    """Returns what the page needs to know about the network."""
    info, card = network.info, network.card
    wanted = (info.halo, info.halo if info.border is None else info.border)
    halo, border = (pixels + -pixels % info.multiple for pixels in wanted)
    side = math.isqrt(2 * _LAYER_BYTES // info.bytes_per_pixel) - 2 * info.halo
    return {
        "name": card.name,
        "summary": card.summary,
        "licence": card.licence,
        "version": version("srgan"),
        "file": "model.onnx",
        "scale": info.scale,
        "halo": halo,
        "border": border,
        "multiple": info.multiple,
        "repeatsEdge": info.repeats_edge,
        "tile": min(max(side, _SMALLEST), _LARGEST),
    }

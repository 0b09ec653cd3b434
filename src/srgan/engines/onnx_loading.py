"""Loads networks from ``.onnx`` files."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from srgan.engines.onnx_examination import OnnxFacts, shaped
from srgan.engines.onnx_file import DAMAGED, convert_onnx
from srgan.engines.openvino import import_openvino
from srgan.errors import ModelError, UsageError
from srgan.networks.info import NetworkInfo
from srgan.networks.network import FOREIGN_BORDER, FOREIGN_HALO
from srgan.networks.onnx import OnnxForm, OnnxNetwork, onnx_card


def load_onnx(path: Path, form: OnnxForm) -> OnnxNetwork:
    """Reads a network with one picture in and one out, and finds out what it takes and gives.

    A fixed size is kept, since layers may depend on it. The halo of a tile is then at most a quarter of it.

    Args:
        path: the ``.onnx`` file.
        form: its layout, range and channel order, as far as the user knows them.

    Raises:
        ModelError: if the file is missing or damaged, or holds no network that enlarges pictures of three
            colours by a whole number from 1 to 8.
        UsageError: if its layout or range cannot be found; ``field`` says which one to name.
        MemoryError: if there is not enough memory.
    """
    facts = _examined_apart(path, form)
    size = facts.size
    info = NetworkInfo(
        scale=facts.scale,
        radius=None,
        halo=FOREIGN_HALO if size is None else min(FOREIGN_HALO, min(size) // 4),
        border=FOREIGN_BORDER,
        repeats_edge=False,
        multiple=facts.multiple,
        size=size,
        bytes_per_pixel=facts.bytes_per_pixel,
    )
    return OnnxNetwork(
        card=onnx_card(path),
        info=info,
        model=shaped(convert_onnx(path), facts.layouts[0], size),
        layouts=facts.layouts,
        ranges=facts.ranges,
        order=form.order,
    )


def _examined_apart(path: Path, form: OnnxForm) -> OnnxFacts:
    """Returns what the process finds that may crash on the file."""
    import_openvino()  # that it is missing is reported here
    if not path.is_file():
        raise ModelError(f"{path}: no such model file")
    program = [sys.executable, "-P", "-m", "srgan.engines.onnx_examination"]
    done = subprocess.run(
        [*program, str(path), json.dumps(asdict(form))], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    if sys.platform != "win32" and done.returncode == -signal.SIGKILL:  # by the system, where memory runs out
        raise MemoryError
    if done.returncode != 0:
        raise ModelError(f"{path}: {DAMAGED}")
    match json.loads(done.stdout):
        case {"facts": facts}:
            values: dict[str, Any] = {  # JSON knows no tuples
                name: tuple(value) if isinstance(value, list) else value for name, value in facts.items()
            }
            return OnnxFacts(**values)
        case {"unfit": message}:
            raise ModelError(message)
        case {"unclear": message, "field": field}:
            raise UsageError(message, field=field)
    raise MemoryError

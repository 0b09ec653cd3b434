"""Reads ``.onnx`` files with OpenVINO, and explains in one line what is wrong with a bad one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from srgan.engines.onnx_apart import convert, crashes
from srgan.engines.protocol import is_out_of_memory
from srgan.errors import ModelError

DAMAGED = "not a readable ONNX file, or damaged; get the file again"
_UNKNOWN_OPERATIONS = re.compile(r"No conversion rule found for operations: (.+)")
_DATA_ELSEWHERE = re.compile(r"externally stored data in file \(([^,)]*)")


def read_onnx(path: Path) -> Any:
    """Reads the network in an ``.onnx`` file, as an ``openvino.Model``.

    Raises:
        ModelError: if the file is missing, damaged or not an ONNX file, uses operations that OpenVINO does
            not know, or the file with its weights is missing.
        MemoryError: if there is not enough memory.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such model file")
    if crashes(path):
        raise ModelError(f"{path}: {DAMAGED}")
    return convert_onnx(path)


def convert_onnx(path: Path) -> Any:
    """Reads like :func:`read_onnx`, but may crash on a damaged file."""
    try:
        model = convert(path)
    except Exception as error:  # the reader has a class for each kind of failure
        if is_out_of_memory(error):
            raise MemoryError from error
        raise ModelError(f"{path}: {_explained(str(error))}") from error
    if not model.inputs:
        raise ModelError(f"{path}: {DAMAGED}")
    return model


def last_line(error: Exception) -> str:
    """Returns the last line of OpenVINO's report, which names the cause; the others name its source files."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(error).__name__


def _explained(report: str) -> str:
    if found := _UNKNOWN_OPERATIONS.search(report):
        return f"has operations that are not supported ({found[1].strip()}); export it without them"
    if found := _DATA_ELSEWHERE.search(report):
        return f"its weights are in '{found[1]}', which is missing or damaged; put that file beside it"
    return DAMAGED

"""OpenVINO's reader of ``.onnx`` files, which some damaged ones crash: each is tried by a process of its own.

The process is ``python -m srgan.engines.onnx_apart FILE``.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from srgan.engines.openvino import import_openvino


def convert(path: Path) -> Any:
    """Returns the network in a file, as an ``openvino.Model``.

    Raises:
        Exception: what OpenVINO raises; it has a class of its own for each failure.
    """
    # Not ``Core.read_model``: it tries other formats on a damaged file, which print on stderr.
    reader = import_openvino().frontend.FrontEndManager().load_by_framework("onnx")
    return reader.convert(reader.load(str(path)))


def crashes(path: Path) -> bool:
    """Returns whether the reader crashes on a file; a refusal does not count.

    Raises:
        MemoryError: if the system ended the process, which it does where memory runs out.
    """
    command = [sys.executable, "-P", "-m", __name__, str(path)]
    code = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    if sys.platform != "win32" and code == -signal.SIGKILL:
        raise MemoryError
    return code not in (0, 1)


if __name__ == "__main__":
    convert(Path(sys.argv[1]))

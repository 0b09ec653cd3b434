"""Does here what the program does in a process of its own for each file, which takes a tenth of the time."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from types import SimpleNamespace
from typing import Any


def examine_onnx_here() -> None:
    """Examines ``.onnx`` files in this process."""
    from srgan.engines import onnx_examination, onnx_loading

    onnx_loading.subprocess = _running(onnx_examination._main)


def read_keras_here() -> None:
    """Reads Keras files in this process."""
    from srgan.networks.keras import apart, file

    file.subprocess = _running(apart._main)


def _running(main: Callable[..., object]) -> Any:
    """Returns what takes the place of the module ``subprocess``: its ``run`` calls a program's function."""

    def run(command: Sequence[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        output, code = io.BytesIO(), 0
        with io.TextIOWrapper(output, write_through=True) as text, redirect_stdout(text), _silence():
            try:
                main(*command[4:])  # after the interpreter, -P, -m and the module
            except SystemExit as ended:
                code = int(ended.code or 0)
            except Exception:
                code = 1
            return subprocess.CompletedProcess(command, code, output.getvalue())

    return SimpleNamespace(**{**vars(subprocess), "run": run})


@contextmanager
def _silence() -> Iterator[None]:
    """Discards what libraries print on stderr."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)

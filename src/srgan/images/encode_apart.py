"""Encodes in a process of its own, which can be ended: the AVIF encoder cannot be stopped otherwise.

Run as a program, this is that process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

_BETWEEN_CHECKS = 0.05  # seconds


def encode_apart(image: Any, saver: str, options: dict[str, Any], is_stopped: Callable[[], bool]) -> bytes:
    """Encodes an image in another process.

    Args:
        image: a ``pyvips.Image`` of 8 bits.
        saver: the method of ``pyvips.Image``, without the ``_buffer``.
        options: its arguments.
        is_stopped: asked all the while; the process is ended once it says so.

    Returns:
        The file's content; empty if it was stopped.

    Raises:
        pyvips.Error: if it cannot be encoded.
    """
    import pyvips

    task = json.dumps([saver, options, image.xres, image.yres])
    process = subprocess.Popen(
        [sys.executable, "-P", __file__, task],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdin is not None  # which the types cannot say
        with process.stdin as pipe:
            process.stdin = None  # which is this function's to close
            image.pngsave_target(pyvips.Target.new_to_descriptor(pipe.fileno()), compression=0)
        while True:
            try:
                content, message = process.communicate(timeout=_BETWEEN_CHECKS)
                break
            except subprocess.TimeoutExpired:
                if is_stopped():
                    return b""
    finally:
        process.kill()
        process.communicate()
    if process.returncode != 0:
        raise pyvips.Error(message.decode(errors="replace").strip())
    return bytes(content)


def _main(task: str) -> None:
    import pyvips

    saver, options, xres, yres = json.loads(task)
    source = pyvips.Source.new_from_descriptor(sys.stdin.fileno())
    image = pyvips.Image.new_from_source(source, "", access="sequential", fail_on="error")
    try:
        content = getattr(image.copy(xres=xres, yres=yres), f"{saver}_buffer")(**options)
    except pyvips.Error as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(content)


if __name__ == "__main__":
    _main(sys.argv[1])

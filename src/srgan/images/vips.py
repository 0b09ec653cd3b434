"""libvips, without its messages to the terminal."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from numpy.typing import NDArray


@cache
def import_vips() -> Any:
    """Returns the module ``pyvips``, imported at first use: help texts need not wait for it.

    libvips also reports its warnings as errors, where they matter. Its binding hands all messages to Python's
    logging, in whichever thread libvips works; garbage collection there may free an image, which causes
    another message, and GLib ends the process when messages meet. So none are handed on; if a program has
    imported it before, its warnings go to the terminal.
    """
    os.environ.setdefault("VIPS_WARNING", "0")  # its presence is enough
    import pyvips

    pyvips._remove_log_handler()
    return pyvips


def samples_of(image: Any) -> NDArray[Any]:
    """Returns the samples of a ``pyvips.Image``, (height, width, bands), with axes of length one too.

    Raises:
        pyvips.Error: if it cannot be decoded.
    """
    samples: NDArray[Any] = image.numpy()
    return samples.reshape(image.height, image.width, image.bands)

"""libvips, without what it says to the terminal."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

from numpy.typing import NDArray


@cache
def import_vips() -> Any:
    """Returns the module ``pyvips``, imported at first use: help texts need not wait for it.

    What libvips warns of it also reports as an error, where it matters. Its binding hands all messages to
    Python's logging, in whichever thread libvips is at work; a collection of garbage there may free an image,
    which is a message again, and GLib ends the process when messages meet. So none are handed on; where a
    program has imported it before, its warnings go to the terminal.
    """
    os.environ.setdefault("VIPS_WARNING", "0")  # it is enough that it is there
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

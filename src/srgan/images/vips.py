"""libvips, without what it says to the terminal."""

from __future__ import annotations

import os
from functools import cache
from typing import Any


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

"""Checks whether a JPEG without its end mark lacks anything else."""

from __future__ import annotations

import io
import os
import re
import struct
from typing import IO

from srgan.images.vips import import_vips

_END = b"\xff\xd9"
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]", re.DOTALL)  # none of those within compressed data
_PROGRESSIVE, _SCAN = (0xC2, 0xC6, 0xCA, 0xCE), 0xDA


def with_its_end(file: IO[bytes]) -> IO[bytes] | None:
    """Returns the file with an end mark, if that alone is missing; None if nothing is, or more.

    What follows an end mark does not matter.
    """
    file.seek(-2, os.SEEK_END)
    if file.read() == _END:
        return None
    pyvips = import_vips()

    file.seek(0)
    data = file.read() + _END
    try:
        if _has_all_scans(data):
            # The decoder fills in what is missing, with a warning.
            pyvips.Image.jpegload_buffer(data, access="sequential", fail_on="warning").avg()
            return io.BytesIO(data)
    except (pyvips.Error, struct.error, IndexError):
        pass
    return None


def _has_all_scans(data: bytes) -> bool:
    """Returns whether the end mark follows every bit of every coefficient (ITU-T T.81, annex G)."""
    components = 0
    is_progressive = False
    wanted: set[tuple[int, int]] = set()
    position = 2
    while found := _MARKER.search(data, position):
        marker = data[found.start() + 1]
        position = found.end()
        if marker == _END[1]:
            return found.end() == len(data) and components > 0 and not wanted
        (length,) = struct.unpack_from(">H", data, position)
        segment = data[position + 2 : position + length]
        position += length
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            is_progressive, components = marker in _PROGRESSIVE, segment[5]
            wanted = {(segment[6 + 3 * i], k) for i in range(components) for k in range(64)}
        elif marker == _SCAN:
            count = segment[0]
            first, last, bits = segment[1 + 2 * count : 4 + 2 * count]
            if not is_progressive:
                first, last, bits = 0, 63, 0
            if bits & 15 == 0:
                wanted -= {(segment[1 + 2 * i], k) for i in range(count) for k in range(first, last + 1)}
    return False

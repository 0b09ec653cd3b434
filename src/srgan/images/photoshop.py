"""IPTC, as it stands among Photoshop's image resources in JPEG."""

from __future__ import annotations

import struct

_START, _RESOURCE, _IPTC = b"Photoshop 3.0\0", b"8BIM", 0x0404


def iptc_of(block: bytes) -> bytes | None:
    """Returns the IPTC records of a block, with or without Photoshop's resources; None if there are none."""
    resources = block.removeprefix(_START)
    while resources[:4] == _RESOURCE and len(resources) >= 12:
        (kind,) = struct.unpack_from(">H", resources, 4)
        name = resources[6] + 1
        start = 6 + name + name % 2
        if len(resources) < start + 4:
            return None
        (length,) = struct.unpack_from(">I", resources, start)
        data = resources[start + 4 : start + 4 + length]
        if kind == _IPTC:
            return data or None
        resources = resources[start + 4 + length + length % 2 :]
    return block if block[:1] == b"\x1c" else None


def with_resources(iptc: bytes) -> bytes:
    """Wraps IPTC records in Photoshop's resources, as JPEG has them."""
    return _START + _RESOURCE + struct.pack(">HxxI", _IPTC, len(iptc)) + iptc + bytes(len(iptc) % 2)

"""Adds texts to a PNG that libvips wrote, which would write them in UTF-8 where PNG wants Latin-1."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping
from typing import IO

_XMP = "XML:com.adobe.xmp"
_LENGTH_OF_END = 12


def add_texts(file: IO[bytes], texts: Mapping[str, str], xmp: bytes | None) -> None:
    """Adds texts and an XMP packet as iTXt chunks, before the end mark.

    Args:
        file: the file, opened to read and write; changed in place.
        texts: by keywords of 1 to 79 characters of Latin-1.
        xmp: in UTF-8.

    Raises:
        OSError: if the file cannot be written.
    """
    content = {keyword: text.encode() for keyword, text in texts.items()}
    if xmp is not None:
        content[_XMP] = xmp
    file.seek(-_LENGTH_OF_END, os.SEEK_END)
    end = file.read()
    file.seek(-_LENGTH_OF_END, os.SEEK_END)
    for keyword, text in content.items():
        # Not compressed; no language, and no keyword translated to it.
        chunk = b"iTXt" + keyword.encode("latin-1") + bytes(5) + text
        file.write(struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)))
    file.write(end)

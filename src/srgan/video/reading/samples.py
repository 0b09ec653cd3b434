"""Refuses an mp4 or mov that states more samples than it can hold.

FFmpeg makes room for every sample in its index before it reads one. Most files list their samples, so that
the list's own size limits them. But how many there are of one size, or in each chunk or fragment, may be
stated by a number alone, which in a damaged file can be any. Boxes are those of ISO/IEC 14496-12.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from srgan.errors import VideoError
from srgan.images.isobmff import boxes

_CONTAINERS = frozenset(
    (b"moov", b"cmov", b"moof", b"trak", b"traf", b"mdia", b"minf", b"stbl", b"mvex", b"udta")
)
_MOST = 2**26  # bytes of an index that are looked at; ten hours of video have some tens of megabytes
_DEEPEST = 10  # boxes within each other, as FFmpeg limits them
_LISTED = 0xF00  # flags of a "trun" that lists something about each sample
_TOGETHER = 1024  # samples of sound of one duration that FFmpeg takes for one


def check_samples(path: Path) -> None:
    """Checks how many samples a file states; a file that is no mp4 or mov states none.

    Raises:
        VideoError: if it states more than it has bytes; the file is not named.
        OSError: if it cannot be read.
    """
    with path.open("rb") as file:
        stated = sum(_stated(kind, content) for kind, content in _indexes(file))
        if stated > file.seek(0, 2):
            raise VideoError("is damaged: it states more frames, or more sound, than it can hold")


def _indexes(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yields the outermost boxes that can hold statements about samples."""
    place = 0
    while len(head := file.read(16)) >= 8:
        size, kind = struct.unpack_from(">I4s", head)
        start = 8
        if size == 1 and len(head) == 16:
            size, start = struct.unpack_from(">Q", head, 8)[0], 16
        if kind in _CONTAINERS:
            file.seek(place + start)
            yield kind, file.read(min(size - start, _MOST) if size else _MOST)
        if size < start or place + size >= 2**63:
            return
        place += size
        file.seek(place)


def _stated(kind: bytes, content: bytes, *, is_sound: bool = False, depth: int = 0) -> int:
    """Counts the samples that a box, and those in it, state without listing them."""
    if kind == b"trun":
        flags, count = _numbers(content, 2)
        return 0 if flags & _LISTED else count
    if kind == b"cmvd":  # QuickTime's compressed index
        length, content = _numbers(content, 1)[0], _decompressed(content[4:])
        if length > _MOST:
            return length
    elif kind not in _CONTAINERS:
        return 0
    if depth == _DEEPEST:
        return 0
    inner = list(boxes(content))
    if kind == b"stbl":
        return _in_table(dict(inner), is_sound=is_sound)
    is_sound = is_sound or any(name == b"hdlr" and data[8:12] == b"soun" for name, data in inner)
    return sum(_stated(name, data, is_sound=is_sound, depth=depth + 1) for name, data in inner)


def _in_table(table: dict[bytes, bytes], *, is_sound: bool) -> int:
    _, lengths, _, duration = _numbers(table.get(b"stts", b""), 4)
    if is_sound and lengths == duration == 1:
        return _in_chunks(table) // _TOGETHER
    _, size, count = _numbers(table.get(b"stsz", b""), 3)
    return count if size else 0


def _in_chunks(table: dict[bytes, bytes]) -> int:
    """Counts samples that are stated by runs of chunks, with the number of samples in each chunk of a run."""
    chunks = len(table.get(b"stco", b"")) // 4 + len(table.get(b"co64", b"")) // 8
    content = table.get(b"stsc", b"")
    count = min(_numbers(content, 2)[1], len(content[8:]) // 12)
    runs = [struct.unpack_from(">2I", content, 8 + 12 * run) for run in range(count)]
    ends = [first for first, _ in runs[1:]] + [chunks + 1]
    return sum(samples * max(end - first, 0) for (first, samples), end in zip(runs, ends, strict=False))


def _decompressed(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _MOST)
    except zlib.error:
        return b""


def _numbers(content: bytes, count: int) -> tuple[int, ...]:
    """Returns the first numbers of a box; 0 for those that are missing."""
    return struct.unpack(f">{count}I", content[: 4 * count].ljust(4 * count, b"\0"))

"""Copies the marks of 360-degree and stereo videos in mp4 and mov, which PyAV cannot set, box by box.

Boxes are those of ISO/IEC 14496-12; the marks are Google's Spherical Video RFC, version 1 (``uuid``) and 2
(``st3d``, ``sv3d``), and Apple's ``vexu`` and ``hfov``.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from av import VideoFrame

from srgan.files import opened, replacing
from srgan.images.isobmff import boxes

_SPHERICAL_V1 = bytes.fromhex("ffcc8263f8554a938814587a02521fdd")
_IN_SAMPLE_ENTRY = (b"st3d", b"sv3d", b"vexu", b"hfov")
_CONTAINERS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
_STSD_HEAD, _ENTRY_HEAD = 8, 78  # bytes before the boxes in a table of sample entries, and in a video's entry
# libavutil's AVStereo3D and AVSphericalMapping, and what a box "st3d" says.
_STEREO_MODES = {1: "left_right", 2: "top_bottom"}
_ST3D = {"top_bottom": 1, "left_right": 2}
_EQUIRECTANGULAR = bytes(4)
_SPHERE = 32  # bytes of AVSphericalMapping: its kind, three angles, four edges
_MOST = 2**28  # bytes of an index; the longest videos have some tens of megabytes


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Whole boxes of a video track.

    Attributes:
        track: those that belong in the track itself.
        entry: those that belong in its sample entry.
    """

    track: tuple[bytes, ...] = ()
    entry: tuple[bytes, ...] = ()


def read_marks(path: Path, track: int) -> Marks:
    """Reads the marks of a track of an mp4 or mov, by its number; none from any other file."""
    found: dict[bool, list[bytes]] = {True: [], False: []}

    def note(kind: bytes, content: bytes, *, in_entry: bool) -> bytes:
        is_mark = kind in _IN_SAMPLE_ENTRY if in_entry else content.startswith(_SPHERICAL_V1)
        if is_mark:
            found[in_entry].append(_box(kind, content))
        return content

    with path.open("rb") as file:
        place = _find_index(file)
        if place is None:
            return Marks()
        try:
            _rebuilt(_read(file, place), track, note, Marks())
        except (struct.error, ValueError):
            return Marks()  # an index that FFmpeg forgives
    return Marks(track=tuple(found[False]), entry=tuple(found[True]))


def marks_of(image: VideoFrame) -> Marks:
    """Builds marks, version 2, from the side data of a decoded frame, whatever its container."""
    sphere = _side_data(image, "SPHERICAL")
    found = []
    if (mode := stereo_mode(image)) is not None:
        found.append(_box(b"st3d", bytes(4) + bytes([_ST3D[mode]])))
    if len(sphere) >= _SPHERE and sphere[:4] == _EQUIRECTANGULAR:
        turn, bounds = sphere[4:16], sphere[16:32]
        angles = struct.pack(">3i", *struct.unpack("=3i", turn))
        edges = struct.pack(">4I", *struct.unpack("=4I", bounds))
        header = _box(b"svhd", bytes(5))
        projection = _box(b"proj", _box(b"prhd", bytes(4) + angles) + _box(b"equi", bytes(4) + edges))
        found.append(_box(b"sv3d", header + projection))
    return Marks(entry=tuple(found))


def stereo_mode(image: VideoFrame) -> str | None:
    """Returns Matroska's name for the stereo layout of a decoded frame; None if it is not stereo."""
    kind, inverted = _stereo(image)
    return None if inverted else _STEREO_MODES.get(kind)


def is_spherical(image: VideoFrame) -> bool:
    """Returns whether a decoded frame is from a 360-degree video."""
    return bool(_side_data(image, "SPHERICAL"))


def is_marked(image: VideoFrame) -> bool:
    """Returns whether a decoded frame has any mark."""
    return is_spherical(image) or _stereo(image) != (0, 0)


def are_alike(image: VideoFrame, other: VideoFrame) -> bool:
    """Returns whether two decoded frames have the same marks."""
    spheres = [_side_data(one, "SPHERICAL")[:_SPHERE] for one in (image, other)]
    return spheres[0] == spheres[1] and _stereo(image) == _stereo(other)


def _stereo(image: VideoFrame) -> tuple[int, int]:
    """Returns the stereo layout, and whether the eyes are swapped; (0, 0) if not stereo."""
    kind, inverted = struct.unpack("=2i", (_side_data(image, "STEREO3D") or bytes(8))[:8])
    return kind, inverted


def _side_data(image: VideoFrame, name: str) -> bytes:
    try:
        data: Any = image.side_data.get(name)
    except ValueError:  # there are data beside it that PyAV has no name for
        return b""
    return b"" if data is None else bytes(data)


def insert_marks(path: Path, track: int, marks: Marks) -> None:
    """Inserts marks into a track of an mp4 or mov, and corrects the offsets in its index.

    Raises:
        ValueError: if the file has no index that can be changed.
        OutputError, OSError: if it cannot be written.
    """
    with path.open("rb") as file:
        place = _find_index(file)
        if place is None:
            raise ValueError("there is no index")
        old = _read(file, place)
        new = _rebuilt(old, track, None, marks)
        shift = len(new) - len(old)
        new = _shifted(new, place[0], shift)
        with replacing(path) as part, opened(part, "wb") as copy:
            file.seek(0)
            copy.write(file.read(place[0]))
            copy.write(new)
            file.seek(place[1])
            shutil.copyfileobj(file, copy, 2**20)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _find_index(file: BinaryIO) -> tuple[int, int] | None:
    """Finds the start and the end of the box ``moov``."""
    place = 0
    while len(head := _read(file, (place, place + 16))) >= 8:
        size, kind = struct.unpack_from(">I4s", head)
        if size == 1 and len(head) == 16:
            size = struct.unpack_from(">Q", head, 8)[0]
        if size < 8:
            return None
        if kind == b"moov":
            return (place, place + size) if size <= _MOST else None
        place += size
    return None


def _read(file: BinaryIO, place: tuple[int, int]) -> bytes:
    file.seek(place[0])
    return file.read(place[1] - place[0])


_Visit = Callable[..., bytes]


def _rebuilt(index: bytes, track: int, visit: _Visit | None, marks: Marks) -> bytes:
    """Rebuilds an index with marks in a track; ``visit`` receives the boxes that are there already."""

    def seen(kind: bytes, content: bytes, *, in_entry: bool) -> bytes:
        return _box(kind, visit(kind, content, in_entry=in_entry) if visit is not None else content)

    def entries(table: bytes) -> bytes:
        made = table[:_STSD_HEAD]
        for kind, content in boxes(table[_STSD_HEAD:]):
            inner = b"".join(
                seen(name, inside, in_entry=True) for name, inside in boxes(content[_ENTRY_HEAD:])
            )
            made += _box(kind, content[:_ENTRY_HEAD] + inner + b"".join(marks.entry))
        return made

    def below(content: bytes, *, ours: bool) -> bytes:
        made = b""
        for kind, inside in boxes(content):
            if kind == b"trak":
                is_it = _track_of(inside) == track
                made += _box(kind, below(inside, ours=is_it) + b"".join(marks.track if is_it else ()))
            elif kind in _CONTAINERS:
                made += _box(kind, below(inside, ours=ours))
            elif kind == b"stsd" and ours:
                made += _box(kind, entries(inside))
            else:
                made += seen(kind, inside, in_entry=False) if ours else _box(kind, inside)
        return made

    return below(index, ours=False)


def _track_of(trak: bytes) -> int | None:
    for kind, content in boxes(trak):
        if kind == b"tkhd":
            return int(struct.unpack_from(">I", content, 20 if content[0] == 1 else 12)[0])
    return None


def _shifted(data: bytes, begin: int, shift: int) -> bytes:
    """Shifts the offsets of chunks behind ``begin`` in an index.

    Raises:
        ValueError: if they would exceed 32 bits.
    """
    made = b""
    for kind, content in boxes(data):
        if kind in _CONTAINERS:
            made += _box(kind, _shifted(content, begin, shift))
        elif kind in (b"stco", b"co64"):
            layout = f">{len(content[8:]) // (4 if kind == b'stco' else 8)}{'I' if kind == b'stco' else 'Q'}"
            offsets = [
                offset + shift if offset > begin else offset for offset in struct.unpack(layout, content[8:])
            ]
            if kind == b"stco" and max(offsets, default=0) >= 2**32:
                raise ValueError("the file is too large for its index")
            made += _box(kind, content[:8] + struct.pack(layout, *offsets))
        else:
            made += _box(kind, content)
    return made

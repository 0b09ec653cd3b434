"""Copies the packets of other streams, and the chapters, from the input to the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
from av import Packet
from av.container import InputContainer

from srgan.video.writing.streams import StreamCopier

if TYPE_CHECKING:
    from av.container.core import Chapter  # in the stubs only

# What of the other streams goes into a sample: packets of each, and bytes of the input read for them.
_SAMPLE_PACKETS, _SAMPLE_BYTES = 20, 32 * 2**20


def others(
    packets: Iterator[Packet[Any]],
    copiers: dict[int, StreamCopier],
    begin: Fraction,
    end: Fraction | None,
) -> Iterator[tuple[float, Packet[Any]]]:
    """Yields the packets of all other streams between two time stamps, with their times in seconds."""
    time = 0.0

    def copied() -> Iterator[Packet[Any]]:
        for packet in packets:
            if _is_between(packet, begin, end):
                _end_by(packet, end)
                yield from copiers[packet.stream.index].take(packet)
        for copier in copiers.values():
            yield from copier.take(None)

    for one in copied():
        stamp = one.dts if one.dts is not None else one.pts
        time = time if stamp is None else float(stamp * one.time_base)
        yield time, one


def demuxed(
    source: InputContainer, copiers: dict[int, StreamCopier], *, is_sample: bool
) -> Iterator[Packet[Any]]:
    """Yields the packets of the copied streams, up to the end or to where reading fails.

    As a sample, up to where there are enough packets of each stream, or a set part of the file is read.
    """
    if not copiers:
        return
    seen, read = Counter[int](), 0
    packets = source.demux([source.streams[index] for index in copiers] if not is_sample else [])
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        if packet is None:
            return
        index = packet.stream.index
        if packet.size and index in copiers:
            yield packet
        if is_sample:
            seen[index] += 1
            read += packet.size
            if read > _SAMPLE_BYTES or all(seen[index] >= _SAMPLE_PACKETS for index in copiers):
                return


def _is_between(packet: Packet[Any], begin: Fraction, end: Fraction | None) -> bool:
    stamp = packet.pts if packet.pts is not None else packet.dts
    if stamp is None:
        return True
    start = stamp * packet.time_base
    stop = start + max(1, packet.duration or 0) * packet.time_base
    return (not begin or stop > begin) and (end is None or start < end)


def _end_by(packet: Packet[Any], end: Fraction | None) -> None:
    """Shortens a subtitle to the end of the part."""
    if end is not None and packet.pts is not None and packet.stream.type == "subtitle":
        packet.duration = min(packet.duration or 0, round(end / packet.time_base) - packet.pts)


def chapters(source: InputContainer, begin: Fraction, end: Fraction | None) -> list[Chapter]:
    """Returns the chapters of the part, with their times in the result."""
    found = []
    for chapter in source.chapters():
        unit = chapter["time_base"] or Fraction(1, 1000)
        first, last = (round(time / unit) for time in (begin, end or Fraction(2**31)))
        if chapter["end"] <= first or chapter["start"] >= last:
            continue
        chapter["start"] = max(chapter["start"], first) - first
        chapter["end"] = min(chapter["end"], last) - first
        found.append(chapter)
    return found

"""Copies sound, subtitles, covers and attachments, and converts what the container does not take."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Protocol, cast

import av
from av import Packet
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from srgan.video.reading.opening import is_cover
from srgan.video.writing.plan import Plan

_BITS_PER_CHANNEL = 96_000
_OPUS_RATE = 48_000
_MOST_REORDERED = 32  # packets; H.264 and H.265 reorder 16 frames at most
_COVERS = {"mjpeg": ("image/jpeg", "jpg"), "png": ("image/png", "png")}


class StreamCopier(Protocol):
    """Turns the packets of one stream of the input into packets for the output."""

    def take(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        """Returns output packets for the next packet; None stands for the end."""
        ...


def add_copier(
    container: OutputContainer, source: Stream, plan: Plan, begin: Fraction
) -> StreamCopier | None:
    """Adds a stream to the output.

    Args:
        container: the output.
        source: the stream of the input.
        plan: how to copy or convert it.
        begin: the time stamp, in seconds, that becomes 0.

    Returns:
        The copier of the stream's packets; None if it has none.
    """
    if isinstance(source, VideoStream) and is_cover(source) and container.format.name == "matroska":
        _attach_cover(container, source)
        return None
    if plan.codec is None:
        target: Any = container.add_stream_from_template(source, opaque=True)
        if isinstance(source, VideoStream) and source.average_rate:
            target.codec_context.framerate = source.average_rate
        copier: StreamCopier = _PacketCopier(target, begin)
    elif isinstance(source, AudioStream):
        rate = _OPUS_RATE if plan.codec == "libopus" else source.rate
        target = container.add_stream(plan.codec, rate=rate, layout=plan.layout)
        target.bit_rate = _BITS_PER_CHANNEL * target.channels
        copier = _AudioConverter(source, target, begin)
    else:
        target = container.add_stream(plan.codec)
        source.codec_context.open(strict=False)
        target.codec_context.subtitle_header = cast(SubtitleStream, source).codec_context.subtitle_header
        copier = _SubtitleConverter(target, begin)
    target.metadata.update(stream_tags(source, container.format.name))
    target.disposition = source.disposition
    if isinstance(source, VideoStream) and is_cover(source) and source.frames <= 1:
        target.disposition = Disposition.attached_pic  # and nothing else: muxers of mp4 look for just that
    return copier


def stream_tags(source: Stream, output: str) -> dict[str, str]:
    """Returns the tags of a stream that the output can hold."""
    tags = {key: value for key, value in source.metadata.items() if key.lower() != "encoder"}
    if output in ("mp4", "mov") and "title" in tags:
        tags["handler_name"] = tags["title"]  # the one name that a track has there
    return tags


def _attach_cover(container: OutputContainer, cover: VideoStream) -> None:
    """Adds a cover as an attachment, as Matroska does."""
    mimetype, extension = _COVERS.get(cover.codec_context.name, ("application/octet-stream", "bin"))
    with av.open(cover.container.name) as source:
        data = bytes(next(source.demux(source.streams[cover.index])))
    container.add_attachment(
        cover.metadata.get("filename", f"cover.{extension}"), cover.metadata.get("mimetype", mimetype), data
    )


class _PacketCopier:
    def __init__(self, target: Stream, begin: Fraction) -> None:
        self._target = target
        self._begin = begin
        self._last: int | None = None
        self._waiting: list[Packet[Any]] = []

    def take(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        if packet is not None:
            shift(packet, self._begin)
            self._waiting.append(packet)
            # For the first packets of a video with reordered frames, no file says when they are decoded.
            is_first = self._last is None and len(self._waiting) <= _MOST_REORDERED
            if packet.dts is None and is_first and isinstance(self._target, VideoStream):
                return
        for waiting in self._dated():
            self._mend(waiting)
            waiting.stream = self._target
            yield waiting

    def _dated(self) -> list[Packet[Any]]:
        """Returns the waiting packets, dated before the last one if that has a decoding time."""
        packets, self._waiting = self._waiting, []
        last = packets[-1] if packets else None
        if last is not None and last.dts is not None:
            for distance, packet in enumerate(reversed(packets)):
                packet.dts = last.dts - distance * max(1, last.duration or 1)
        return packets

    def _mend(self, packet: Packet[Any]) -> None:
        """Moves a packet that goes back in time, as in damaged sound, on by the smallest step."""
        decoded = packet.dts if packet.dts is not None else packet.pts
        if decoded is None:
            return
        if self._last is not None and decoded <= self._last:
            decoded = self._last + 1
        self._last = packet.dts = decoded
        if packet.pts is not None:
            packet.pts = max(packet.pts, decoded)


class _AudioConverter:
    def __init__(self, source: AudioStream, target: AudioStream, begin: Fraction) -> None:
        self._source = source
        self._target = target
        self._begin = begin

    def take(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        if packet is not None:
            shift(packet, self._begin)
        try:
            frames = self._source.decode(packet)
        except av.FFmpegError:
            frames = []  # a damaged packet: a short gap, at its place
        for frame in frames:
            yield from self._target.encode(frame)
        if packet is None:
            yield from self._target.encode(None)


class _SubtitleConverter:
    def __init__(self, target: SubtitleStream, begin: Fraction) -> None:
        self._target = target
        self._begin = begin

    def take(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        if packet is None:
            return
        shift(packet, self._begin)
        try:
            subtitles = cast(SubtitleStream, packet.stream).decode2(packet)
        except av.FFmpegError:
            return
        if subtitles is None:
            return
        converted = self._target.codec_context.encode_subtitle(subtitles)
        converted.pts = converted.dts = packet.pts
        converted.duration, converted.time_base = packet.duration, packet.time_base
        converted.stream = self._target
        yield converted


def shift(packet: Packet[Any], begin: Fraction) -> None:
    """Moves a packet's time stamps so that ``begin`` (seconds) becomes 0; nothing starts before it."""
    ticks = round(begin / packet.time_base) if begin else 0
    if packet.dts is not None:
        packet.dts -= ticks
    if packet.pts is None:
        return
    packet.pts -= ticks
    if ticks and packet.pts < 0:
        packet.duration = max(0, (packet.duration or 0) + packet.pts)
        packet.pts = packet.dts = 0

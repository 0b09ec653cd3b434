"""Sound, subtitles, covers, attachments: copied where the container takes them, else converted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, cast

import av
from av import Packet
from av.audio.stream import AudioStream
from av.codec.codec import Properties
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.subtitles.stream import SubtitleStream
from av.video.stream import VideoStream

from srgan.video.reading.opening import is_cover

_AUDIO = {"webm": "libopus"}
_SUBTITLES = {"mp4": "mov_text", "mov": "mov_text", "webm": "webvtt", "matroska": "ass"}
_BITS_PER_CHANNEL = 96_000
_OPUS_RATE = 48_000
_TEXT: Any = Properties.TEXT_SUB.value
_COVERS = {"mjpeg": ("image/jpeg", "jpg"), "png": ("image/png", "png")}
# By number of channels, where a file names no places for them.
_LAYOUTS = {1: "mono", 2: "stereo", 3: "2.1", 4: "4.0", 5: "5.0", 6: "5.1", 7: "6.1", 8: "7.1"}


class StreamCopier(Protocol):
    """Takes the packets of one stream of the input, and gives packets for the output."""

    def take(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        """What follows from the next packet; None stands for the end."""
        ...


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What becomes of one stream of the input.

    Attributes:
        index: of the stream in the input.
        codec: the encoder it is converted with; None where it is copied.
        layout: of the loudspeakers, for converted sound.
    """

    index: int
    codec: str | None = None
    layout: str = ""


def plan_streams(
    container: InputContainer, video: Stream, output: str, is_written: Callable[[Sequence[Plan]], bool]
) -> tuple[tuple[Plan, ...], list[str]]:
    """Decides what becomes of the streams beside the video.

    Args:
        container: the input.
        video: the stream that is enlarged.
        output: libavformat's name of the output's format.
        is_written: whether a file with such streams can be written; tried, since nothing else tells for sure.

    Returns:
        What is copied or converted, and a sentence about each stream that is not copied as it is.
    """
    candidates = {
        stream.index: [Plan(index=stream.index), *_conversions(stream, output)]
        for stream in container.streams
        if stream.index != video.index and not _is_written_anew(stream, container)
    }
    plans = [choices[0] for choices in candidates.values()]
    if not is_written(plans):
        plans = []
        for choices in candidates.values():
            plans += next(([plan] for plan in choices if is_written([*plans, plan])), [])
    chosen = {plan.index: plan for plan in plans}
    notes = (_note(container.streams[index], chosen.get(index), output) for index in candidates)
    return tuple(plans), [note for note in notes if note is not None]


def _is_written_anew(stream: Stream, container: InputContainer) -> bool:
    """Whether a track holds what muxers make a track of themselves: a timecode, or the names of chapters."""
    if stream.type != "data":
        return False
    is_chapters = stream.name == "bin_data" and bool(container.chapters())
    return "timecode" in stream.metadata or is_chapters


def _note(stream: Stream, plan: Plan | None, output: str) -> str | None:
    name = f"{stream.type} stream {stream.index} ({_codec_name(stream)})"
    if plan is None:
        return f"{name} is left out: {output} cannot hold it"
    if plan.codec is not None:
        return f"{name} is converted to {plan.codec}: {output} cannot hold it as it is"
    if isinstance(stream, VideoStream) and not is_cover(stream):
        return f"{name} is copied as it is: only the first video is enlarged"
    return None


def is_known(stream: Stream) -> bool:
    """Whether there is a decoder of a stream."""
    return getattr(stream, "codec_context", None) is not None


def _codec_name(stream: Stream) -> str:
    return stream.codec_context.name if is_known(stream) else stream.name or "unknown"


def _conversions(stream: Stream, output: str) -> list[Plan]:
    """The ways to convert a stream that ``output`` does not take, the best first."""
    if not is_known(stream):
        return []
    if isinstance(stream, AudioStream):
        # Opus has no name for loudspeakers at the side, or for rarer places.
        own = stream.layout.name.split("(")[0]
        layouts = dict.fromkeys((stream.layout.name, own, _LAYOUTS.get(stream.channels, "stereo"), "stereo"))
        codec = _AUDIO.get(output, "aac")
        return [Plan(index=stream.index, codec=codec, layout=layout) for layout in layouts]
    if stream.type == "subtitle" and stream.codec_context.codec.properties & _TEXT:
        return [Plan(index=stream.index, codec=_SUBTITLES[output])]
    return []


def add_copier(
    container: OutputContainer, source: Stream, plan: Plan, begin: Fraction
) -> StreamCopier | None:
    """Adds a stream to the output.

    Args:
        container: the output.
        source: the stream of the input.
        plan: what becomes of it.
        begin: the time stamp, in seconds, that becomes 0.

    Returns:
        What takes the stream's packets; None if it has none.
    """
    if isinstance(source, VideoStream) and is_cover(source) and container.format.name == "matroska":
        _attach_cover(container, source)
        return None
    if plan.codec is None:
        target: Any = container.add_stream_from_template(source, opaque=True)
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
    target.metadata.update({key: value for key, value in source.metadata.items() if key != "encoder"})
    target.disposition = source.disposition
    return copier


def _attach_cover(container: OutputContainer, cover: VideoStream) -> None:
    """Matroska keeps a cover among its attachments."""
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

    def take(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        if packet is None:
            return
        shift(packet, self._begin)
        self._mend(packet)
        packet.stream = self._target
        yield packet

    def _mend(self, packet: Packet[Any]) -> None:
        """Damaged sound may go back in time, which no container takes: it goes on by the smallest step."""
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

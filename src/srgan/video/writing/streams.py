"""Sound, subtitles, covers, attachments: copied where the container takes them, else converted."""

from __future__ import annotations

import io
from collections.abc import Iterator
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

_AUDIO = {"webm": "libopus"}
_SUBTITLES = {"mp4": "mov_text", "mov": "mov_text", "webm": "webvtt", "matroska": "ass"}
_BITS_PER_CHANNEL = 96_000
_OPUS_RATE = 48_000
_TEXT: Any = Properties.TEXT_SUB.value
_COVERS = {"mjpeg": ("image/jpeg", "jpg"), "png": ("image/png", "png")}
# Chapters and time codes come as streams of their own in mp4; they are copied by other means or not at all.
_SILENTLY_LEFT_OUT = ("bin_data", "tmcd")


class StreamCopier(Protocol):
    """Takes the packets of one stream of the input, and gives packets for the output."""

    def take(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        """What follows from the next packet; None stands for the end."""
        ...


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What becomes of one stream of the input.

    Attributes:
        stream: of the input.
        codec: the encoder it is converted with; None where it is copied.
        layout: of the loudspeakers, for converted sound.
    """

    stream: Stream
    codec: str | None = None
    layout: str = ""


def plan_streams(container: InputContainer, video: Stream, output: str) -> tuple[list[Plan], list[str]]:
    """Decides what becomes of the streams beside the video.

    Args:
        container: the input.
        video: the stream that is enlarged.
        output: libavformat's name of the output's format.

    Returns:
        What is copied or converted, and a sentence about each stream that is not copied as it is.
    """
    plans, notes = [], []
    for stream in container.streams:
        if stream.index == video.index:
            continue
        name = f"{stream.type} stream {stream.index} ({_codec_name(stream)})"
        is_video = stream.type == "video" and not stream.disposition & av.stream.Disposition.attached_pic
        candidates = [] if is_video else [Plan(stream=stream), *_conversions(stream, output)]
        plan = next((plan for plan in candidates if _accepts(output, plan)), None)
        if plan is not None:
            plans.append(plan)
            if plan.codec is not None:
                notes.append(f"{name} is converted to {plan.codec}: {output} cannot hold it as it is")
        elif _codec_name(stream) not in _SILENTLY_LEFT_OUT:
            why = "only the first video is enlarged" if is_video else f"{output} cannot hold it"
            notes.append(f"{name} is left out: {why}")
    return plans, notes


def _codec_name(stream: Stream) -> str:
    context = getattr(stream, "codec_context", None)
    return context.name if context is not None else getattr(stream, "name", None) or "unknown"


def _conversions(stream: Stream, output: str) -> list[Plan]:
    """The ways to convert a stream that ``output`` does not take, the best first."""
    if getattr(stream, "codec_context", None) is None:
        return []
    if isinstance(stream, AudioStream):
        # Opus has no name for loudspeakers at the side, or for rarer places.
        layouts = (stream.layout.name, stream.layout.name.split("(")[0], "stereo")
        codec = _AUDIO.get(output, "aac")
        return [Plan(stream=stream, codec=codec, layout=layout) for layout in layouts]
    if stream.type == "subtitle" and stream.codec_context.codec.properties & _TEXT:
        return [Plan(stream=stream, codec=_SUBTITLES[output])]
    return []


def _accepts(output: str, plan: Plan) -> bool:
    """Whether a container takes a stream: tried, since only its header tells for sure."""
    if plan.stream.type == "attachment" and output != "matroska":
        return False  # the header would pass it over in silence
    try:
        with av.open(io.BytesIO(), "w", format=output, metadata_errors="surrogateescape") as trial:
            add_copier(trial, plan, Fraction(0))
            trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    return True


def add_copier(container: OutputContainer, plan: Plan, begin: Fraction) -> StreamCopier | None:
    """Adds a stream to the output.

    Args:
        container: the output.
        plan: what becomes of which stream.
        begin: the time stamp, in seconds, that becomes 0.

    Returns:
        What takes the stream's packets; None if it has none.
    """
    source = plan.stream
    if isinstance(source, VideoStream) and container.format.name == "matroska":
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

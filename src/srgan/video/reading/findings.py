"""Describes what was found while a video was read."""

from __future__ import annotations

from array import array

from srgan.video.reading.reader import VideoReader


def findings_of(reader: VideoReader, times: array[int]) -> list[str]:
    """Returns a sentence for each finding about the frames.

    Args:
        reader: the video, after all its frames have been taken.
        times: when each was shown, and when the last one ended, counted from ``reader.begin`` in units of
            its time base.
    """
    findings, notes = reader.findings, []
    if findings.interlaced:
        notes.append("is interlaced; whole frames were made of its fields")
    if findings.embedded:
        notes.append(f"what its frames carry is left out: {', '.join(sorted(findings.embedded))}")
    if findings.resized is not None:
        (width, height), (first_width, first_height) = findings.resized, reader.size
        notes.append(f"changes its size to {width}x{height}; resized to {first_width}x{first_height}")
    if findings.repeated:
        notes.append(
            f"is damaged; frames that cannot be decoded and repeat the one before: {findings.repeated}"
        )
    if findings.damaged:
        notes.append(f"is damaged; frames of which parts are guessed: {findings.damaged}")
    stream, second = reader.stream, 1 / reader.time_base
    promised = (stream.start_time or 0) + (stream.duration or 0)
    if findings.ended_early or (reader.end is None and times[-1] + reader.begin + second < promised):
        notes.append(f"is damaged; it cannot be read beyond {float(times[-1] * reader.time_base):.1f} s")
    return notes

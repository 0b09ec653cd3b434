"""Frame counts and time stamps of films with any rate, gaps, beginning and cut, judged by ffprobe."""

from fractions import Fraction
from itertools import accumulate

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from srgan.video.options import VideoOptions

TICK = Fraction(1, 90_000)
RATES = [Fraction(*rate) for rate in ((24, 1), (25, 1), (30_000, 1001), (60, 1), (12, 1), (997, 100), (7, 2))]
EXAMPLES = settings(max_examples=max(4, settings.default.max_examples // 4))


def film(path, times, codec="libx264", *, b_frames=2):
    """Frames that are shown at these times, in ticks; each of another grey."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.time_base = 16, 16, "yuv420p", TICK
        stream.codec_context.time_base = TICK
        stream.codec_context.max_b_frames, stream.codec_context.gop_size = b_frames, 4
        stream.codec_context.thread_count = 1
        for number, time in enumerate(times):
            grey = np.full((16, 16, 3), number * 13 % 256, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            frame.pts, frame.time_base = time, TICK
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@st.composite
def regular(draw):
    rate = draw(st.sampled_from(RATES))
    return [round(number / rate / TICK) for number in range(draw(st.integers(1, 14)))]


@st.composite
def irregular(draw):
    gaps = draw(st.lists(st.integers(900, 90_000), min_size=1, max_size=12))
    return list(accumulate(gaps, initial=0))


times = regular() | irregular()


def test_every_frame_comes_at_its_time(enlarge, shown, tmp_path):
    @EXAMPLES
    @given(times, st.sampled_from(("mp4", "mkv")), st.sampled_from(("mp4", "mkv", "mov")), st.integers(0, 2))
    def check(times, source, target, b_frames):
        lr_video = film(tmp_path / f"a.{source}", times, b_frames=b_frames)
        result = enlarge(lr_video, tmp_path / f"large.{target}")
        before = shown(lr_video)
        assert result.frames == len(times) == len(before)
        # Matroska counts in milliseconds.
        assert shown(tmp_path / f"large.{target}") == pytest.approx(
            before, abs=0.00101 if target == "mkv" else 2e-5
        )

    check()


def decoded(path):
    """What a player shows: the times of the frames that edit lists leave."""
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def test_a_film_that_begins_late_or_early_keeps_its_times(enlarge, tmp_path, ffmpeg):
    @EXAMPLES
    @given(regular(), st.floats(-0.5, 3))
    def check(times, begin):
        whole, lr_video = film(tmp_path / "whole.mp4", times), tmp_path / "a.mp4"
        offset = ("-output_ts_offset", f"{begin:.3f}", "-avoid_negative_ts", "disabled")
        ffmpeg("-i", whole, "-c", "copy", *offset, lr_video)
        expected = decoded(lr_video)  # players show nothing of what lies before 0
        if not expected:
            return
        assert enlarge(lr_video, tmp_path / "large.mp4").frames == len(expected)
        assert decoded(tmp_path / "large.mp4") == pytest.approx(expected, abs=2e-5)

    check()


def test_an_edit_list_cuts_as_it_does_for_players(enlarge, tmp_path, ffmpeg):
    @EXAMPLES
    @given(st.sampled_from(RATES), st.integers(6, 20), st.floats(0.05, 0.5))
    def check(rate, count, cut):
        whole = film(tmp_path / "whole.mp4", [round(number / rate / TICK) for number in range(count)])
        lr_video = tmp_path / "a.mp4"
        ffmpeg("-ss", f"{cut:.3f}", "-i", whole, "-c", "copy", lr_video)  # begins at the key frame before
        expected = decoded(lr_video)
        if not expected:
            return
        result = enlarge(lr_video, tmp_path / "large.mp4")
        assert result.frames == len(expected)
        assert decoded(tmp_path / "large.mp4") == pytest.approx(expected, abs=1e-3)

    check()


def test_a_part_has_the_frames_between_its_ends(enlarge, tmp_path):
    @EXAMPLES
    @given(irregular(), st.data())
    def check(times, data):
        seconds = [float(time * TICK) for time in times]
        start = data.draw(st.floats(0, seconds[-1], exclude_max=True))
        end = data.draw(st.floats(start + 0.02, seconds[-1] + 1))
        lr_video = film(tmp_path / "a.mp4", times)
        result = enlarge(lr_video, tmp_path / "part.mp4", VideoOptions(start=start, end=end))
        inside = [time for time in seconds if start <= time < end]
        # and the one that is on display when the part begins, unless it has all but gone
        assert len(inside) <= result.frames <= len(inside) + 1
        found = decoded(tmp_path / "part.mp4")
        assert found[len(found) - len(inside) :] == pytest.approx([time - start for time in inside], abs=2e-3)

    check()

"""What a file says about itself."""

from fractions import Fraction

import pytest

from srgan.video.reading.reader import VideoReader, seconds_of


def test_the_length_is_what_the_file_says(clip, tmp_path, real_clip):
    assert seconds_of(clip("video.mp4", seconds=2)) == pytest.approx(2, abs=0.05)
    (tmp_path / "text.mp4").write_text("no video")
    assert seconds_of(tmp_path / "text.mp4") is None
    assert seconds_of(tmp_path / "gone.mp4") is None
    assert seconds_of(real_clip("no_duration.webm")) is None


@pytest.mark.parametrize("rate", ["25", "30000/1001", "60"])
def test_rate_size_and_number_of_frames(clip, rate):
    reader = VideoReader(clip("video.mp4", rate=rate, seconds=2, size="96x64"))
    frames = list(reader.frames())
    reader.close()
    assert (reader.size, reader.rate, reader.aspect) == ((96, 64), Fraction(rate), 1)
    assert abs(reader.frames_expected - len(frames)) <= 1
    times = [frame.time * reader.time_base for frame in frames]
    assert times == pytest.approx([number / Fraction(rate) for number in range(len(frames))], abs=1e-4)


def test_of_a_part_only_its_frames_are_expected(clip):
    reader = VideoReader(clip("video.mp4", seconds=4), start=1, end=2.5)
    assert reader.frames_expected == 38
    assert len(list(reader.frames())) == 37 + 1
    reader.close()


def test_names_are_no_addresses(clip, tmp_path):
    lr_video = clip("video.mp4", seconds=0.2, sound=False)
    lr_video.rename(tmp_path / "concat:video.mp4")
    reader = VideoReader(tmp_path / "concat:video.mp4")
    assert len(list(reader.frames())) == 5
    reader.close()

"""Reading, the network and writing together: how much memory waits between them, and the places of frames."""

import threading
import weakref
from contextlib import closing

import numpy as np
import pytest

from srgan.video.reading.reader import VideoReader
from srgan.video.stages import enlarge_frames

FRAME = 3 * 128 * 96  # bytes of a result


class Doubling:
    """Stands for an upscaler; knows how many of its results are alive."""

    def __init__(self):
        self.alive = weakref.WeakValueDictionary()

    def frames(self, images, *, cancel=None):
        for number, image in enumerate(images):
            result = np.repeat(np.repeat(image, 2, axis=0), 2, axis=1)
            self.alive[number] = result
            yield result


@pytest.mark.parametrize(("budget", "most"), [(3 * FRAME, 4), (FRAME // 2, 2)])
def test_a_slow_writer_keeps_the_budget_and_one_frame_waiting(clip, monkeypatch, budget, most):
    monkeypatch.setattr("srgan.video.stages.BUDGET", budget)
    upscaler, seen, pause = Doubling(), [], threading.Event()

    def write(frames):
        for number, sr_image in frames:
            pause.wait(0.01)
            seen.append((number, sr_image.nbytes, len(upscaler.alive)))

    with closing(VideoReader(clip("video.mp4", sound=False, seconds=1))) as reader:
        times = enlarge_frames(reader, upscaler, write, lambda _: None)
    assert [number for number, _, _ in seen] == list(range(25)) == list(range(len(times) - 1))
    assert {size for _, size, _ in seen} == {FRAME}
    assert max(alive for _, _, alive in seen) <= most


def test_results_have_their_places_in_the_whole_video(clip):
    numbers, reports = [], []
    with closing(VideoReader(clip("video.mp4", sound=False, seconds=1))) as reader:
        times = enlarge_frames(
            reader,
            Doubling(),
            lambda frames: numbers.extend(number for number, _ in frames),
            reports.append,
            done=20,
        )
    assert (numbers, reports, len(times)) == ([20, 21, 22, 23, 24], [21, 22, 23, 24, 25], 26)

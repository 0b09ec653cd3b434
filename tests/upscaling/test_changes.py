"""Windows of which only the changes are computed, without a model: ``run`` is a blur of known reach."""

import numpy as np
import pytest

from srgan.upscaling.changes import ChangedParts, changed_boxes

HALO = 4


def blur_and_enlarge(reach):
    """Sum of the (2 * reach + 1)-square around each pixel, repeated 2 x 2; whole numbers, so exact.

    Where the halo does not suffice, zeros go on, as in a network that pads: the same pixel then has another
    result nearer to the border of what is run.
    """

    def run(window):
        beyond = reach - HALO
        padded = np.pad(window, ((0, 0), (beyond, beyond), (beyond, beyond), (0, 0)))
        around = np.lib.stride_tricks.sliding_window_view(padded, (2 * reach + 1, 2 * reach + 1), (1, 2))
        return around.sum((-2, -1), dtype=window.dtype).repeat(2, 1).repeat(2, 2)

    return run


class Counted:
    """``run``, and how many low-res pixels it was given."""

    def __init__(self, run):
        self.run = run
        self.pixels = []

    def __call__(self, window):
        self.pixels.append(window.shape[1] * window.shape[2])
        return self.run(window)


def noise(height, width, seed=0):
    shape = (1, height + 2 * HALO, width + 2 * HALO, 3)
    return np.random.default_rng(seed).integers(0, 1000, shape).astype(np.int32)


def with_change(window, row, column, height=1, width=1):
    changed = window.copy()
    changed[:, row : row + height, column : column + width, 1] += 1
    return changed


@pytest.mark.parametrize("reach", [HALO, HALO + 3])
@pytest.mark.parametrize("size", [(90, 130), (20, 200), (61, 67)])
def test_a_change_anywhere_gives_the_result_of_the_whole(reach, size):
    run = blur_and_enlarge(reach)
    changes = ChangedParts(run, halo=HALO, radius=reach, scale=2)
    window = noise(*size)
    random = np.random.default_rng(1)
    changes.upscale(0, window)
    height, width = window.shape[1:3]
    corners = [(row, column) for row in (0, height - 2) for column in (0, width - 3)]
    for row, column in [*corners, *random.integers(0, (height, width), (25, 2))]:
        window = with_change(window, row, column, 2, 3)
        assert np.array_equal(changes.upscale(0, window), run(window))


def test_only_what_a_change_reaches_is_computed():
    run = Counted(blur_and_enlarge(HALO))
    changes = ChangedParts(run, halo=HALO, radius=HALO, scale=2)
    window = noise(200, 300)
    changes.upscale(0, window)
    once = with_change(window, 100, 50, 10, 10)
    changes.upscale(0, once)  # tries the shape
    twice = with_change(with_change(once, 20, 250), 104, 54)
    run.pixels.clear()

    assert np.array_equal(changes.upscale(0, twice), run.run(twice))
    assert changes.upscale(0, twice.copy()) is not None

    # Two boxes of 9 pixels, in steps of 16 and with the halo; nothing for the window that came again.
    assert run.pixels == [24 * 24, 24 * 24, 24 * 24]  # one of them, the first of its shape, on noise


def test_what_moves_all_over_is_computed_at_once():
    run = Counted(blur_and_enlarge(HALO))
    changes = ChangedParts(run, halo=HALO, radius=HALO, scale=2)
    for seed in range(3):
        changes.upscale(0, noise(60, 80, seed))
    changes.upscale(0, with_change(noise(60, 80, 2), 10, 10, 50, 60))
    assert run.pixels == [68 * 88] * 4


def test_each_place_has_its_own_past():
    run = Counted(blur_and_enlarge(HALO))
    changes = ChangedParts(run, halo=HALO, radius=HALO, scale=2)
    first, second = noise(40, 40, 1), noise(40, 40, 2)
    for place, window in ((0, first), (1, second), (0, first), (1, second)):
        assert np.array_equal(changes.upscale(place, window), run.run(window))
    assert len(run.pixels) == 2


@pytest.mark.parametrize("other", [noise(40, 50).astype(np.int64), noise(50, 40)])
def test_another_shape_or_type_begins_anew(other):
    run = blur_and_enlarge(HALO)
    changes = ChangedParts(run, halo=HALO, radius=HALO, scale=2)
    changes.upscale(0, noise(40, 50))
    result = changes.upscale(0, other)
    assert result.dtype == other.dtype
    assert np.array_equal(result, run(other))


def test_an_engine_that_adds_up_otherwise_for_another_shape_is_found_out():
    blur = blur_and_enlarge(HALO)

    def run(window):
        return blur(window) + (window.shape[2] < 40)

    changes = ChangedParts(run, halo=HALO, radius=HALO, scale=2)
    window = noise(90, 130)
    changes.upscale(0, window)
    for column in range(0, 120, 7):
        window = with_change(window, 30, column, 5, column % 30)
        assert np.array_equal(changes.upscale(0, window), run(window))


@pytest.mark.parametrize("call", [1, 2, 3, 4])  # the trial's window and part, and the two parts
def test_what_fails_half_way_leaves_nothing_behind(call):
    blur, left = blur_and_enlarge(HALO), [-1]

    def run(window):
        left[0] -= 1
        if left[0] == 0:
            raise MemoryError
        return blur(window)

    changes = ChangedParts(run, halo=HALO, radius=HALO, scale=2)
    window = noise(90, 130)
    changes.upscale(0, window)
    left[0] = call
    changed = with_change(with_change(window, 10, 10), 80, 110)
    with pytest.raises(MemoryError):
        changes.upscale(0, changed)
    assert np.array_equal(changes.upscale(0, window), blur(window))


def test_boxes_are_tight_and_those_near_to_each_other_are_joined():
    before = np.zeros((50, 80, 3), np.uint8)
    after = before.copy()
    after[3:5, 7:9, 0] = 1
    after[12, 8, 2] = 1  # 7 rows without a change between them
    after[40, 70, 1] = 1
    assert changed_boxes(before, before, 8) == []
    assert changed_boxes(before, after, 8) == [
        (slice(3, 13), slice(7, 9)),
        (slice(40, 41), slice(70, 71)),
    ]
    assert changed_boxes(before, after, 7)[:2] == [
        (slice(3, 5), slice(7, 9)),
        (slice(12, 13), slice(8, 9)),
    ]


@pytest.mark.parametrize("share", [0.0005, 0.002, 0.01, 0.5])
def test_boxes_cover_every_change_once(share):
    random = np.random.default_rng(2)
    before = random.integers(0, 255, (90, 120, 3), np.uint8)
    changed = random.random((90, 120)) < share
    after = before + changed[:, :, None].astype(np.uint8)
    covered = np.zeros(changed.shape, int)
    for rows, columns in changed_boxes(before, after, 6):
        covered[rows, columns] += 1
        inside = changed[rows, columns]
        assert inside[0].any()
        assert inside[-1].any()
        assert inside[:, 0].any()
        assert inside[:, -1].any()
    assert covered.max() == 1
    assert (covered[changed] == 1).all()

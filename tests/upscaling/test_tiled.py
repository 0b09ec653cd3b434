"""Networks of any scale, radius and multiple, with stand-ins for engines."""

import numpy as np
import pytest

from srgan.errors import CancelledError, OutOfMemoryError


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("scale", [1, 2, 3, 8])
@pytest.mark.parametrize(("radius", "halo"), [(3, 3), (5, 8), (0, 0)])
@pytest.mark.parametrize("multiple", [1, 2, 4, 24])
def test_tiles_equal_the_whole_for_any_network(around, stand_in, scale, radius, halo, multiple):
    engine = stand_in(scale=scale, radius=radius, halo=halo, multiple=multiple)
    upscaler = around(engine, tile=16)
    for size in [(1, 1), (17, 40), (50, 33), (48, 48), (3, 90)]:
        image = noise(*size)
        truth = engine.whole(image)
        engine.shapes.clear()
        assert np.array_equal(upscaler.upscale(image), truth)
        assert len(set(engine.shapes)) == 1
        rows, columns = (side - 2 * -(-halo // multiple) * multiple for side in engine.shapes[0][1:3])
        assert rows * columns <= max(16, multiple) ** 2


@pytest.mark.parametrize(("scale", "multiple"), [(1, 1), (2, 4), (3, 2), (8, 1)])
@pytest.mark.parametrize(("radius", "halo"), [(3, 3), (None, 4)])
@pytest.mark.parametrize("tile", ["off", 32])
def test_frames_are_those_of_single_pictures_for_any_network(
    around, stand_in, scale, multiple, radius, halo, tile
):
    engine = stand_in(scale=scale, radius=radius, halo=halo, multiple=multiple)
    upscaler = around(engine, tile=tile)
    frames = [noise(61, 90)]
    for row, column in [(0, 0), (5, 7), (30, 41), (57, 85), (31, 42)]:
        frames.append(frames[-1].copy())
        frames[-1][row : row + 4, column : column + 5] += 1
    for frame, result in zip(frames, upscaler.frames(frames), strict=True):
        assert np.array_equal(result, upscaler.upscale(frame))


def test_frames_of_a_network_of_unknown_radius_are_computed_whole(around, stand_in):
    engine = stand_in(radius=None, halo=2)
    changed = noise(40, 50)
    changed[3, 4] += 1
    list(around(engine, tile="off").frames([noise(40, 50), changed, changed]))
    assert engine.shapes == [(1, 44, 54, 3)] * 2


def test_frames_of_a_network_of_known_radius_are_computed_in_parts(around, stand_in):
    engine = stand_in(radius=2, multiple=4)
    changed = noise(80, 100)
    changed[30, 40] += 1
    list(around(engine, tile="off").frames([noise(80, 100), changed]))
    assert min(shape[1] for shape in engine.shapes) < 40


def test_tiles_are_as_large_as_the_precision_of_the_pictures_type_allows(around, stand_in):
    engine = stand_in(radius=0)
    engine.free_memory = lambda: 4 * 100 * 48**2  # for tiles of 48x48 in 32 bits
    engine.precision_for = lambda dtype: "int8" if dtype == np.uint8 else "fp32"
    largest = {}
    for dtype in (np.uint8, np.uint16):
        engine.shapes.clear()
        around(engine).upscale(noise(100, 100).astype(dtype))
        largest[dtype] = max(height * width for _, height, width, _ in engine.shapes)
    assert largest[np.uint16] <= 48**2 < largest[np.uint8]


@pytest.mark.parametrize("multiple", [1, 12, 24])
def test_memory_that_runs_out_leads_to_smaller_tiles_and_then_to_one_sentence(around, stand_in, multiple):
    engine = stand_in(scale=2, radius=1, multiple=multiple)
    upscale, most = engine.upscale, [1500]

    def small(batch, context):
        if batch.shape[1] * batch.shape[2] > most[0]:
            raise MemoryError
        return upscale(batch, context)

    image = noise(90, 130)
    truth = engine.whole(image)
    engine.upscale = small
    upscaler = around(engine, tile="off")
    most[0] = 80 * 80
    assert np.array_equal(upscaler.upscale(image), truth)
    assert engine.released
    most[0] = 0
    with pytest.raises(OutOfMemoryError) as caught:
        upscaler.upscale(image)
    assert "\n" not in str(caught.value)


def test_memory_that_cannot_hold_the_result_is_one_sentence(around, stand_in):
    image = np.broadcast_to(np.uint8(0), (2**23, 2**23, 3))
    with pytest.raises(OutOfMemoryError):
        around(stand_in(scale=8)).upscale(image)


def test_cancelling_stops_before_the_next_tile(around, stand_in):
    engine = stand_in()
    upscaler = around(engine, tile=16)
    image, events = noise(60, 60), []
    for work in (
        lambda **how: upscaler.upscale(image, on_event=events.append, **how),
        lambda **how: upscaler.stream(image, list, on_event=events.append, **how),
        lambda **how: list(upscaler.frames([image], **how)),
    ):
        engine.shapes.clear()
        with pytest.raises(CancelledError):
            work(cancel=lambda: len(engine.shapes) == 3)
        assert len(engine.shapes) == 3
    assert [event.done for event in events] == [1, 2, 3] * 2


def test_events_of_a_batch_count_all_its_tiles(around, stand_in):
    events = []
    around(stand_in(), tile=16).upscale(np.stack([noise(30, 20), noise(30, 20, 1)]), on_event=events.append)
    assert [event.done for event in events] == [*range(1, len(events) + 1)]
    assert {event.total for event in events} == {len(events)}
    assert {event.unit for event in events} == {"tiles"}

"""The upscaler with a small random model: tiles, grey, memory, and what is refused."""

import dataclasses
import pickle
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

from srgan.errors import OutOfMemoryError
from srgan.networks.architecture import GeneratorConfig
from srgan.networks.blend import read_blend
from srgan.networks.card import ModelCard
from srgan.networks.model_file import read_model, write_model
from srgan.training.networks.generator import Generator
from srgan.upscaling.upscaler import Upscaler

CONFIG = GeneratorConfig(blocks=2, channels=16)


def write(path, **card):
    torch.manual_seed(3)
    generator = Generator(CONFIG).eval()
    with torch.no_grad():
        generator.tail.weight /= 8 * generator(torch.rand(1, 3, 24, 24)).std()
        generator.tail.bias += 0.5 - generator(torch.rand(1, 3, 24, 24)).mean()
    tensors = {name: value.numpy() for name, value in generator.state_dict().items()}
    write_model(path, tensors, ModelCard(name="random", generator=CONFIG, **card))
    return generator


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    folder = str(tmp_path_factory.getbasetemp() / "cache")
    monkeypatch.setenv("XDG_CACHE_HOME", folder)
    monkeypatch.setenv("LOCALAPPDATA", folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "random.safetensors"
    write(path)
    return path


def picture(height, width, dtype="float32", seed=0):
    values = np.random.default_rng(seed).random((height, width, 3))
    white = {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    return values.astype(dtype) if white == 1 else np.rint(values * white).astype(dtype)


def sizes():
    random = np.random.default_rng(5)
    return [(1, 1), (1, 50), (50, 1), (3, 2), (13, 12), *random.integers(1, 60, (5, 2)).tolist()]


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_tiled_equals_whole_in_fp32(model, engine):
    # Within 1e-6, not bit by bit: the libraries may add up in another order for another shape.
    options = {"engine": engine, "precision": "fp32", "device": "cpu"}
    whole, tiled = Upscaler(model, tile="off", **options), Upscaler(model, tile=16, **options)
    for height, width in sizes():
        image = picture(height, width)
        a, b = whole.upscale(image), tiled.upscale(image)
        assert a.shape == (4 * height, 4 * width, 3)
        assert np.abs(a - b).max() < 1e-6


def test_openvino_tiled_equals_whole_whatever_the_type(model):
    # With AMX, bf16 too adds up in another order: a value between two levels goes either way.
    for precision in ("fp32", "auto"):
        options = {"engine": "openvino", "precision": precision}
        whole, tiled = Upscaler(model, tile="off", **options), Upscaler(model, tile=16, **options)
        for dtype, most in (("uint8", 1), ("uint16", 1), ("float32", 1e-6)):
            image = picture(45, 37, dtype)
            a, b = (upscaler.upscale(image).astype(float) for upscaler in (whole, tiled))
            assert np.abs(a - b).max() <= most
            assert (a != b).mean() < 0.01 or dtype == "float32"


@pytest.mark.parametrize("size", [(30, 21), (5, 40), (1, 9)])
def test_borders_are_the_networks_on_the_reflected_picture(tmp_path, size):
    generator = write(tmp_path / "random.safetensors")
    image = picture(*size)
    halo = CONFIG.radius
    padded = np.pad(image, ((halo, halo), (halo, halo), (0, 0)), "symmetric")
    with torch.inference_mode():
        truth = generator(torch.from_numpy(padded).permute(2, 0, 1)[None])[0].permute(1, 2, 0).clamp(0, 1)
    truth = truth.numpy()[4 * halo : -4 * halo, 4 * halo : -4 * halo]

    result = Upscaler(tmp_path / "random.safetensors", precision="fp32", tile=16).upscale(image)

    assert np.abs(result - truth).max() < 1e-4


def test_the_cards_halo_is_used(tmp_path):
    write(tmp_path / "exact.safetensors")
    write(tmp_path / "less.safetensors", halo=4)
    exact, less = (Upscaler(tmp_path / f"{name}.safetensors", tile=16) for name in ("exact", "less"))
    assert (exact.info.halo, less.info.halo) == (12, 4)
    asked = Upscaler(tmp_path / "less.safetensors", halo=7)
    assert (asked.info.halo, pickle.loads(pickle.dumps(asked)).info.halo) == (7, 7)
    shapes = []
    upscale = less.engine.upscale
    less.engine.upscale = lambda batch, context: shapes.append(batch.shape) or upscale(batch, context)
    assert less.upscale(picture(16, 16, "uint8")).shape == (64, 64, 3)
    assert shapes == [(1, 24, 24, 3)]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_grey_stays_exactly_grey(model, dtype):
    upscaler = Upscaler(model, tile=16)
    grey = picture(20, 30, dtype)[:, :, 0]

    as_rgb = upscaler.upscale(np.repeat(grey[:, :, None], 3, axis=2))
    as_grey = upscaler.upscale(grey)

    assert (as_rgb.dtype, as_rgb.shape) == (grey.dtype, (80, 120, 3))
    assert np.array_equal(as_rgb[:, :, 0], as_rgb[:, :, 1])
    assert np.array_equal(as_rgb[:, :, 0], as_rgb[:, :, 2])
    assert np.array_equal(as_grey, as_rgb[:, :, 0])
    coloured = np.repeat(grey[:, :, None], 3, axis=2)
    coloured[7, 7, 2] = 0
    result = upscaler.upscale(coloured)
    assert not np.array_equal(result[:, :, 0], result[:, :, 1])


def test_stream_hands_out_bands_and_returns_what_the_sink_does(model):
    upscaler = Upscaler(model, tile=16)
    image = picture(40, 20, "uint8")
    progress = []

    bands, tiles = upscaler.stream(
        image, lambda bands: (list(bands), len(progress)), on_event=progress.append
    )

    assert len(bands) > 1
    assert np.array_equal(np.concatenate(bands), upscaler.upscale(image))
    assert [(event.done, event.total, event.unit) for event in progress] == [
        (index + 1, tiles, "tiles") for index in range(tiles)
    ]


@pytest.mark.parametrize("tile", ["off", "auto", 64])
def test_running_out_of_memory_restarts_the_picture_with_smaller_tiles(model, tile):
    upscaler = Upscaler(model, precision="fp32", tile=tile)
    image = picture(60, 90, "uint8")
    truth = upscaler.upscale(image)
    upscale, areas = upscaler.engine.upscale, []

    def small_memory(batch, context):
        areas.append((batch.shape[1] - 2 * context) * (batch.shape[2] - 2 * context))
        # Fails within the picture at first, when bands have been handed out already.
        if areas[-1] > 400 and len(areas) != 1:
            raise MemoryError
        return upscale(batch, context)

    upscaler.engine.upscale = small_memory
    calls = []

    def sink(bands):
        calls.append([])
        calls[-1].extend(bands)
        return np.concatenate(calls[-1])

    small_memory(np.zeros((1, 100, 100, 3), np.uint8), 12)
    assert np.array_equal(upscaler.stream(image, sink), truth)
    assert len(calls) > 1
    assert areas[-1] <= 400
    assert sorted(areas[1:], reverse=True) == areas[1:]


LITTLE_MEMORY = """
import resource, sys
import numpy as np
from srgan import Upscaler

threads, image = int(sys.argv[1]), np.random.default_rng(0).integers(0, 256, (800, 800, 3), np.uint8)
truth = Upscaler("fast", tile=64, threads=threads).upscale(image)
upscaler, tiles = Upscaler("fast", tile="off", threads=threads), []
upscaler.upscale(image[:80, :80])
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
limits = resource.getrlimit(resource.RLIMIT_AS)
resource.setrlimit(resource.RLIMIT_AS, (used + 150_000_000, limits[1]))
result = upscaler.upscale(image, on_event=tiles.append)
resource.setrlimit(resource.RLIMIT_AS, limits)
assert len(tiles) > 1, "it was enough for the whole picture"
assert np.array_equal(result, truth)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits a process's memory as Linux does")
@pytest.mark.parametrize("threads", [1, 2])
def test_a_process_with_little_memory_takes_smaller_tiles(threads):
    command = [sys.executable, "-c", LITTLE_MEMORY, str(threads)]
    for _ in range(3):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != -signal.SIGSEGV:  # once in dozens of times OpenVINO itself crashes so
            break
    assert (done.returncode, done.stderr) == (0, "")


def test_bands_handed_out_before_memory_ran_out_are_not_kept(model):
    upscaler = Upscaler(model, precision="fp32", tile=32)
    image = picture(90, 32, "uint8")
    truth = upscaler.upscale(image)
    upscale, count, received = upscaler.engine.upscale, 0, []

    def fail_third(batch, context):
        nonlocal count
        count += 1
        if count == 3:
            raise MemoryError
        return upscale(batch, context)

    def sink(bands):
        received.append(0)
        result = []
        for band in bands:
            received[-1] += len(band)
            result.append(band)
        return np.concatenate(result)

    upscaler.engine.upscale = fail_third
    assert np.array_equal(upscaler.stream(image, sink), truth)
    assert 0 < received[0] < 360
    assert received[1:] == [360]


def test_no_memory_at_all_is_one_line(model):
    upscaler = Upscaler(model)

    def fail(*_):
        raise MemoryError

    upscaler.engine.upscale = fail
    with pytest.raises(OutOfMemoryError) as caught:
        upscaler.upscale(picture(300, 20))
    assert "\n" not in str(caught.value)


def test_blends_of_two_models_are_not_mixed_up_by_the_cache(tmp_path):
    torch.manual_seed(4)
    write(tmp_path / "low.safetensors")
    low_card, low = read_model(tmp_path / "low.safetensors")
    high = {name: tensor * np.float32(1.1) for name, tensor in low.items()}
    card = dataclasses.replace(low_card, name="high", fidelity="low.safetensors")
    write_model(tmp_path / "high.safetensors", high, card)
    image = picture(20, 24)
    results = {}
    for detail in (0.0, 0.25, 0.5, 1.0) * 2:  # the second time from the cache of compiled models
        blended = read_blend(tmp_path / "high.safetensors", detail)[1]
        write_model(tmp_path / "hand.safetensors", blended, low_card)
        options = {"precision": "fp32", "device": "cpu"}
        result = Upscaler(tmp_path / "high.safetensors", detail=detail, **options).upscale(image)
        np.testing.assert_allclose(
            result, Upscaler(tmp_path / "hand.safetensors", **options).upscale(image), atol=1e-5
        )
        assert np.array_equal(results.setdefault(detail, result), result)
    assert np.abs(results[0.25] - results[0.5]).max() > 0.01


def test_frames_are_those_of_single_pictures_and_equal_ones_are_computed_once(tiny_model, photo, monkeypatch):
    upscaler = Upscaler(tiny_model, device="cpu")
    pictures = [photo, photo.copy(), photo[::-1], photo[::-1].astype(np.uint16) * 257, photo]
    expected = [upscaler.upscale(picture) for picture in pictures]
    computed = []
    really = upscaler.engine.upscale
    monkeypatch.setattr(
        upscaler.engine, "upscale", lambda *arguments: computed.append(1) or really(*arguments)
    )
    for sr_image, wanted in zip(upscaler.frames(iter(pictures)), expected, strict=True):
        assert sr_image.dtype == wanted.dtype
        np.testing.assert_array_equal(sr_image, wanted)
    assert len(computed) == 4


def moving_square(height, width, dtype):
    """A still picture that a bright square crosses, over its borders too; a pause, and another picture."""
    still = picture(height, width, dtype)
    for row, column in [(-3, -2), (0, 3), (4, 9), (30, 60), (33, 67), (40, 75), (40, 75)]:
        frame = still.copy()
        frame[max(0, row) : row + 7, max(0, column) : column + 6] = frame.max()
        yield frame
    yield picture(height, width, dtype, seed=1)


@pytest.mark.parametrize("engine", ["openvino", "torch"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(("tile", "halo"), [("off", None), (32, None), ("off", 4), (32, 4)])
def test_frames_that_change_in_places_are_those_of_single_pictures(tmp_path, engine, dtype, tile, halo):
    write(tmp_path / "random.safetensors", halo=halo)
    upscaler = Upscaler(tmp_path / "random.safetensors", engine=engine, device="cpu", tile=tile)
    frames = list(moving_square(44, 80, dtype))
    for frame, sr_image in zip(frames, upscaler.frames(iter(frames)), strict=True):
        assert sr_image.dtype == frame.dtype
        assert np.array_equal(sr_image, upscaler.upscale(frame))


def test_frames_do_not_depend_on_the_frame_one_begins_with(model):
    frames = list(moving_square(44, 80, "uint8"))
    whole = list(Upscaler(model).frames(frames))
    for begin in range(1, len(frames)):
        for sr_image, wanted in zip(Upscaler(model).frames(frames[begin:]), whole[begin:], strict=True):
            assert np.array_equal(sr_image, wanted)


def test_frames_compute_little_where_little_moves(model):
    upscaler = Upscaler(model, tile="off")
    still = picture(120, 160, "uint8")
    frames = [still.copy() for _ in range(5)]
    for index, frame in enumerate(frames):
        frame[50 : 50 + 4 * index, 70] = 0
    computed, upscale = [], upscaler.engine.upscale
    upscaler.engine.upscale = lambda batch, context: (
        computed.append(batch.shape[1] * batch.shape[2]) or upscale(batch, context)
    )
    list(upscaler.frames(frames))
    whole = computed[0]
    # The noise that shapes are tried on is the second whole; all parts and trials together are less than two.
    assert computed.count(whole) == 2
    assert sum(computed) < 4 * whole


def test_a_coloured_spot_in_grey_frames_changes_all_of_the_frame_and_back(model):
    upscaler = Upscaler(model, tile="off")
    grey = np.repeat(picture(60, 70, "uint8")[:, :, :1], 3, axis=2)
    spot = grey.copy()
    spot[10, 10] = (255, 0, 0)
    for frame, sr_image in zip([grey, spot, grey], upscaler.frames([grey, spot, grey]), strict=True):
        assert np.array_equal(sr_image, upscaler.upscale(frame))
    for frame, sr_image in zip([grey, spot], upscaler.frames([grey[:, :, 0], spot[:, :, 0]]), strict=True):
        assert np.array_equal(sr_image, upscaler.upscale(frame[:, :, 0]))


def test_consistent_frames_are_those_of_single_pictures(model):
    upscaler = Upscaler(model, consistent=True)
    frames = list(moving_square(44, 80, "uint8"))[:3]
    for frame, sr_image in zip(frames, upscaler.frames(frames), strict=True):
        assert np.array_equal(sr_image, upscaler.upscale(frame))


def test_one_array_filled_again_and_again_is_seen_to_change(model):
    upscaler = Upscaler(model)
    frames = list(moving_square(44, 80, "uint8"))
    buffer = np.empty_like(frames[0])

    def camera():
        for frame in frames:
            buffer[:] = frame
            yield buffer

    for frame, sr_image in zip(frames, upscaler.frames(camera()), strict=True):
        assert np.array_equal(sr_image, upscaler.upscale(frame))


@pytest.mark.parametrize(("name", "size"), [("fast", (60, 90)), ("srresnet", (24, 200))])
def test_shipped_models_keep_the_bits_of_what_does_not_change(name, size):
    upscaler = Upscaler(name, device="cpu")
    still = picture(*size, "uint8")
    moved = still.copy()
    moved[5:8, :4] = 255
    computed, upscale = [], upscaler.engine.upscale
    upscaler.engine.upscale = lambda batch, context: computed.append(batch.shape) or upscale(batch, context)
    result = list(upscaler.frames([still, moved]))[1]
    assert computed[-1][2] < computed[0][2] / 2
    assert np.array_equal(result, upscaler.upscale(moved))

"""Models for one shape alone."""

import numpy as np
import pytest

from srgan.engines.openvino import OpenVinoEngine
from srgan.networks.network import load_network


@pytest.fixture(params=["fast", "srresnet"])
def network(request):
    return load_network(request.param)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_shape_that_comes_often_gives_the_same_bits(network, dtype):
    often, never = OpenVinoEngine(network), OpenVinoEngine(network)
    random = np.random.default_rng(0)
    for _ in range(12):
        batch = (random.random((1, 30, 42, 3)) * (255 if dtype == np.uint8 else 1)).astype(dtype)
        never.release()  # forgets what it has seen
        np.testing.assert_array_equal(often.upscale(batch, 4), never.upscale(batch, 4))


def test_what_was_compiled_is_used_until_it_is_released(network, monkeypatch):
    engine = OpenVinoEngine(network, precision="fp32")  # in int8, another model gives other bits
    compiled = []
    really = engine._compile_fixed
    monkeypatch.setattr(
        engine._fixed, "_compile_for", lambda *given: compiled.append(given) or really(*given)
    )
    first, second = (np.full((1, side, side, 3), 90, np.uint8) for side in (16, 20))
    for _ in range(20):
        engine.upscale(first)
    engine.upscale(second)
    assert [batch.shape for batch, _ in compiled] == [first.shape]
    for side in range(21, 26):  # more shapes than are kept
        for _ in range(10):
            engine.upscale(np.full((1, side, side, 3), 90, np.uint8))
    for _ in range(10):
        engine.upscale(first)
    assert [batch.shape[1] for batch, _ in compiled] == [16, 21, 22, 23, 24, 25, 16]
    engine.release()
    np.testing.assert_array_equal(
        engine.upscale(first), OpenVinoEngine(network, precision="fp32").upscale(first)
    )


@pytest.mark.parametrize("error", [RuntimeError("bad allocation"), MemoryError()])
def test_where_a_model_of_its_own_fails_the_other_goes_on(network, monkeypatch, error):
    engine = OpenVinoEngine(network)

    def fail(*_):
        raise error

    monkeypatch.setattr(engine._fixed, "_compile_for", fail)
    batch = np.full((1, 16, 16, 3), 90, np.uint8)
    first = engine.upscale(batch)
    for _ in range(10):
        np.testing.assert_array_equal(engine.upscale(batch), first)

"""Models for one shape alone."""

import threading
from concurrent.futures import ThreadPoolExecutor

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


@pytest.fixture
def slow(network, monkeypatch):
    """An engine that is compiling a model for one shape, until it is let go on; and that shape's batch."""
    engine = OpenVinoEngine(network)
    begun, go_on = threading.Event(), threading.Event()
    really = engine._compile_fixed

    def compile_slowly(*given):
        begun.set()
        assert go_on.wait(120)
        return really(*given)

    monkeypatch.setattr(engine._fixed, "_compile_for", compile_slowly)
    batch = np.full((1, 16, 16, 3), 90, np.uint8)
    with ThreadPoolExecutor(2) as pool:
        compiling = pool.submit(lambda: [engine.upscale(batch) for _ in range(8)])
        assert begun.wait(60)

        def finish():
            go_on.set()
            compiling.result(60)

        try:
            yield engine, batch, pool, finish
        finally:
            go_on.set()


def test_nobody_waits_while_a_model_is_compiled(slow):
    engine, batch, pool, _ = slow
    for given in (batch, batch[:, :12]):
        assert pool.submit(engine.upscale, given).result(30).shape == (1, 4 * given.shape[1], 64, 3)


def test_memory_given_back_while_a_model_is_compiled_stays_so(slow):
    engine, batch, _, finish = slow
    engine.release()
    finish()
    assert engine._fixed.run(batch, 0) is None


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

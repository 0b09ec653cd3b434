"""Measures the peak of the processor, in the library that runs the networks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.engines.openvino import HINTS, choose_float, import_openvino

_INPUTS, _OUTPUTS, _SIDE = 256, 512, 64
_ORDER = 1536
_RUNS = 12


def measure_peaks(threads: int | None = None) -> dict[str, dict[str, float]]:
    """Runs a large convolution and a large matrix product in every precision that the processor supports.

    Args:
        threads: number of processor threads; None means all.

    Returns:
        ``{"bf16": {"convolution", "product"}, ...}``: the best of twelve runs, in GFLOP/s, which are 1e9
        multiplications and additions a second. int8 is included only if it is clearly faster than fp32, and
        has no product.
    """
    openvino = import_openvino()
    core = openvino.Core()
    hints = {name: HINTS[name] for name in ("fp32", choose_float(core))}
    options = {
        "PERFORMANCE_HINT": "LATENCY",
        **({} if threads is None else {"INFERENCE_NUM_THREADS": threads}),
    }

    def best(model: Any, hint: str, work: float) -> float:
        compiled = core.compile_model(model, "CPU", {**options, "INFERENCE_PRECISION_HINT": hint})
        return work / min(_seconds(compiled)) / 1e9

    convolution, product = 2.0 * 9 * _INPUTS * _OUTPUTS * _SIDE**2, 2.0 * _ORDER**3
    peaks = {
        name: {
            "convolution": best(_convolution(openvino), hint, convolution),
            "product": best(_product(openvino), hint, product),
        }
        for name, hint in hints.items()
    }
    int8 = best(_convolution(openvino, is_int8=True), "f32", convolution)
    if int8 > 1.2 * peaks["fp32"]["convolution"]:
        peaks["int8"] = {"convolution": int8}
    return peaks


def _convolution(openvino: Any, *, is_int8: bool = False) -> Any:
    """Builds a 3x3 convolution. Its result is reduced to one number, so that copying it takes no time."""
    ops = openvino.opset13
    picture = ops.parameter([1, _INPUTS, _SIDE, _SIDE], np.float32)
    weights: Any = ops.constant(_noise(_OUTPUTS, _INPUTS, 3, 3) - np.float32(0.5))
    values: Any = picture
    if is_int8:
        values = ops.fake_quantize(picture, *_limits(0, 1), 256)
        weights = ops.fake_quantize(weights, *_limits(-0.5, 0.5), 255)
    result = ops.convolution(values, weights, [1, 1], [1, 1], [1, 1], [1, 1])
    return openvino.Model([ops.reduce_max(result, np.array([1, 2, 3]), False)], [picture])


def _product(openvino: Any) -> Any:
    ops = openvino.opset13
    matrix = ops.parameter([_ORDER, _ORDER], np.float32)
    return openvino.Model([ops.matmul(matrix, ops.constant(_noise(_ORDER, _ORDER)), False, True)], [matrix])


def _limits(low: float, high: float) -> tuple[np.float32, ...]:
    return np.float32(low), np.float32(high), np.float32(low), np.float32(high)


def _noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).random(shape, np.float32)


def _seconds(compiled: Any) -> Iterator[float]:
    request = compiled.create_infer_request()
    values = _noise(*compiled.input(0).shape)
    for _ in range(_RUNS):
        started = time.perf_counter()
        request.infer([values], share_inputs=True)
        yield time.perf_counter() - started

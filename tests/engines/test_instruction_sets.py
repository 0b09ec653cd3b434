"""Processors that lack the newest instructions: the same results, by other code of OpenVINO's."""

import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from srgan.engines.openvino import OpenVinoEngine
from srgan.networks.network import load_network

PROGRAM = """
import sys, numpy as np
from srgan.engines.openvino import OpenVinoEngine
from srgan.networks.network import load_network
engine = OpenVinoEngine(load_network(sys.argv[1]), precision="fp32")
batch = np.load(sys.argv[2])
np.save(sys.argv[3], engine.upscale(batch))
engine._options["PERF_COUNT"] = True
engine.release()
request = engine._model(True, 0).create_infer_request()
request.infer([batch])
print(*(node.exec_type for node in request.profiling_info if node.node_type == "Convolution"))
"""


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="no x86-64 processor")
@pytest.mark.parametrize("instructions", ["AVX2", "SSE41"])
@pytest.mark.parametrize("model", ["fast", "srresnet"])
def test_older_processors_give_the_same_picture(cache, tmp_path, model, instructions):  # noqa: ARG001
    batch = np.random.default_rng(0).integers(0, 256, (1, 34, 46, 3), np.uint8)
    np.save(tmp_path / "batch.npy", batch)
    files = [str(tmp_path / name) for name in ("batch.npy", "result.npy")]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, model, *files],
        env={**os.environ, "ONEDNN_MAX_CPU_ISA": instructions},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()
    assert "avx512" not in done.stdout
    result = np.load(tmp_path / "result.npy").astype(int)
    expected = OpenVinoEngine(load_network(model), precision="fp32").upscale(batch)
    assert np.abs(result - expected).max() <= 1  # sums in another order, then rounded

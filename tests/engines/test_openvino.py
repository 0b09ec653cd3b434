"""The OpenVINO engine against PyTorch's generator, which is written independently of it."""

import itertools
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from srgan.engines.cache import MOST_MODELS
from srgan.engines.choice import open_engine
from srgan.engines.openvino import OpenVinoEngine
from srgan.errors import UsageError
from srgan.networks.architecture import GeneratorConfig
from srgan.networks.card import ModelCard
from srgan.networks.model_file import write_model
from srgan.networks.network import Network
from srgan.training.networks.generator import make_generator
from srgan.upscaling.upscaler import Upscaler

WHITE = {"uint8": 255, "uint16": 65535, "float32": 1}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    return tmp_path / "cache" / "srgan" / "openvino"


CONFIGS = {
    "none": GeneratorConfig(blocks=2, channels=16),
    "batch": GeneratorConfig(blocks=2, channels=16, norm="batch"),
    "compact": GeneratorConfig(architecture="compact", blocks=3, channels=16),
}


def random_model(variant="none"):
    """A generator with every parameter and statistic away from its default, its result mostly in [0, 1]."""
    torch.manual_seed(0)
    generator = make_generator(CONFIGS[variant]).eval()
    with torch.no_grad():
        for name, parameter in generator.named_parameters():
            if name.endswith("activation.weight"):
                parameter.uniform_(0.05, 0.4)
            elif "norm" in name:
                parameter.uniform_(0.5, 1.5)
            elif name.endswith("bias"):
                parameter.uniform_(-0.2, 0.2)
        for name, statistic in generator.named_buffers():
            if name.endswith(("mean", "var")):
                statistic.uniform_(0.2, 1.5)
        # Without its own bias, the last layer's part of the result: all of it, or what the input lacks.
        generator.tail.bias.fill_(0.0)
        some = torch.rand(1, 3, 24, 24)
        repeated = F.interpolate(some, scale_factor=4.0) if variant == "compact" else 0.0
        generator.tail.weight /= 8 * (generator(some) - repeated).std()
        generator.tail.bias += 0.5 - generator(some).mean()
    tensors = {name: value.float().numpy() for name, value in generator.state_dict().items()}
    return generator, Network.of(ModelCard(name="random", generator=generator.config), tensors)


def expected(generator, batch, white, context=0):
    """Float64, in [0, 1], clipped, by PyTorch."""
    picture = torch.from_numpy(batch.astype(np.float64) / white).permute(0, 3, 1, 2)
    with torch.inference_mode():
        result = generator.double()(picture).clamp(0, 1).permute(0, 2, 3, 1).numpy()
    margin = 4 * context
    return result[:, margin : result.shape[1] - margin, margin : result.shape[2] - margin]


def random_picture(shape, dtype, seed=0):
    values = np.random.default_rng(seed).random(shape) * WHITE[dtype]
    return values.astype(dtype) if dtype == "float32" else np.rint(values).astype(dtype)


@pytest.mark.parametrize("name", ["openvino", "torch"])
@pytest.mark.parametrize("dtype", list(WHITE))
@pytest.mark.parametrize("variant", list(CONFIGS))
def test_fp32_agrees_with_pytorch_within_1e_4(name, dtype, variant):
    generator, network = random_model(variant)
    engine = open_engine(network, engine=name, precision="fp32", device="cpu")
    batch = random_picture((2, 11, 18, 3), dtype)

    result = engine.upscale(batch)

    truth = expected(generator, batch, WHITE[dtype])
    assert truth.std() > 0.05
    assert (result.shape, result.dtype) == (truth.shape, batch.dtype)
    # Half a step of the type for the rounding.
    step = 0.5 / WHITE[dtype] if dtype != "float32" else 0.0
    assert np.abs(result / np.float64(WHITE[dtype]) - truth).max() < 1e-4 + step


@pytest.mark.parametrize("name", ["openvino", "torch"])
@pytest.mark.parametrize("dtype", list(WHITE))
@pytest.mark.parametrize("variant", ["none", "compact"])
@pytest.mark.parametrize("context", [0, 3])
def test_bf16_agrees_within_a_level_on_almost_all_pixels(name, dtype, variant, context):
    generator, network = random_model(variant)
    try:
        engine = open_engine(network, engine=name, precision="bf16", device="cpu")
    except UsageError:
        pytest.skip("this processor has no bf16")
    batch = random_picture((1, 46, 56, 3), dtype)

    result = engine.upscale(batch, context)

    truth = expected(generator, batch, WHITE[dtype], context)
    if dtype != "float32":
        truth = np.rint(truth * WHITE[dtype]) / WHITE[dtype]
    difference = np.abs(result / np.float64(WHITE[dtype]) - truth)
    assert engine.precision == "bf16"
    assert np.mean(difference <= 1 / 255 + 1e-9) >= 0.999


@pytest.mark.parametrize("variant", ["batch", "compact"])
@pytest.mark.parametrize("context", [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 20])
def test_context_is_used_up_without_changing_the_result(context, variant):
    # 12 and 5 are the exact halos; less must still give what the whole input gives, cropped.
    generator, network = random_model(variant)
    engine = OpenVinoEngine(network, precision="fp32")
    batch = random_picture((1, 5 + 2 * context, 3 + 2 * context, 3), "float32")

    result = engine.upscale(batch, context)

    if context >= network.info.radius:
        truth = expected(generator, batch, 1, context)
        assert np.abs(result - truth).max() < 1e-4
    whole = engine.upscale(batch)[:, 4 * context : 4 * (5 + context), 4 * context : 4 * (3 + context)]
    assert result.shape == whole.shape == (1, 20, 12, 3)
    assert np.abs(result - whole).max() < 1e-5


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_tiles_of_the_compact_kind_equal_the_whole_bit_by_bit(tmp_path, precision):
    _, network = random_model("compact")
    write_model(tmp_path / "compact.safetensors", network.tensors, network.card)
    whole, tiled = (
        Upscaler(tmp_path / "compact.safetensors", engine="openvino", precision=precision, tile=tile)
        for tile in ("off", 16)
    )
    for dtype in WHITE:
        picture = random_picture((45, 37, 3), dtype)
        assert np.array_equal(whole.upscale(picture), tiled.upscale(picture))


def test_results_are_clipped():
    _, network = random_model()
    tensors = {**network.tensors, "tail.weight": network.tensors["tail.weight"] * 20}
    network = Network.of(network.card, tensors)
    batch = random_picture((1, 8, 8, 3), "float32")
    for name in ("openvino", "torch"):
        result = open_engine(network, engine=name, precision="fp32", device="cpu").upscale(batch)
        assert (result.min(), result.max()) == (0.0, 1.0)


def test_the_input_is_left_as_it_was():
    _, network = random_model()
    for name, dtype in itertools.product(("openvino", "torch"), WHITE):
        batch = random_picture((1, 6, 6, 3), dtype)
        before = batch.copy()
        open_engine(network, engine=name, precision="fp32", device="cpu").upscale(batch)
        assert np.array_equal(batch, before)


def test_the_cache_serves_only_the_same_weights(cache):
    _, network = random_model()
    batch = random_picture((1, 8, 8, 3), "uint8")
    first = OpenVinoEngine(network, precision="fp32").upscale(batch)
    again = OpenVinoEngine(network, precision="fp32").upscale(batch)
    assert len(list(cache.iterdir())) == 1
    changed = {name: value.copy() for name, value in network.tensors.items()}
    changed["blocks.1.conv1.weight"][3, 5, 1, 1] += 3.0

    other = OpenVinoEngine(Network.of(network.card, changed), precision="fp32").upscale(batch)

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"no model" * 1000, None])
def test_a_damaged_cache_is_replaced(cache, damage):
    _, network = random_model()
    batch = random_picture((1, 8, 8, 3), "uint8")
    first = OpenVinoEngine(network, precision="fp32").upscale(batch)
    (blob,) = cache.iterdir()
    content = blob.read_bytes()
    blob.chmod(0o600)
    blob.write_bytes(content[: len(content) // 2] if damage is None else damage)

    assert np.array_equal(OpenVinoEngine(network, precision="fp32").upscale(batch), first)


def test_the_cache_keeps_what_was_used_last(cache):
    cache.mkdir(parents=True)
    for day in range(MOST_MODELS + 8):
        blob = cache / f"{day:02d}.blob"
        blob.write_bytes(b"compiled")
        used, made = 86400 * (1000 + day), 86400 * 1000
        os.utime(blob, (used, made))
    before = {path.name for path in cache.iterdir()}
    _, network = random_model()

    OpenVinoEngine(network, precision="fp32").upscale(random_picture((1, 8, 8, 3), "uint8"))

    after = {path.name for path in cache.iterdir()}
    assert len(after) == MOST_MODELS
    assert len(after - before) == 1
    assert before - after == {f"{day:02d}.blob" for day in range(9)}


def test_no_cache_folder_is_no_error(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "file"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "file")
    generator, network = random_model()
    batch = random_picture((1, 8, 8, 3), "float32")
    result = OpenVinoEngine(network, precision="fp32").upscale(batch)
    assert np.abs(result - expected(generator, batch, 1)).max() < 1e-4


def test_threads_share_an_engine():
    _, network = random_model()
    engine = OpenVinoEngine(network, precision="fp32", threads=1)
    batches = [random_picture((1, 6 + seed, 9, 3), "uint8", seed) for seed in range(8)]
    alone = [engine.upscale(batch) for batch in batches]
    together = [None] * len(batches)

    def work(index):
        together[index] = engine.upscale(batches[index])

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(batches))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))


FIRST_USE = """
import sys, threading
from pathlib import Path
from srgan.engines.openvino import OpenVinoEngine, import_openvino
from srgan.networks.network import load_network
import numpy as np

how, count = sys.argv[1], 8
network = load_network(Path(sys.argv[2])) if how == "engine" else None
barrier, results, errors = threading.Barrier(count), [], []

def first_use(number):
    barrier.wait()
    try:
        if how == "engine":
            picture = np.arange(192, dtype=np.uint8).reshape(1, 8, 8, 3)
            results.append(OpenVinoEngine(network, precision="fp32").upscale(picture).tobytes())
        elif how == "mixed" and number % 2:
            import openvino
            results.append(openvino.Core is not None)
        else:
            results.append(import_openvino().Core is not None)
    except BaseException as error:
        errors.append(repr(error))

threads = [threading.Thread(target=first_use, args=(number,)) for number in range(count)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not errors, errors
assert len(results) == count and len(set(results)) == 1
from openvino.tools import ovc  # whoever wants the converter still gets it
"""


@pytest.mark.parametrize("how", ["engine", "import", "mixed"])
def test_threads_may_all_be_the_first_to_use_openvino(how, tiny_model):
    """Whichever of them is, and also if another library imports it at the same time."""
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", FIRST_USE, how, tiny_model], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_processes_may_fill_the_cache_at_the_same_time(cache, tiny_model):
    script = (
        "import sys, hashlib, numpy as np; from pathlib import Path;"
        "from srgan.engines.openvino import OpenVinoEngine; from srgan.networks.network import load_network;"
        "engine = OpenVinoEngine(load_network(Path(sys.argv[1])), precision='fp32');"
        "result = engine.upscale(np.full((1, 8, 8, 3), 99, np.uint8));"
        "print(hashlib.sha256(result.tobytes()).hexdigest())"
    )
    command = [sys.executable, "-c", script, tiny_model]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    results = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 4
    assert len(results) == 1
    assert len(list(cache.iterdir())) == 1


def test_a_cache_that_cannot_be_locked_is_no_error(monkeypatch):
    generator, network = random_model()

    def fail(*_args, **_options):
        raise OSError("no locks on this disk")

    monkeypatch.setattr("filelock.FileLock.acquire", fail)
    batch = random_picture((1, 8, 8, 3), "float32")
    result = OpenVinoEngine(network, precision="fp32").upscale(batch)
    assert np.abs(result - expected(generator, batch, 1)).max() < 1e-4


def test_openvino_reports_nothing_to_its_makers():
    """Its converter would: "offline" means that no import calls home."""
    script = (
        "import sys; from srgan import Upscaler; Upscaler('srresnet');"
        "print('openvino' in sys.modules, any('telemetry' in name for name in sys.modules))"
    )
    output = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert output.split() == ["True", "False"]

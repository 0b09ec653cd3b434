"""ncnn's networks, against PyTorch and, where it is installed, ncnn itself; and what is wrong with files."""

import contextlib
import importlib.util
import random
import re
import struct
import tracemalloc

import numpy as np
import pytest
import torch
from ncnn_files import FLOAT16, NcnnWriter, assorted, compact, dense

from srgan.engines.choice import open_engine
from srgan.errors import MissingExtraError, ModelError, UsageError
from srgan.networks.catalogue import find_model, load_card
from srgan.networks.network import load_network
from srgan.networks.realesrgan import REALESRGAN, installed_realesrgan
from srgan.training.networks.described import DescribedNetwork
from srgan.upscaling.upscaler import Upscaler

pytestmark = pytest.mark.usefixtures("cache")

NETWORKS = {
    "dense": (dense, False),
    "dense, 16 bits": (dense, True),
    "compact": (lambda writer: compact(writer, ""), True),
    "compact, bicubic": (compact, False),
    "compact, bilinear": (lambda writer: compact(writer, "bilinear"), True),
    "assorted": (assorted, False),
}


@pytest.fixture(params=NETWORKS)
def case(request, tmp_path):
    make, half = NETWORKS[request.param]
    writer = NcnnWriter(half=half)
    forward, scale = make(writer)
    return writer.save(tmp_path / "net"), forward, scale


def picture(height=24, width=20):
    return np.random.default_rng(0).random((1, height, width, 3), np.float32)


def result_of(forward, batch):
    result = forward(torch.from_numpy(batch).double().permute(0, 3, 1, 2))
    return result.clamp(0, 1).permute(0, 2, 3, 1).numpy()


@pytest.mark.parametrize("name", ["openvino", "torch"])
def test_results_are_those_of_the_layers(case, name):
    path, forward, scale = case
    network = load_network(path)
    engine = open_engine(network, engine=name, precision="fp32", device="cpu")
    truth = result_of(forward, picture())
    assert network.info.scale == scale
    assert truth.std() > 0.02
    assert np.abs(engine.upscale(picture()) - truth).max() <= 1e-4
    as_bytes = np.rint(picture() * 255).astype(np.uint8)
    expected = 255 * result_of(forward, as_bytes / np.float32(255))
    assert np.abs(engine.upscale(as_bytes) - expected).max() <= 0.5 + 255e-4


def test_the_radius_is_enough_for_tiles_to_be_exact(case):
    path, forward, scale = case
    info = load_network(path).info
    context = -(-info.radius // 4) * 4
    batch = picture(24 + 2 * context, 20 + 2 * context)
    inside = slice(scale * context, -scale * context)
    for name in ("openvino", "torch"):
        engine = open_engine(load_network(path), engine=name, precision="fp32", device="cpu")
        truth = result_of(forward, batch)[:, inside, inside]
        assert np.abs(engine.upscale(batch, context) - truth).max() <= 1e-4


def test_the_same_as_a_teacher(case):
    path, forward, _ = case
    batch = torch.from_numpy(picture()).permute(0, 3, 1, 2)
    with torch.inference_mode():
        taught = DescribedNetwork(load_network(path))(batch).clamp(0, 1)
        assert (taught - forward(batch).clamp(0, 1)).abs().max() <= 1e-4


def test_16_bits_keep_sums_as_exact_as_pictures_need(case):
    path, forward, _ = case
    engine = open_engine(load_network(path), engine="torch", precision="bf16", device="cpu")
    assert np.abs(engine.upscale(picture()) - result_of(forward, picture())).mean() <= 0.01


@pytest.mark.skipif(importlib.util.find_spec("ncnn") is None, reason="ncnn is not installed")
def test_results_are_those_of_ncnn(case):
    import ncnn

    path, forward, _ = case
    net = ncnn.Net()
    net.opt.use_fp16_storage = net.opt.use_fp16_packed = net.opt.use_fp16_arithmetic = False
    net.load_param(str(path))
    net.load_model(str(path.with_suffix(".bin")))
    extractor = net.create_extractor()
    given = np.ascontiguousarray(picture()[0].transpose(2, 0, 1))
    extractor.input("data", ncnn.Mat(given).clone())
    _, made = extractor.extract("output")
    truth = np.array(made).transpose(1, 2, 0).clip(0, 1)
    assert np.abs(result_of(forward, picture())[0] - truth).max() <= 1e-4


def test_both_files_names_are_taken(tmp_path, photo):
    writer = NcnnWriter()
    compact(writer, "")
    writer.save(tmp_path / "net")
    results = [
        Upscaler(tmp_path / name, precision="fp32").upscale(photo) for name in ("net.param", "net.bin")
    ]
    assert np.array_equal(*results)
    card = load_card(tmp_path / "net.bin")
    assert (card.name, card.licence) == ("net", "unknown")
    assert "4x" in card.summary


def saved(tmp_path, make=dense):
    writer = NcnnWriter()
    make(writer)
    return writer.save(tmp_path / "net")


def replaced(old, new):
    return lambda path: path.write_text(path.read_text().replace(old, new, 1))


def two_inputs(text):
    magic, _, first, *others = text.splitlines()
    more = [first.replace("data", "more"), *others]
    return "\n".join([magic, f"{len(more) + 1} 99", first, *more])


def with_weights(change):
    def apply(path):
        weights = path.with_suffix(".bin")
        weights.write_bytes(change(weights.read_bytes()))

    return apply


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda path: path.write_text("a letter"), "not a .param"),
        (lambda path: path.write_bytes(b""), "not a .param"),
        (lambda path: path.write_bytes(struct.pack("<3i", 7767517, 3, 3)), "binary .param"),
        (lambda path: path.write_text("7767517\n"), "damaged"),
        (lambda path: path.write_text(path.read_text()[:400]), "get"),
        (replaced("Concat", "Quantize"), "'Quantize'"),
        (replaced("Concat", "Evil\x1b[31m"), r"\\x1b"),
        (replaced("a1 b", "a1 x"), "'x'"),
        (replaced("0=8 1=3", "0=8 1=4"), "output size"),
        (replaced("0=8 1=3", "0=8 1=3 3=2"), "a stride"),
        (replaced("0=8 1=3", "0=8 1=3 8=1"), "8 bits"),
        (replaced("6=216", "6=99999999999999999999"), "does not fit"),
        (replaced("0=8 1=3 4=1 5=1 6=216", f"0={10**12} 1=3 4=1 5=1 6={27 * 10**12}"), "shorter"),
        (replaced("0=8 1=3", "0=nan 1=3"), "not a number"),
        (replaced("-23301=2", "-23301=9"), "damaged"),
        (replaced("-23310=1,2.000000e-01", "-23310=1,nan"), "not a number"),
        (replaced("1=2.000000e+00 2=2", "1=3.000000e+00 2=2"), "fixed size"),
        (replaced("1=2.000000e+00 2=2.000000e+00", "1=2e9 2=2e9"), "high and wide"),
        (replaced("Interp", "Interp0"), "'Interp0'"),
        (lambda path: path.write_text(two_inputs(path.read_text())), "more than one picture"),
        (lambda path: path.with_suffix(".bin").unlink(), "net.bin"),
        (with_weights(lambda raw: raw[:-1]), "shorter"),
        (with_weights(lambda raw: raw[:0]), "shorter"),
        (with_weights(lambda raw: raw + b"0000"), "longer"),
        (with_weights(lambda raw: b"\x38\x4b\x0d\x00" + raw[4:]), "16 bits"),
        (with_weights(lambda raw: raw[:4] + struct.pack("<f", np.nan) + raw[8:]), "finite"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path, change, words):
    path = saved(tmp_path)
    change(path)
    with pytest.raises(ModelError, match=words) as caught:
        load_network(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300 + len(str(path))


def test_a_damaged_file_is_one_line_or_goes_unseen(tmp_path):
    path = saved(tmp_path, assorted)
    text, dice = path.read_bytes(), random.Random(0)
    for _ in range(200):
        changed = bytearray(text)
        for _ in range(3):
            changed[dice.randrange(len(text))] = dice.choice(b"0123456789 =-.,enP\n\0\xff")
        path.write_bytes(changed)
        with contextlib.suppress(ModelError):
            load_network(path)


def test_a_lie_about_sizes_takes_no_memory(tmp_path):
    path = saved(tmp_path)
    text = path.read_text().replace("0=8 1=3 4=1 5=1 6=216", f"0={10**9} 1=3 4=1 5=1 6={27 * 10**9}", 1)
    path.write_text(text)
    path.with_suffix(".bin").write_bytes(FLOAT16.to_bytes(4, "little") + bytes(1000))
    tracemalloc.start()
    with pytest.raises(ModelError, match="shorter"):
        load_network(path)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_a_name_of_real_esrgans_needs_the_package(monkeypatch):
    monkeypatch.setattr("srgan.networks.realesrgan._PACKAGE", "no_such_package")
    assert installed_realesrgan() == []
    for name in REALESRGAN:
        with pytest.raises(MissingExtraError, match=r"\[realesrgan\]"):
            find_model(name)
    with pytest.raises(UsageError, match="did you mean 'realesrgan-x4plus'"):
        find_model("realesrgan-x4pluss")


def test_networks_in_the_package_go_by_their_names_and_its_code_does_not_run(tmp_path, monkeypatch):
    package = tmp_path / "some_package"
    (package / "models").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    writer = NcnnWriter()
    compact(writer)
    writer.save(package / "models" / "realesr-animevideov3-x3")
    monkeypatch.setattr("srgan.networks.realesrgan._PACKAGE", "some_package")
    monkeypatch.syspath_prepend(tmp_path)
    assert installed_realesrgan() == ["realesr-animevideov3-x3"]
    card = load_card("realesr-animevideov3-x3")
    assert card.summary == REALESRGAN["realesr-animevideov3-x3"]
    assert "BSD-3-Clause" in card.licence
    assert load_network("realesr-animevideov3-x3").info.scale == 3
    with pytest.raises(MissingExtraError):
        find_model("realesrgan-x4plus")


def test_a_shuffle_that_moves_nothing_is_run(tmp_path):
    writer = NcnnWriter(half=False)
    assorted(writer)
    path = writer.save(tmp_path / "net")
    moves_nothing = "PixelShuffle first 1 1 data data0 0=1 1=1"
    path.write_text(re.sub(r"BinaryOp +BinaryOp_1 .*", moves_nothing, path.read_text(), count=1))
    engines = [
        open_engine(load_network(path), engine=name, precision="fp32", device="cpu")
        for name in ("openvino", "torch")
    ]
    first, second = (engine.upscale(picture()) for engine in engines)
    assert np.abs(first - second).max() <= 1e-4


def test_a_shuffle_of_more_than_there_is_is_refused(tmp_path):
    writer = NcnnWriter(half=False)
    assorted(writer)
    path = writer.save(tmp_path / "net")
    changed, count = re.subn(r"(PixelShuffle .*) 0=2 1=1", r"\1 0=1000000000000 1=1", path.read_text())
    assert count == 1
    path.write_text(changed)
    with pytest.raises(ModelError, match="PixelShuffle"):
        load_network(path)

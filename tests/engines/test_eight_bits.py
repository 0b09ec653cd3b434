"""Networks in 8 bits: that it is 8 bits, close to 32, chosen where it should be, and as seamless as ever."""

from dataclasses import replace

import numpy as np
import pytest
import skimage.data
import torch
from openvino import opset13

from srgan.cpu import multiplies_eight_bits, sums_eight_bits_exactly
from srgan.engines import openvino
from srgan.engines.choice import open_engine
from srgan.engines.eight_bits import EightBitMaps
from srgan.engines.graph import build_model
from srgan.engines.openvino import OpenVinoEngine, import_openvino
from srgan.engines.peaks import PeakMeter
from srgan.errors import ModelError, UsageError
from srgan.images.resize import bicubic
from srgan.metrics.fidelity import psnr
from srgan.networks.architecture import GeneratorConfig
from srgan.networks.architectures.rrdbnet import RRDBNet
from srgan.networks.card import ModelCard
from srgan.networks.eight_bits import EightBits
from srgan.networks.network import Network, describe_foreign, load_network
from srgan.upscaling.upscaler import Upscaler

needs_int8 = pytest.mark.skipif(
    not multiplies_eight_bits(), reason="this processor is not known to compute in int8"
)
pytestmark = pytest.mark.usefixtures("cache")


def picture(side=48):
    return bicubic(skimage.data.astronaut()[: 4 * side, : 4 * side], 0.25)


def random_tensors(shapes):
    """Parameters that keep the size of maps, and make a picture around grey."""
    torch.manual_seed(0)
    tensors = {}
    for name, shape in shapes.items():
        if len(shape) == 4:
            tensors[name] = torch.nn.init.kaiming_uniform_(torch.empty(shape)).numpy()
        elif "activation" in name:
            tensors[name] = np.full(shape, 0.2, np.float32)
        else:
            tensors[name] = torch.empty(shape).uniform_(-0.1, 0.1).numpy()
    last = list(shapes)[-2].rpartition(".")[0]
    tensors[f"{last}.weight"] *= 0.05
    tensors[f"{last}.bias"] += 0.5
    return tensors


def own_network(kind):
    config = GeneratorConfig(architecture=kind, blocks=3, channels=32)
    return Network.of(ModelCard(name="random", generator=config), random_tensors(config.shapes()))


def dense_network():
    architecture = RRDBNet(blocks=1, channels=32, growth=16, enlargements=2, unshuffle=1)
    return Network(
        card=ModelCard(name="dense", generator=None),
        info=describe_foreign(architecture),
        architecture=architecture,
        tensors=random_tensors(architecture.shapes()),
    )


NETWORKS = {
    "srresnet": lambda: own_network("srresnet"),
    "compact": lambda: own_network("compact"),
    "rrdbnet": dense_network,
}


def calibrated(network, loss=0.0, likeness=50.0, pattern=0):
    peaks = PeakMeter(network).measure([picture()])
    return replace(network, eight_bits=EightBits(peaks=peaks, loss=loss, likeness=likeness, pattern=pattern))


def test_peaks_are_how_far_maps_go_to_both_sides():
    network = own_network("compact")
    peaks = PeakMeter(network).measure([picture()])
    x = torch.from_numpy(picture().astype(np.float32) / 255).permute(2, 0, 1)[None]
    for name, activation in (("head", "head_activation"), ("blocks.0.conv", "blocks.0.activation")):
        weight, bias = (torch.from_numpy(network.tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
        x = torch.nn.functional.conv2d(x, weight, bias, padding=1)
        x = torch.nn.functional.prelu(x, torch.from_numpy(network.tensors[f"{activation}.weight"]))
        reader = {"head": "blocks.0.conv", "blocks.0.conv": "blocks.1.conv"}[name]
        expected = [x.neg().clamp(min=0).amax((0, 2, 3)), x.clamp(min=0).amax((0, 2, 3))]
        np.testing.assert_allclose(peaks[reader], torch.stack(expected), atol=1e-3)
    assert "head" not in peaks


@needs_int8
@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("context", [0, 6])
def test_eight_bits_are_close_to_thirty_two(kind, context):
    network = calibrated(NETWORKS[kind]())
    batch = picture()[None]
    exact = OpenVinoEngine(network, precision="fp32").upscale(batch, context)
    narrow = OpenVinoEngine(network, precision="int8").upscale(batch, context)
    assert not np.array_equal(narrow, exact)
    assert psnr(narrow, exact) > (38 if sums_eight_bits_exactly() else 36)


@pytest.mark.parametrize(("is_exact", "most"), [(True, 127), (False, 64)])
def test_weights_are_as_large_as_the_processors_sums_allow(monkeypatch, is_exact, most):
    monkeypatch.setattr("srgan.engines.eight_bits.sums_eight_bits_exactly", lambda: is_exact)
    model = calibrated_model(calibrated(own_network("compact")))
    weights = [node.data for node in model.get_ops() if is_eight_bit_weight(node)]
    assert weights
    assert max(np.abs(weight.astype(int)).max() for weight in weights) == most


@needs_int8
def test_sums_do_not_saturate():
    network = load_network("fast")
    noise = 255 * np.random.default_rng(0).integers(0, 2, (1, 96, 128, 1), np.uint8).repeat(3, axis=3)
    core, options = import_openvino().Core(), {"INFERENCE_PRECISION_HINT": "f32"}
    model = calibrated_model(network)
    narrow = core.compile_model(model, "CPU", options)([noise])[0]
    in_floats = core.compile_model(model, "CPU", {**options, "LP_TRANSFORMS_MODE": False})([noise])[0]
    assert psnr(narrow, in_floats) > 52


def calibrated_model(network):
    """The graph of a network in 8 bits, for bytes."""
    return build_model(network, is_byte=True, context=0, peaks=network.eight_bits.peaks)


def is_eight_bit_weight(node):
    return node.get_type_name() == "Constant" and node.get_element_type().get_type_name() == "i8"


@needs_int8
@pytest.mark.parametrize("kind", NETWORKS)
def test_all_layers_that_have_ranges_run_in_eight_bits(kind):
    network = calibrated(NETWORKS[kind]())
    engine = OpenVinoEngine(network, precision="int8")
    operations = engine._model(True, 0).get_runtime_model().get_ops()
    types = [
        node.get_rt_info()["primitiveType"].astype(str)
        for node in operations
        if node.get_rt_info()["layerType"].astype(str) == "Convolution"
    ]
    assert sum(kind.lower().endswith("i8") for kind in types) == len(network.eight_bits.peaks)


@needs_int8
def test_layers_without_ranges_keep_more_bits():
    network = calibrated(own_network("srresnet"))
    batch = picture()[None]
    nothing = replace(network, eight_bits=EightBits(peaks={}, loss=0.0))
    more = OpenVinoEngine(network, precision="auto").precision_for("uint16")
    expected = OpenVinoEngine(network, precision=more).upscale(batch)
    np.testing.assert_array_equal(OpenVinoEngine(nothing, precision="int8").upscale(batch), expected)


@pytest.mark.parametrize(
    ("figures", "has_instructions", "is_exact", "expected"),
    [
        ((0.05, 40.0, 1), True, True, True),
        ((0.05, 40.0, 1), True, False, False),
        ((0.035, 40.0, 1), True, False, True),
        ((0.051, 50.0, 0), True, True, False),
        ((-0.1, 39.9, 0), True, True, False),
        ((0.0, 50.0, 2), True, True, False),
        ((0.0, 50.0, 0), False, False, False),
    ],
)
def test_auto_is_int8_where_the_processor_is_made_for_it_and_little_is_changed(
    monkeypatch, figures, has_instructions, is_exact, expected
):
    monkeypatch.setattr(openvino, "multiplies_eight_bits", lambda: has_instructions)
    monkeypatch.setattr(openvino, "sums_eight_bits_exactly", lambda: is_exact)
    engine = OpenVinoEngine(calibrated(own_network("compact"), *figures))
    assert (engine.precision == "int8") is expected


def test_int8_is_refused_where_it_cannot_be(monkeypatch):
    network = own_network("compact")
    with pytest.raises(UsageError, match="srgan calibrate") as error:
        open_engine(network, precision="int8", device="cpu")
    assert error.value.field == "precision"
    monkeypatch.setattr(openvino, "multiplies_eight_bits", lambda: False)
    with pytest.raises(UsageError, match="processor"):
        OpenVinoEngine(calibrated(network), precision="int8")


@needs_int8
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_pictures_of_more_bits_never_take_eight(dtype):
    network = calibrated(own_network("compact"))
    white = 65535 if dtype == "uint16" else 1
    ramp = np.tile(np.linspace(0, white, 64)[None, None, :, None], (1, 16, 1, 3)).astype(dtype)
    engine = OpenVinoEngine(network)
    assert engine.precision == engine.precision_for("uint8") == "int8"
    more = engine.precision_for(dtype)
    assert more in ("fp32", "bf16")
    expected = OpenVinoEngine(network, precision=more).upscale(ramp)
    np.testing.assert_array_equal(engine.upscale(ramp), expected)
    with pytest.raises(UsageError, match="8 bits") as error:
        OpenVinoEngine(network, precision="int8").upscale(ramp)
    assert error.value.field == "precision"


def test_layers_that_read_one_map_keep_their_own_ranges():
    """As where one reads it as it is, and another behind a shuffle."""
    values = np.linspace(0, 100, 64, dtype=np.float32).reshape(1, 1, 8, 8)
    weight = np.ones((1, 1, 1, 1), np.float32)
    peaks = {name: np.array([[0], [peak]], np.float32) for name, peak in {"near": 10, "far": 100}.items()}

    def results(names):
        node = opset13.parameter([1, 1, 8, 8], np.float32)
        maps = EightBitMaps(opset13, peaks)
        ends = [opset13.multiply(*maps.inputs(name, node, weight)) for name in names]
        model = import_openvino().Core().compile_model(import_openvino().Model(ends, [node]), "CPU")
        return [np.array(each) for each in model([values]).values()]

    near, far = results(["near", "far"])
    np.testing.assert_array_equal(near, *results(["near"]))
    np.testing.assert_array_equal(far, *results(["far"]))
    assert near.max() < 11 < far.max()


@needs_int8
def test_ranges_of_another_network_are_one_clear_error():
    network = calibrated(own_network("compact"))
    wrong = {name: peak[:, 1:] for name, peak in network.eight_bits.peaks.items()}
    wrong = replace(network, eight_bits=EightBits(peaks=wrong, loss=0.0))
    with pytest.raises(ModelError, match="calibrate the network again"):
        OpenVinoEngine(wrong, precision="int8").upscale(picture()[None])


def shipped_in_eight_bits():
    upscaler = Upscaler("fast", device="cpu", precision="int8")
    assert upscaler.engine.precision == "int8"
    return upscaler


@needs_int8
def test_tiles_leave_no_seam():
    whole = Upscaler("fast", device="cpu", precision="int8", tile="off").upscale(picture(80))
    tiled = Upscaler("fast", device="cpu", precision="int8", tile=32).upscale(picture(80))
    assert np.abs(whole.astype(int) - tiled).max() <= 1
    assert np.mean(whole != tiled) < 1e-3


@needs_int8
@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (200, 30, 60), (0, 0, 255)])
def test_flat_stays_flat_and_of_its_colour(colour):
    flat = np.full((24, 40, 3), colour, np.uint8)
    result = shipped_in_eight_bits().upscale(flat)
    assert (result == np.tile(result[:4, :4], (24, 40, 1))).all()  # every pixel becomes the same 4x4
    assert (result.max((0, 1)).astype(int) - result.min((0, 1))).max() <= 3
    exact = Upscaler("fast", device="cpu", precision="fp32").upscale(flat)
    assert np.abs(result.astype(int) - exact).max() <= 2


@needs_int8
def test_grey_stays_grey():
    grey = np.repeat(picture()[:, :, 1:2], 3, axis=2)
    result = shipped_in_eight_bits().upscale(grey)
    assert (result == result[:, :, :1]).all()


@needs_int8
def test_consistent_results_give_their_input_back():
    small = picture()
    result = Upscaler("fast", device="cpu", precision="int8", consistent=True).upscale(small)
    back = bicubic(result, 0.25)
    assert np.mean(np.abs(back.astype(int) - small) > 1) < 0.01


@needs_int8
def test_unchanged_regions_of_films_are_what_the_frame_alone_gives():
    upscaler = shipped_in_eight_bits()
    first = picture(64)
    second = first.copy()
    second[40:50, 10:20] = 255 - second[40:50, 10:20]
    frames = list(upscaler.frames(iter([first, second, second])))
    for frame, small in zip(frames, (first, second, second), strict=True):
        assert np.abs(frame.astype(int) - upscaler.upscale(small)).max() <= 1


@needs_int8
def test_a_blend_is_computed_in_more_bits():
    assert load_network("photo").eight_bits is not None
    assert load_network("photo", 0.5).eight_bits is None
    assert Upscaler("photo", detail=0.5, device="cpu").engine.precision != "int8"


def test_the_processors_instructions_are_read_where_linux_lists_them(tmp_path):
    for name, flags, is_fast, is_exact in (
        ("new", "avx2 avx512_vnni", True, True),
        ("small", "avx2 avx_vnni", True, True),
        ("usual", "avx2", True, False),
        ("old", "sse4_2 avx", False, False),
    ):
        info = tmp_path / name
        info.write_text(f"processor : 0\nflags\t\t: fpu {flags}\n")
        assert multiplies_eight_bits(info) is is_fast
        assert sums_eight_bits_exactly(info) is is_exact
    assert not multiplies_eight_bits(tmp_path / "none")

"""Other people's networks, against what their own descriptions in PyTorch make of the same weights."""

import numpy as np
import pytest
import safetensors.torch
import torch
from reference_networks import EDSR, SPAN, MSRResNet, RRDBNet, SRVGGNetCompact, random_network

from srgan.engines.choice import open_engine
from srgan.errors import ModelError, UsageError
from srgan.networks.catalogue import load_card
from srgan.networks.network import FOREIGN_HALO, load_network
from srgan.training.networks.described import DescribedNetwork
from srgan.upscaling.upscaler import Upscaler

pytestmark = pytest.mark.usefixtures("cache")

# The network, its last convolution, its scale, what its pictures' sides are multiples of.
NETWORKS = {
    "rrdbnet": (lambda: RRDBNet(), "conv_last", 4, 1),
    "rrdbnet x1": (lambda: RRDBNet(unshuffle=4), "conv_last", 1, 4),
    "rrdbnet x1 without enlargement": (lambda: RRDBNet(ups=0), "conv_last", 1, 1),
    "rrdbnet x2": (lambda: RRDBNet(blocks=1, c=12, growth=5, unshuffle=2), "conv_last", 2, 2),
    "rrdbnet x8": (lambda: RRDBNet(blocks=1, ups=3), "conv_last", 8, 1),
    "compact": (lambda: SRVGGNetCompact(), "body.8", 4, 1),
    "compact x1": (lambda: SRVGGNetCompact(blocks=1, c=6, scale=1), "body.4", 1, 1),
    "compact x3": (lambda: SRVGGNetCompact(blocks=2, scale=3), "body.6", 3, 1),
    "compact, relu": (lambda: SRVGGNetCompact(scale=2, activation="relu"), "body.8", 2, 1),
    "msrresnet": (lambda: MSRResNet(), "conv_last", 4, 1),
    "msrresnet x3": (lambda: MSRResNet(blocks=3, scale=3), "conv_last", 3, 1),
    "msrresnet x2": (lambda: MSRResNet(c=6, scale=2), "conv_last", 2, 1),
    "edsr": (lambda: EDSR(), "conv_last", 4, 1),
    "edsr x3": (lambda: EDSR(blocks=1, scale=3), "conv_last", 3, 1),
    "edsr of 256 channels": (lambda: EDSR(blocks=1, c=256, scale=2, share=0.1), "conv_last", 2, 1),
    "span": (lambda: SPAN(), "upsampler.0", 4, 1),
    "span x2 without norm": (lambda: SPAN(c=6, scale=2, norm=False), "upsampler.0", 2, 1),
}


@pytest.fixture(params=NETWORKS)
def case(request, tmp_path):
    make, last, scale, multiple = NETWORKS[request.param]
    network = random_network(make(), last)
    path = tmp_path / "net.safetensors"
    safetensors.torch.save_file(network.state_dict(), path)
    return network, path, scale, multiple


def result_of(network, batch):
    with torch.inference_mode():
        result = network.double()(torch.from_numpy(batch).double().permute(0, 3, 1, 2))
    return result.clamp(0, 1).permute(0, 2, 3, 1).numpy()


def picture(height=24, width=20):
    return 0.3 + 0.4 * np.random.default_rng(0).random((1, height, width, 3), np.float32)


@pytest.mark.parametrize("name", ["openvino", "torch"])
def test_results_are_those_of_the_network_itself(case, name):
    network, path, scale, multiple = case
    found = load_network(path)
    engine = open_engine(found, engine=name, precision="fp32", device="cpu")
    truth = result_of(network, picture())

    assert (found.info.scale, found.info.multiple) == (scale, multiple)
    assert truth.std() > 0.02
    assert np.mean((truth > 0) & (truth < 1)) > 0.9
    for context in (0, 4):
        inside = slice(scale * context, -scale * context or None)
        result = engine.upscale(picture(), context)
        assert np.abs(result - truth[:, inside, inside]).max() <= 1e-4
    as_bytes = np.rint(picture() * 255).astype(np.uint8)
    expected = 255 * result_of(network, as_bytes / np.float32(255))
    assert np.abs(engine.upscale(as_bytes) - expected).max() <= 0.5 + 255e-4


def test_the_same_in_plain_pytorch(case):
    network, path, *_ = case
    batch = torch.from_numpy(picture()).permute(0, 3, 1, 2)
    with torch.inference_mode():
        assert (DescribedNetwork(load_network(path))(batch) - network(batch)).abs().max() <= 1e-4


def test_the_radius_is_what_the_result_depends_on(case):
    network, path, scale, multiple = case
    radius = load_network(path).info.radius
    middle = -(-(radius + 8) // 4) * 4
    batch = torch.rand(1, 3, 2 * middle, 2 * middle, dtype=torch.float64, requires_grad=True)
    cell = slice(scale * middle, scale * (middle + multiple))  # of pixels that have one place in the network
    network.double()(batch)[..., cell, cell].sum().backward()
    rows = batch.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    reached = max(middle - int(rows.min()), int(rows.max()) - (middle + multiple - 1))
    # From two pixels of a cell it is as far as from their cell: up to a cell less one pixel may lack.
    assert radius - multiple < reached <= radius


def test_sizes_that_a_network_cannot_take_are_padded_and_cropped(tmp_path):
    network = random_network(RRDBNet(blocks=1, unshuffle=4), "conv_last")
    torch.save(network.state_dict(), tmp_path / "net.pth")
    upscaler = Upscaler(tmp_path / "net.pth", precision="fp32", engine="openvino")
    pixels = picture(13, 9)[0]
    whole = result_of(network, np.pad(pixels, ((40, 43), (40, 43), (0, 0)), "reflect")[None])[0, 40:53, 40:49]
    for tile in ("off", 16):
        again = Upscaler(tmp_path / "net.pth", precision="fp32", engine="openvino", tile=tile, halo=40)
        assert np.abs(again.upscale(pixels) - whole).max() <= 1e-4
    assert upscaler.upscale(pixels).shape == (13, 9, 3)
    assert upscaler.info.halo == min(FOREIGN_HALO, upscaler.info.radius)


@pytest.mark.parametrize("tile", ["auto", 48])
def test_pictures_that_follow_each_other_are_enlarged_as_each_alone(tmp_path, tile):
    network = random_network(RRDBNet(blocks=1), "conv_last")
    torch.save(network.state_dict(), tmp_path / "net.pth")
    upscaler = Upscaler(tmp_path / "net.pth", precision="fp32", engine="openvino", tile=tile)
    first = picture(90, 70)[0]
    second = first.copy()
    second[3:6, 3:6] = 0.5  # near a border, where a whole picture has fewer surroundings than a tile
    for alone, together in zip((first, second), upscaler.frames([first, second]), strict=True):
        assert np.array_equal(together, upscaler.upscale(alone))


FIRST = {  # of ESRGAN's names; the numbers of its last layers go up with the enlargements
    "conv_first": "model.0",
    "conv_body": "model.1.sub.2",
    "conv_up1": "model.3",
    "conv_up2": "model.6",
    "conv_hr": "model.8",
    "conv_last": "model.10",
}
SECOND = {
    "conv_body": "trunk_conv",
    "conv_up1": "upconv1",
    "conv_up2": "upconv2",
    "conv_hr": "HRconv",
}


def by_first_names(name):
    layer, _, kind = name.rpartition(".")
    if layer in FIRST:
        return f"{FIRST[layer]}.{kind}"
    _, block, dense, convolution = layer.split(".")
    return f"model.1.sub.{block}.{dense.upper()}.{convolution}.0.{kind}"


def by_second_names(name):
    layer, _, kind = name.rpartition(".")
    return f"{SECOND.get(layer, layer)}.{kind}".replace("body.", "RRDB_trunk.", 1).replace("rdb", "RDB")


def by_edsr_names(name):
    layer, _, kind = name.rpartition(".")
    names = {"conv_first": "head.0", "conv_after_body": "body.2", "conv_last": "tail.1"}
    for old, new in {"conv1": "body.0", "conv2": "body.2", "upsample": "tail.0"}.items():
        layer = layer.replace(old, new)
    return f"{names.get(layer, layer)}.{kind}"


@pytest.mark.parametrize(
    ("network", "rename"),
    [
        (RRDBNet, by_first_names),
        (RRDBNet, by_second_names),
        (RRDBNet, lambda name: f"module.{name}"),
        (EDSR, by_edsr_names),
        (EDSR, lambda name: f"generator.{name}"),
        (MSRResNet, lambda name: name.replace("body", "recon_trunk").replace("conv_hr", "HRconv")),
    ],
)
def test_a_network_is_known_by_all_names_of_its_tensors(tmp_path, network, rename):
    reference = random_network(network(), "conv_last")
    tensors = {rename(name): tensor for name, tensor in reference.state_dict().items()}
    assert len(tensors) == len(reference.state_dict())
    safetensors.torch.save_file(tensors, tmp_path / "net.safetensors")
    engine = open_engine(load_network(tmp_path / "net.safetensors"), engine="openvino", precision="fp32")
    assert np.abs(engine.upscale(picture()) - result_of(reference, picture())).max() <= 1e-4


@pytest.mark.parametrize(("activation", "slope"), [("relu", 0.0), ("leakyrelu", 0.1)])
def test_activations_without_tensors_are_told_by_the_colours_they_keep(tmp_path, activation, slope):
    network = SRVGGNetCompact(blocks=0, c=3, activation=activation).eval()
    first, _, last = network.body
    texture = torch.randn(last.weight.shape, generator=torch.Generator().manual_seed(0)) * 0.2
    with torch.no_grad():
        # z, -z and z + 2, z being the lightness: activated, and with these weights, they add up to 0.
        for layer in (first, last):
            layer.weight.zero_()
        first.weight[..., 1, 1] = torch.tensor([[1.0], [-1.0], [1.0]]).expand(3, 3) / 3
        first.bias.copy_(torch.tensor([-0.5, 0.5, 1.5]))
        last.weight[..., 1, 1] = torch.tensor([1.0, -1.0, -1.0 - slope])
        last.bias.fill_(2 * (1 + slope))
        last.weight += texture - texture.mean((2, 3), keepdim=True)  # which does nothing to flat pictures
    safetensors.torch.save_file(network.state_dict(), tmp_path / "net.safetensors")
    engine = open_engine(load_network(tmp_path / "net.safetensors"), engine="openvino", precision="fp32")
    assert np.abs(engine.upscale(picture()) - result_of(network, picture())).max() <= 1e-4


def test_the_card_says_what_was_found(tmp_path):
    torch.save({"params": RRDBNet().half().state_dict()}, tmp_path / "my-favourite.pth")
    card = load_card(tmp_path / "my-favourite.pth")
    assert (card.name, card.licence, card.generator) == ("my-favourite", "unknown", None)
    assert all(word in card.summary for word in ("RRDBNet", "4x", "8 channels"))
    with pytest.raises(UsageError, match="no fidelity sibling") as caught:
        load_network(tmp_path / "my-favourite.pth", 0.5)
    assert caught.value.field == "model"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tensors: tensors.pop("conv_body.bias"), "'conv_body.bias' is missing"),
        (
            lambda tensors: tensors.update({"more.weight": torch.zeros(3)}),
            "'more.weight' that RRDBNet",
        ),
        (lambda tensors: tensors.update({"conv_hr.weight": torch.zeros(8, 9, 3, 3)}), "'conv_hr.weight'"),
        (lambda tensors: tensors.update({"conv_first.weight": torch.zeros(8, 1, 3, 3)}), "RGB"),
        (lambda tensors: tensors.update({"conv_first.weight": torch.zeros(8)}), "'conv_first.weight'"),
        (
            lambda tensors: tensors["conv_hr.bias"].fill_(torch.nan),
            "'conv_hr.bias' holds values",
        ),
        (
            lambda tensors: [tensors.pop(name) for name in [*tensors] if "rdb1" in name],
            "no network",
        ),
        (lambda tensors: tensors.clear(), "no network"),
    ],
)
@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_tensors_that_do_not_fit_are_one_line(tmp_path, change, message, ending):
    tensors = RRDBNet().state_dict()
    change(tensors)
    path = tmp_path / f"net.{ending}"
    torch.save(tensors, path) if ending == "pth" else safetensors.torch.save_file(dict(tensors), path)
    with pytest.raises(ModelError, match=message) as caught:
        load_network(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_two_networks_in_one_file_are_refused_and_a_companion_is_not(tmp_path):
    one, other = RRDBNet().state_dict(), SRVGGNetCompact().state_dict()
    for ending, pair in (("pth", {"a": one, "b": other}), ("safetensors", {})):
        path = tmp_path / f"both.{ending}"
        flat = {f"{name}.{key}": item for name, of in (("a", one), ("b", other)) for key, item in of.items()}
        torch.save(pair, path) if pair else safetensors.torch.save_file(flat, path)
        with pytest.raises(ModelError, match=r"several networks \(a, b\)"):
            load_network(path)
    discriminator = {f"net_d.{number}.weight": torch.zeros(3, 3) for number in range(3)}
    torch.save({f"net_g.{name}": item for name, item in one.items()} | discriminator, path)
    assert load_network(path).info.scale == 4


def test_tensors_of_bfloat16_are_read_and_those_of_8_bits_refused(tmp_path):
    network = random_network(SRVGGNetCompact(), "body.8")
    halves = {name: tensor.bfloat16() for name, tensor in network.state_dict().items()}
    halves["body.0.bias"] = network.state_dict()["body.0.bias"]  # as some files have it
    safetensors.torch.save_file(halves, tmp_path / "half.safetensors")
    tensors = load_network(tmp_path / "half.safetensors").tensors
    wide = {name: tensor.float() for name, tensor in halves.items()}
    safetensors.torch.save_file(wide, tmp_path / "whole.safetensors")
    whole = load_network(tmp_path / "whole.safetensors").tensors
    assert tensors.keys() == whole.keys()
    assert all(np.array_equal(tensors[name], whole[name]) for name in whole)
    eight = {name: tensor.to(torch.float8_e4m3fn) for name, tensor in network.state_dict().items()}
    safetensors.torch.save_file(eight, tmp_path / "eight.safetensors")
    with pytest.raises(ModelError, match=r"eight\.safetensors: holds numbers of a type that cannot be read"):
        load_network(tmp_path / "eight.safetensors")

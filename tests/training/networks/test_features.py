import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from srgan.errors import ModelError
from srgan.training.networks.features import SqueezeFeatures, VGGFeatures, read_feature_weights

# torchvision's vgg19().features, written out: index of each convolution, its inputs and outputs.
VGG19 = {
    0: (3, 64), 2: (64, 64), 5: (64, 128), 7: (128, 128), 10: (128, 256), 12: (256, 256), 14: (256, 256),
    16: (256, 256), 19: (256, 512), 21: (512, 512), 23: (512, 512), 25: (512, 512), 28: (512, 512),
    30: (512, 512), 32: (512, 512), 34: (512, 512),
}  # fmt: skip
POOLS = (4, 9, 18, 27)


@pytest.fixture(scope="module")
def vgg_tensors():
    torch.manual_seed(0)
    tensors = {"classifier.0.weight": torch.zeros(1)}
    for index, (inputs, outputs) in VGG19.items():
        tensors[f"features.{index}.weight"] = torch.randn(outputs, inputs, 3, 3) * (2 / (9 * inputs)) ** 0.5
        tensors[f"features.{index}.bias"] = torch.randn(outputs) * 0.1
    return tensors


def test_vgg_features_are_conv5_4_before_activation_computed_a_second_way(vgg_tensors, tmp_path):
    torch.save(vgg_tensors, tmp_path / "vgg19.pth")
    network = VGGFeatures(read_feature_weights(tmp_path / "vgg19.pth"))
    image = torch.rand(1, 3, 32, 48)
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    x = torch.stack([(image[:, i] - mean[i]) / deviation[i] for i in range(3)], 1)
    for index in range(35):
        if index in VGG19:
            weight, bias = (vgg_tensors[f"features.{index}.{part}"] for part in ("weight", "bias"))
            x = F.conv2d(x, weight, bias, padding=1)
        else:
            x = F.max_pool2d(x, 2) if index in POOLS else x.relu()
    (maps,) = network(image)
    assert maps.shape == (1, 512, 2, 3)
    torch.testing.assert_close(maps, x / 12.75, atol=1e-5, rtol=1e-4)
    # The paper: "rescaled ... by a factor of 1/12.75 ... equivalent to multiplying equation 5 by 0.006".
    assert 1 / 12.75**2 == pytest.approx(0.006, abs=2e-4)  # noqa: SIM300


def test_feature_networks_are_never_trained(vgg_tensors):
    network = VGGFeatures(vgg_tensors)
    assert not any(parameter.requires_grad for parameter in network.parameters())
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    network(image)[0].sum().backward()
    assert image.grad.abs().sum() > 0


def squeeze_tensors():
    rng = np.random.default_rng(0)
    shapes = {"conv1": (96, 3, 7)}
    inputs = 96
    for fire, (squeezed, expanded) in enumerate(
        [(16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256)], start=2
    ):
        shapes[f"fire{fire}.squeeze1x1"] = (squeezed, inputs, 1)
        shapes[f"fire{fire}.expand1x1"] = (expanded, squeezed, 1)
        shapes[f"fire{fire}.expand3x3"] = (expanded, squeezed, 3)
        inputs = 2 * expanded
    tensors = {}
    for name, (outputs, inputs, size) in shapes.items():
        tensors[f"{name}.weight"] = rng.normal(
            0, (2 / (inputs * size**2)) ** 0.5, (outputs, inputs, size, size)
        )
        tensors[f"{name}.bias"] = rng.normal(0, 0.1, outputs)
    return {name: tensor.astype(np.float32) for name, tensor in tensors.items()}


def squeezenet(tensors, image):
    """SqueezeNet 1.0 as published, with a stride of 2: maps after conv1, fire4 and fire8, of unit length."""

    def convolution(x, name, **options):
        weight, bias = (torch.from_numpy(tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
        return F.conv2d(x, weight, bias, **options).relu()

    def fires(x, numbers):
        for number in numbers:
            squeezed = convolution(x, f"fire{number}.squeeze1x1")
            narrow = convolution(squeezed, f"fire{number}.expand1x1")
            x = torch.cat((narrow, convolution(squeezed, f"fire{number}.expand3x3", padding=1)), 1)
        return x

    bgr = image.numpy()[:, ::-1].copy() * 255 - np.array([104, 117, 123]).reshape(3, 1, 1)
    first = convolution(torch.from_numpy(bgr.astype(np.float32)), "conv1", stride=2)
    fourth = fires(F.max_pool2d(first, 3, 2, ceil_mode=True), (2, 3, 4))
    eighth = fires(F.max_pool2d(fourth, 3, 2, ceil_mode=True), (5, 6, 7, 8))
    return [F.normalize(maps, dim=1) for maps in (first, fourth, eighth)]


def test_squeeze_features_are_the_network_s_from_each_of_four_starts(tmp_path):
    tensors = squeeze_tensors()
    np.savez(tmp_path / "squeezenet.npz", **tensors)
    network = SqueezeFeatures(read_feature_weights(tmp_path / "squeezenet.npz"))
    image = torch.rand(2, 3, 64, 70)

    first, fourth, eighth = network(image)

    assert (first.shape[1], fourth.shape[1], eighth.shape[1]) == (96, 256, 512)
    for number, (y, x) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        expected = squeezenet(tensors, image[:, :, y:, x:])
        part = slice(2 * number, 2 * number + 2)
        found = first[:, :, y::2, x::2], fourth[part], eighth[part]
        for maps, wanted in zip(found, expected, strict=True):
            torch.testing.assert_close(maps, wanted, atol=1e-4, rtol=1e-3)


def test_safetensors_are_read_too(vgg_tensors, tmp_path):
    save_file(vgg_tensors, tmp_path / "vgg.safetensors")
    read = read_feature_weights(tmp_path / "vgg.safetensors")
    assert torch.equal(read["features.34.bias"], vgg_tensors["features.34.bias"])


def test_wrong_files_are_one_clear_line(vgg_tensors, tmp_path):
    with pytest.raises(ModelError, match=r"no such file .* vgg19-dcbb9e9d\.pth"):
        read_feature_weights(tmp_path / "none.pth")
    (tmp_path / "vgg19-dcbb9e9d.pth").write_bytes(b"not those weights")
    with pytest.raises(ModelError, match="SHA-256 does not start with dcbb9e9d"):
        read_feature_weights(tmp_path / "vgg19-dcbb9e9d.pth")
    for name in ("bad.pth", "bad.npz", "bad.safetensors"):
        (tmp_path / name).write_bytes(b"not weights")
        with pytest.raises(ModelError, match="not readable feature weights"):
            read_feature_weights(tmp_path / name)
    with pytest.raises(ModelError, match=r"not those of SqueezeNet 1\.0: 'conv1\.weight'"):
        SqueezeFeatures(vgg_tensors)

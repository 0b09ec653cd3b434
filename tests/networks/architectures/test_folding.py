"""Folded batch norms and shuffles against torch's."""

import pytest
import torch
from torch.nn import functional as F

from srgan.networks.architecture import GeneratorConfig
from srgan.networks.architectures.folding import fold_norm, fold_shuffle
from srgan.training.networks.generator import make_generator


def generator_with_norms():
    torch.manual_seed(0)
    generator = make_generator(GeneratorConfig(blocks=1, channels=16, norm="batch")).eval()
    for module in generator.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
                tensor.uniform_(0.5, 1.5)
    return generator


def test_a_folded_norm_equals_convolution_then_norm():
    generator = generator_with_norms()
    block = generator.blocks[0]
    tensors = {name: tensor.numpy() for name, tensor in generator.state_dict().items()}
    x = torch.rand(1, 16, 6, 7)
    weight, bias = fold_norm(tensors, "blocks.0.conv1", "blocks.0.norm1")
    with torch.no_grad():
        expected = block.norm1(block.conv1(x))
    folded = F.conv2d(x, torch.from_numpy(weight), torch.from_numpy(bias), padding=1)
    torch.testing.assert_close(folded, expected, rtol=1e-5, atol=1e-5)


def test_a_convolution_without_norm_is_left_alone():
    generator = generator_with_norms()
    tensors = {name: tensor.numpy() for name, tensor in generator.state_dict().items()}
    weight, bias = fold_norm(tensors, "tail", "tail_norm")
    assert weight is tensors["tail.weight"]
    assert bias is tensors["tail.bias"]


@pytest.mark.parametrize("size", [1, 3, 5, 9])
@pytest.mark.parametrize("side", [1, 2, 3, 4])
def test_fold_shuffle_equals_the_convolution_after_the_shuffle(size, side):
    generator = torch.Generator().manual_seed(0)
    weight = torch.rand(3, 5, size, size, generator=generator, dtype=torch.float64)
    x = torch.rand(1, 5 * side**2, 6, 7, generator=generator, dtype=torch.float64)

    folded = torch.from_numpy(fold_shuffle(weight.numpy(), side))

    made = F.conv2d(x, folded, padding=folded.shape[-1] // 2)
    # Ours has (row, column, channel), torch's shuffle wants (channel, row, column).
    result = F.pixel_shuffle(made.unflatten(1, (side**2, 3)).transpose(1, 2).flatten(1, 2), side)
    torch.testing.assert_close(result, F.conv2d(F.pixel_shuffle(x, side), weight, padding=size // 2))

"""Folded batch norms against torch's."""

import torch
from torch.nn import functional as F

from srgan.networks.architecture import GeneratorConfig
from srgan.networks.norm import fold_norm
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

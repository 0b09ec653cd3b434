import pytest
import torch
from torch.nn import functional as F

from srgan.networks.architecture import GeneratorConfig
from srgan.training.networks.activation import PReLU
from srgan.training.networks.generator import Generator, make_generator


def as_the_paper_draws_it(network: Generator, x: torch.Tensor) -> torch.Tensor:
    """The forward pass in the paper's order, written from its figure 4 and the parameters alone."""
    p = dict(network.named_parameters()) | dict(network.named_buffers())

    def conv(name, x):
        weight = p[f"{name}.weight"]
        return F.conv2d(x, weight, p[f"{name}.bias"], padding=weight.shape[-1] // 2)

    def norm(name, x):
        if f"{name}.weight" not in p:
            return x
        mean, variance = p[f"{name}.running_mean"], p[f"{name}.running_var"]
        return F.batch_norm(x, mean, variance, p[f"{name}.weight"], p[f"{name}.bias"])

    def prelu(name, x):
        return F.prelu(x, p[f"{name}.weight"])

    first = y = prelu("head_activation", conv("head", x))
    for i in range(network.config.blocks):
        b = f"blocks.{i}"
        z = prelu(f"{b}.activation", norm(f"{b}.norm1", conv(f"{b}.conv1", y)))
        y = y + norm(f"{b}.norm2", conv(f"{b}.conv2", z))
    y = first + norm("trunk_norm", conv("trunk", y))
    for i in range(2):
        y = prelu(f"upsample.{i}.activation", F.pixel_shuffle(conv(f"upsample.{i}.conv", y), 2))
    return conv("tail", y)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_the_rewritten_tail_gives_the_papers_result(norm):
    torch.manual_seed(0)
    network = Generator(GeneratorConfig(blocks=3, channels=8, norm=norm)).double().eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    x = torch.rand(2, 3, 7, 5, dtype=torch.float64)
    torch.testing.assert_close(network(x), as_the_paper_draws_it(network, x), atol=1e-12, rtol=1e-10)


def test_parameters_are_the_papers_layer_list():
    # Head 9x9x3x64; 16 blocks of two 3x3x64x64; one more; two 3x3x64x256; tail 9x9x64x3; biases; a slope
    # after the head, in every block, and after both up-samplings.
    weights = 9 * 9 * 3 * 64 + 33 * 9 * 64 * 64 + 2 * 9 * 64 * 256 + 9 * 9 * 64 * 3
    biases = 64 + 33 * 64 + 2 * 256 + 3
    slopes = 1 + 16 + 2
    assert GeneratorConfig().parameters == weights + biases + slopes
    assert GeneratorConfig(norm="batch").parameters == weights + biases + slopes + 33 * 2 * 64


@pytest.mark.parametrize(
    "config",
    [
        GeneratorConfig(blocks=2, channels=8),
        GeneratorConfig(blocks=2, channels=8, norm="batch"),
        GeneratorConfig(architecture="compact", blocks=2, channels=8),
    ],
)
def test_the_described_tensors_are_the_networks(config):
    network = make_generator(config)
    assert network.config == config
    assert {k: tuple(v.shape) for k, v in network.state_dict().items()} == config.shapes()
    assert sum(p.numel() for p in network.parameters()) == config.parameters


@pytest.mark.parametrize("architecture", ["srresnet", "compact"])
@pytest.mark.parametrize("blocks", [1, 4])
def test_a_result_depends_on_the_radius_and_on_nothing_beyond(architecture, blocks):
    torch.manual_seed(0)
    config = GeneratorConfig(architecture=architecture, blocks=blocks, channels=4)
    network = make_generator(config).double()
    side = 2 * config.radius + 9
    x = torch.rand(1, 3, side, side, dtype=torch.float64, requires_grad=True)
    middle = 4 * (side // 2)
    network(x)[..., middle : middle + 4, middle : middle + 4].sum().backward()
    reached = x.grad.abs().sum((0, 1, 2)).nonzero().flatten()
    assert side // 2 - reached.min() == config.radius
    assert reached.max() - side // 2 == config.radius


def test_prelu_and_its_gradients_are_torchs():
    torch.manual_seed(0)
    x = torch.randn(2, 3, 5, 5, requires_grad=True)
    ours, theirs = PReLU(), torch.nn.PReLU()
    out, expected = ours(x), theirs(x)
    weights = torch.randn_like(out)
    (gradient,) = torch.autograd.grad((out * weights).sum(), x, retain_graph=True)
    (slope,) = torch.autograd.grad((out * weights).sum(), ours.weight)
    (expected_gradient,) = torch.autograd.grad((expected * weights).sum(), x, retain_graph=True)
    (expected_slope,) = torch.autograd.grad((expected * weights).sum(), theirs.weight)
    torch.testing.assert_close(out, expected)
    torch.testing.assert_close(gradient, expected_gradient)
    torch.testing.assert_close(slope, expected_slope)

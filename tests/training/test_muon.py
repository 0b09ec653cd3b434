import pytest
import torch
from torch import nn

from srgan.training.muon import Muon, orthogonalise


def test_orthogonalise_brings_singular_values_near_one():
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(3, 16, 144)))
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_steps_are_torchs_own_muons():
    torch.manual_seed(0)
    start = [torch.randn(8, 4, 3, 3), torch.randn(8, 4, 3, 3), torch.randn(16, 8, 3, 3)]
    ours = [nn.Parameter(tensor.clone()) for tensor in start]
    theirs = [nn.Parameter(tensor.flatten(1).clone()) for tensor in start]
    optimiser = Muon(ours, 0.01, weight_decay=0.3)
    reference = torch.optim.Muon(
        theirs, lr=0.01, weight_decay=0.3, momentum=0.95, adjust_lr_fn="match_rms_adamw"
    )
    for _ in range(3):
        for mine, other in zip(ours, theirs, strict=True):
            mine.grad = torch.randn_like(mine)
            other.grad = mine.grad.flatten(1).clone()
        optimiser.step()
        reference.step()
    for mine, other, tensor in zip(ours, theirs, start, strict=True):
        moved, expected = (mine - tensor).flatten(1), other - tensor.flatten(1)
        # torch iterates in bfloat16.
        assert (moved - expected).norm() < 0.03 * expected.norm()


def test_a_closure_computes_the_gradients_and_the_loss():
    weights = [nn.Parameter(torch.ones(4, 4, 3, 3)) for _ in range(2)]
    by_closure, by_hand = (Muon([weight], 0.01, 0.0) for weight in weights)

    def closure():
        by_closure.zero_grad()
        loss = weights[0].square().sum()
        loss.backward()
        return loss.item()

    assert by_closure.step(closure) == 144
    weights[1].grad = 2 * torch.ones(4, 4, 3, 3)
    assert by_hand.step() is None
    torch.testing.assert_close(weights[0], weights[1])
    assert not torch.equal(weights[0], torch.ones(4, 4, 3, 3))


def test_parameters_without_gradient_stay():
    parameter = nn.Parameter(torch.ones(2, 2, 1, 1))
    Muon([parameter], 0.1).step()
    assert torch.equal(parameter, torch.ones(2, 2, 1, 1))


def test_channels_last_changes_nothing():
    torch.manual_seed(0)
    start, gradient = torch.randn(8, 4, 3, 3), torch.randn(8, 4, 3, 3)
    results = []
    for layout in (torch.contiguous_format, torch.channels_last):
        parameter = nn.Parameter(start.clone(memory_format=layout))
        parameter.grad = gradient.clone(memory_format=layout)
        Muon([parameter], 0.01).step()
        results.append(parameter.detach())
    torch.testing.assert_close(*results)
    assert not torch.equal(results[0], start)


@pytest.mark.parametrize("shape", [(8, 4, 3, 3), (4, 4, 1, 1)])
def test_an_update_has_the_size_of_adams(shape):
    torch.manual_seed(0)
    parameter = nn.Parameter(torch.zeros(shape))
    parameter.grad = torch.randn(shape)
    Muon([parameter], 1.0).step()
    rows, columns = shape[0], parameter[0].numel()
    # Orthonormal rows: r entries of squared sum 1 each, scaled by 0.2 sqrt(max side).
    expected = 0.2 * (max(rows, columns) * rows / (rows * columns)) ** 0.5
    assert parameter.detach().square().mean().sqrt().item() == pytest.approx(expected, rel=0.35)

import numpy as np
import pytest
import torch
from scipy.special import expit
from skimage.measure import block_reduce

from srgan.training.losses.adversarial import discriminator_loss, draw_labels, generator_loss
from srgan.training.losses.content import content_loss, feature_matching_loss
from srgan.training.losses.pixel import consistency_loss, pixel_loss


def cross_entropy(logits, label):
    probability = expit(logits.double().numpy())
    return -np.mean(label * np.log(probability) + (1 - label) * np.log(1 - probability))


def test_the_generators_loss_is_minus_log_d():
    logits = torch.tensor([[0.3], [-2.0]])
    assert generator_loss(logits).item() == pytest.approx(cross_entropy(logits, 1.0), rel=1e-5)


@pytest.mark.parametrize("shape", [(3, 1), (3, 1, 4, 4)])
def test_the_discriminators_loss_is_the_mean_cross_entropy_of_both_sides(shape):
    torch.manual_seed(0)
    true, generated = torch.randn(shape), torch.randn(shape)
    labels = torch.tensor([0.0, 0.1, 0.3])
    given = labels.view(3, *[1] * (len(shape) - 1)).numpy()
    expected = 0.5 * (cross_entropy(true, 1.0) + cross_entropy(generated, given))
    assert discriminator_loss(true, generated, labels).item() == pytest.approx(expected, rel=1e-5)


def test_labels_are_drawn_around_their_mean_and_follow_the_seed():
    labels = draw_labels(20_000, 0.1, 0.05, torch.Generator().manual_seed(0))
    assert labels.mean().item() == pytest.approx(0.1, abs=0.005)
    assert labels.std().item() == pytest.approx(0.05, abs=0.005)
    assert labels.min() == 0
    assert torch.equal(labels[:5], draw_labels(20_000, 0.1, 0.05, torch.Generator().manual_seed(0))[:5])


def test_content_loss_is_the_sum_of_mean_squares():
    first = [torch.zeros(1, 2, 2, 2), torch.zeros(1, 4, 1, 1)]
    second = [torch.full((1, 2, 2, 2), 2.0), torch.full((1, 4, 1, 1), 3.0)]
    assert content_loss(first, second).item() == 13.0


def test_feature_matching_moves_the_generated_side_only():
    sr, hr = (torch.full((1, 2), value, requires_grad=True) for value in (1.0, 3.0))
    loss = feature_matching_loss([sr, sr * 2], [hr, hr * 2])
    assert loss.item() == 3.0
    loss.backward()
    assert sr.grad is not None
    assert hr.grad is None


def test_pixel_losses():
    first, second = torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 0.5)
    assert pixel_loss(first, second, "l1").item() == 0.5
    assert pixel_loss(first, second, "mse").item() == 0.25


def test_consistency_compares_the_means_of_cells_only():
    random = np.random.default_rng(0)
    first, second = random.random((2, 2, 3, 8, 12))
    means = [block_reduce(image, (1, 1, 4, 4), np.mean) for image in (first, second)]
    expected = np.abs(means[0] - means[1]).mean()
    loss = consistency_loss(torch.from_numpy(first), torch.from_numpy(second), 4)
    assert loss.item() == pytest.approx(expected)
    flat = torch.from_numpy(first[:, :, ::4, ::4].repeat(4, 2).repeat(4, 3))
    checkered = flat + 0.1 * torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(4, 6)
    assert consistency_loss(checkered, flat, 4).item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("scale", [2, 3])
def test_what_averages_out_within_a_cell_of_the_scale_is_consistent(scale):
    checkered = torch.zeros(1, 3, 4 * scale, 4 * scale)
    checkered[..., ::scale, ::scale] = scale**2
    assert consistency_loss(checkered, torch.ones_like(checkered), scale).item() == pytest.approx(0, abs=1e-6)
    assert consistency_loss(checkered, torch.ones_like(checkered), 1).item() > 0.1

import numpy as np
import pytest
import torch
from skimage import data

from srgan.images.resize import bicubic
from srgan.metrics.artifacts import grid_index
from srgan.training.losses.grid import detail_at_places, grid_loss, repetition_loss, unevenness_loss


def tensor(image):
    return torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255


def unevenness(picture):
    return unevenness_loss(detail_at_places(picture, 4))


@pytest.mark.parametrize("kind", ["true", "bicubic"])
def test_unevenness_is_the_square_of_the_grid_index(kind):
    # 98 pixels a side, whose Laplacian has whole cells of 4.
    picture = data.astronaut()[:98, :98]
    if kind == "bicubic":
        picture = bicubic(bicubic(data.astronaut()[:100, :100], 0.25), 4)[:98, :98]
    assert unevenness(tensor(picture)).item() == pytest.approx(grid_index(picture, period=4) ** 2, rel=1e-3)


def test_contrast_does_not_change_unevenness():
    picture = tensor(data.astronaut()[:98, :98])
    assert unevenness(picture * 0.5).item() == pytest.approx(unevenness(picture).item(), rel=1e-3)


def test_following_the_gradient_of_unevenness_removes_it():
    start = bicubic(bicubic(data.coffee()[:64, :64], 0.25), 4)
    picture = tensor(start).requires_grad_()
    optimiser = torch.optim.Adam([picture], 2e-3)
    for _ in range(30):
        optimiser.zero_grad()
        unevenness(picture).backward()
        optimiser.step()
    result = picture.detach()[0].permute(1, 2, 0).clamp(0, 1).mul(255).round().byte().numpy()
    assert grid_index(result, period=4) < grid_index(start, period=4) / 2


def dotted(image, period):
    """With a dot of 12 levels at every ``period`` pixels."""
    dots = np.zeros((*image.shape[:2], 1), np.uint8)
    dots[::period, ::period] = 12
    return np.clip(image, 0, 243) + dots


def test_dots_that_repeat_every_four_pixels_are_found_and_others_are_not():
    true = data.coffee()[100:166, 200:266]
    found = {
        period: repetition_loss(tensor(dotted(true, period)), tensor(true), 4).item() for period in (3, 4)
    }
    assert found[4] > 0.02
    assert found[3] < found[4] / 20
    assert repetition_loss(tensor(true), tensor(true), 4).item() == 0


def test_dots_of_the_true_picture_may_repeat():
    true = dotted(data.coffee()[100:166, 200:266], 4)
    assert repetition_loss(tensor(true // 2), tensor(true), 4).item() == 0


def test_irregular_detail_does_not_count_as_repetition():
    true = data.coffee()[100:166, 200:266]
    noise = np.random.default_rng(0).normal(0, 6, true.shape[:2])[..., None]
    dots = dotted(true, 4).astype(float) - true
    noise *= np.sqrt((dots**2).mean() / (noise**2).mean())
    noisy = np.clip(true + noise, 0, 255).round().astype(np.uint8)
    loud, quiet = (
        repetition_loss(tensor(image), tensor(true), 4).item() for image in (dotted(true, 4), noisy)
    )
    assert quiet < loud / 5


def test_a_flat_batch_is_even():
    image = torch.full((2, 3, 16, 16), 0.5, requires_grad=True)
    loss = unevenness(image)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-3)
    assert torch.isfinite(image.grad).all()


@pytest.mark.parametrize("scale", [2, 3])
def test_the_loss_is_against_the_grid_of_the_scale(scale):
    true = data.coffee()[100:166, 200:266]
    own, other = (
        grid_loss(tensor(dotted(true, period)), tensor(true), scale, lambda mean: mean).item()
        for period in (scale, 7)
    )
    assert own > 3 * other

import dataclasses

import numpy as np
import pytest
import torch
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

from srgan.images.resize import bicubic
from srgan.training.degradations.degrade import degrade
from srgan.training.degradations.options import DegradationOptions, degradation_problems

# A round in which nothing happens: the picture is resized to the size that it has.
IDLE = DegradationOptions(
    rounds=1, clean=0, blur=0, resize_min=4, resize_max=4, noise=0, jpeg=0, subsampled=0, jpeg_last=1
)


def changed(**options):
    return dataclasses.replace(IDLE, **options)


def worn(image, options, seed=0):
    return degrade(image, 4, options, torch.Generator().manual_seed(seed))


def as_bytes(image):
    return (image * 255).round().byte().permute(0, 2, 3, 1).numpy()


@pytest.fixture(scope="module")
def hr_image():
    """Three photographs, 96 high, 140 wide."""
    pictures = data.astronaut()[:96, 150:290], data.chelsea()[40:136, 90:230], data.coffee()[99:195, 99:239]
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float() / 255


@pytest.fixture(scope="module")
def ramp():
    """Sixty-four grey pictures, dark at the left, bright at the right."""
    return torch.linspace(0.2, 0.8, 256).expand(64, 3, 128, 256).contiguous()


def noise_of(ramp, seed=0, **options):
    """Levels of 255 that noise adds at low resolution."""
    options = {"resize_min": 1, "resize_max": 1, "noise_min": 10, "noise_max": 10, **options}
    return 255 * (worn(ramp, changed(noise=1, **options), seed) - worn(ramp, changed(**options), seed))


def test_no_rounds_is_the_bicubic_reduction_of_published_pairs(hr_image):
    found = as_bytes(worn(hr_image, DegradationOptions()))
    expected = np.stack([bicubic(picture, 1 / 4) for picture in as_bytes(hr_image)])
    # A value half-way between two levels may fall to either side.
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert (found == expected).mean() > 0.999


def test_a_round_of_nothing_is_the_bicubic_reduction(hr_image):
    assert torch.equal(worn(hr_image, IDLE), worn(hr_image, DegradationOptions()))


def test_a_blurred_picture_has_less_detail(hr_image):
    sharp = worn(hr_image, IDLE).diff().abs().mean((1, 2, 3))
    blurred = worn(hr_image, changed(blur=1, blur_min=3, blur_max=4)).diff().abs().mean((1, 2, 3))
    assert (blurred < 0.8 * sharp).all()


def test_noise_has_its_deviation_at_every_brightness(ramp):
    noise = noise_of(ramp, poisson=0, grey_noise=0)
    assert noise.mean().abs() < 0.05
    assert noise[..., :16].std() == pytest.approx(10, rel=0.03)
    assert noise[..., -16:].std() == pytest.approx(10, rel=0.03)
    red, green = noise[:, 0].flatten(), noise[:, 1].flatten()
    assert abs(np.corrcoef(red, green)[0, 1]) < 0.02


def test_a_sensors_noise_has_a_variance_that_grows_with_the_brightness(ramp):
    noise = noise_of(ramp, poisson=1, grey_noise=0)
    brightness = 0.2 + 0.6 * (torch.arange(64) + 0.5) / 64
    for part in (slice(0, 16), slice(48, 64)):
        assert noise[..., part].var() == pytest.approx(100 * brightness[part].mean().item(), rel=0.06)


def test_grey_noise_is_the_same_in_all_channels(ramp):
    noise = noise_of(ramp, poisson=0, grey_noise=1)
    assert noise.std() == pytest.approx(10, rel=0.03)
    assert (noise[:, :1] - noise).abs().max() < 0.01


def test_compression_costs_more_at_lower_quality(hr_image):
    truth = worn(hr_image, IDLE).numpy()
    scores = [
        peak_signal_noise_ratio(truth, worn(hr_image, changed(jpeg=1, jpeg_min=q, jpeg_max=q)).numpy())
        for q in (10, 50, 95)
    ]
    assert scores[0] + 3 < scores[1] < scores[2] - 3


def test_shares_are_of_the_pictures_of_a_batch(ramp):
    reduced = worn(ramp, DegradationOptions())
    for share in (0.0, 0.4, 1.0):
        strengths = {"noise_min": 20, "noise_max": 20}
        noisy = worn(ramp, changed(noise=share, **strengths))
        clean = worn(ramp, changed(noise=1, clean=1 - share, **strengths))
        for result in (noisy, clean):
            found = ((result - reduced).abs() > 2 / 255).flatten(1).any(1).float().mean()
            assert found == pytest.approx(share, abs=0.2 if share == 0.4 else 0)


def test_the_generator_alone_decides(hr_image):
    options = DegradationOptions(rounds=2)
    generator = torch.Generator().manual_seed(5)
    before = torch.get_rng_state()
    first = degrade(hr_image, 4, options, generator)
    state = generator.get_state()
    second = degrade(hr_image, 4, options, generator)
    torch.rand(3)
    assert torch.equal(degrade(hr_image, 4, options, torch.Generator().set_state(state)), second)
    assert not torch.equal(first, second)
    torch.set_rng_state(before)
    assert torch.equal(worn(hr_image, options, 5), first)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("size", [(4, 4), (48, 52), (100, 8)])
@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_any_size_and_any_strength_gives_whole_levels(size, rounds):
    options = DegradationOptions(
        rounds=rounds,
        clean=0,
        blur_max=8,
        resize_min=0.1,
        resize_max=2,
        noise_max=80,
        jpeg_min=1,
        jpeg_max=100,
    )
    hr_image = torch.rand(5, 3, *size, generator=torch.Generator().manual_seed(1))
    for seed in range(4):
        lr_image = worn(hr_image, options, seed)
        assert lr_image.shape == (5, 3, size[0] // 4, size[1] // 4)
        assert lr_image.dtype == torch.float32
        assert torch.equal((lr_image * 255).round().clamp(0, 255) / 255, lr_image)


def test_all_contradictions_are_named_at_once():
    options = DegradationOptions(
        rounds=-1, clean=1.5, blur=-0.1, blur_min=3, blur_max=1, resize_min=0, jpeg_min=0, noise_max=300
    )
    problems = degradation_problems(options, "degradations")
    fields = ("rounds", "clean", "blur", "blur_min", "resize_min", "jpeg_min", "noise_min")
    assert len(problems) == len(fields)
    for field in fields:
        assert any(problem.startswith(f"'degradations.{field}'") for problem in problems)
    assert degradation_problems(DegradationOptions(rounds=2), "degradations") == []


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_pictures_become_smaller_by_the_scale(scale, rounds):
    hr_image = torch.rand(2, 3, 24 * scale, 16 * scale, generator=torch.Generator().manual_seed(0))
    options = DegradationOptions(rounds=rounds)
    assert degrade(hr_image, scale, options, torch.Generator().manual_seed(0)).shape == (2, 3, 24, 16)

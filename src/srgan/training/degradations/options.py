"""How low-res pictures are made, in figures; no PyTorch here, so that a recipe can be read without it."""

from __future__ import annotations

from dataclasses import dataclass

_SHARES = (
    "clean",
    "blur",
    "anisotropic",
    "noise",
    "poisson",
    "grey_noise",
    "jpeg",
    "subsampled",
    "jpeg_last",
)


@dataclass(frozen=True, kw_only=True)
class DegradationOptions:
    """How low-res pictures are made. Shares are of the pictures in a batch unless stated otherwise.

    Attributes:
        rounds: how often blur, resize, noise and JPEG are applied one after the other; 0: bicubic downscaling
            only.
        clean: share of pictures that are downscaled by bicubic only.
        blur: share of pictures blurred in a round.
        blur_min: smallest standard deviation of the Gaussian, in pixels of the picture at that point.
        blur_max: largest standard deviation.
        anisotropic: share of blurs with two standard deviations, along axes at a random angle.
        resize_min: smallest factor by which a round resizes a batch: relative to the high-res size in the
            first rounds, to the low-res size in the last.
        resize_max: largest factor; its logarithm is drawn uniformly. The method is area, antialiased bicubic,
            or bilinear without antialiasing.
        noise: share of pictures to which a round adds noise.
        noise_min: smallest standard deviation of the noise, in levels of 255.
        noise_max: largest standard deviation.
        poisson: share of noise that is like a sensor's: its variance grows with the brightness, up to the
            square of the deviation at white.
        grey_noise: share of noise that is the same in all three channels.
        jpeg: share of pictures compressed in a round.
        jpeg_min: lowest quality, from 1, on libjpeg's scale.
        jpeg_max: highest quality, up to 100.
        subsampled: share of batches compressed with subsampled chroma (4:2:0).
        jpeg_last: share of batches compressed after the last resize, like a file that is saved and not
            touched again.
    """

    rounds: int = 0
    clean: float = 0.2
    blur: float = 0.6
    blur_min: float = 0.2
    blur_max: float = 2.0
    anisotropic: float = 0.4
    resize_min: float = 0.6
    resize_max: float = 1.25
    noise: float = 0.7
    noise_min: float = 0.5
    noise_max: float = 12.0
    poisson: float = 0.4
    grey_noise: float = 0.4
    jpeg: float = 0.8
    jpeg_min: int = 40
    jpeg_max: int = 95
    subsampled: float = 0.7
    jpeg_last: float = 0.7


def degradation_problems(options: DegradationOptions, section: str) -> list[str]:
    """Returns what is wrong with options whose fields all have the right type: one sentence per problem.

    Args:
        options: the options.
        section: the recipe's section, to name the fields by.
    """
    problems = []
    if options.rounds < 0:
        problems.append(f"'{section}.rounds' is {options.rounds}, must be at least 0")
    for share in _SHARES:
        value = getattr(options, share)
        if not 0 <= value <= 1:
            problems.append(f"'{section}.{share}' is {value}, must be in [0, 1]")
    limits = {"blur": (0, 20), "resize": (0.05, 4), "noise": (0, 255), "jpeg": (1, 100)}
    for name, (least, most) in limits.items():
        low, high = (getattr(options, f"{name}_{end}") for end in ("min", "max"))
        if not least <= low <= high <= most:
            problems.append(
                f"'{section}.{name}_min' and '{name}_max' are {low} and {high}, must rise within "
                f"[{least}, {most}]"
            )
    return problems

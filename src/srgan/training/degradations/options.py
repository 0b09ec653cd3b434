"""How low-res pictures come about, in figures; no PyTorch here, so that a recipe is read without it."""

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
    """How a low-res picture comes about. Shares are of the pictures of a batch unless it says otherwise.

    Attributes:
        rounds: times that blur, resize, noise and JPEG follow one another; 0 is the bicubic reduction alone.
        clean: share of pictures that are only reduced by bicubic.
        blur: share of pictures that a round blurs.
        blur_min: least standard deviation of the Gaussian, in pixels of the picture at that moment.
        blur_max: greatest.
        anisotropic: share of blurs that have two deviations, along axes turned at random.
        resize_min: least factor by which a round resizes a batch: the first rounds from the high-res size,
            the last from the low-res size.
        resize_max: greatest; the factor's logarithm is uniform. The method is area, antialiased bicubic, or
            bilinear without antialiasing.
        noise: share of pictures that a round adds noise to.
        noise_min: least standard deviation of the noise, in levels of 255.
        noise_max: greatest.
        poisson: share of noise that is a sensor's: its variance grows with the brightness, up to the
            deviation's square at white.
        grey_noise: share of noise that is the same in all three channels.
        jpeg: share of pictures that a round compresses.
        jpeg_min: least quality, from 1, as libjpeg counts.
        jpeg_max: greatest, to 100.
        subsampled: share of batches that JPEG compresses with halved chroma (4:2:0).
        jpeg_last: share of batches whose last compression comes after the last resize, as in a file that is
            saved and left alone.
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
    """What is wrong with options whose every field is of the right type: one sentence a problem.

    Args:
        options: the options.
        section: of the recipe, to name the fields by.
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

"""The pictures of a run: what it learns from, and what it is validated on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from srgan.errors import DataError
from srgan.images.read import list_pictures
from srgan.training.crops import PictureStore, choose_strata, read_pairs
from srgan.training.degradations.degrade import degrade
from srgan.training.processes import Processes
from srgan.training.recipe import Recipe
from srgan.training.validation import Pair

_SMALLEST_VALIDATION = 3
"""Low-res pixels a side, so that something is left once PSNR's border is cropped."""


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """A run's pictures, as one of its processes holds them.

    Attributes:
        count: training pictures, of all processes together.
        store: this process's share of them.
        validation: pairs to validate on; in the first process only.
    """

    count: int
    store: PictureStore
    validation: Sequence[Pair]


def load_pictures(
    recipe: Recipe, data: Path, validation: Path | None, device: torch.device, processes: Processes
) -> Pictures:
    """Reads a run's pictures.

    Args:
        recipe: decides how large they must be.
        data: folder of training pictures, searched with its sub-folders.
        validation: folder of pictures to validate on, or None.
        device: where the training pictures are kept.
        processes: of the run; this one reads its share.

    Raises:
        DataError: if there are none, too few for the processes, or one is too small.
        ImageError: if one cannot be read.
    """
    options = recipe.data
    files = _listed(data)
    views = [(file, 0.5 ** (copy / 2)) for copy in range(options.reduced_copies + 1) for file in files]
    strata = choose_strata(len(views), options.batch_size)
    if strata % processes.count:
        raise DataError(
            f"{data}: {len(views)} pictures in batches of {options.batch_size} cannot be shared evenly by "
            f"{processes.count} processes; take another number of processes, or more pictures"
        )
    scale = recipe.generator.scale
    pairs = read_pairs(
        views[processes.share], options.crop * scale, scale, enlarge_small=options.enlarge_small
    )
    pairs_to_validate = _validation_pairs(validation, recipe) if validation and processes.is_first else []
    return Pictures(
        count=len(files),
        store=PictureStore(
            pairs,
            device,
            recipe.degradation,
            strata=strata // processes.count,
            share=processes.share,
            upright=options.upright,
        ),
        validation=pairs_to_validate,
    )


def _listed(folder: Path) -> list[Path]:
    files = list_pictures(folder, recursive=True)
    if not files:
        raise DataError(f"{folder}: no pictures found; name a folder of PNG, JPEG, WebP or TIFF files")
    return files


def _validation_pairs(folder: Path, recipe: Recipe) -> list[Pair]:
    """Pairs like those the network learns from, the same in every run."""
    scale = recipe.generator.scale
    pairs = read_pairs([(file, 1.0) for file in _listed(folder)], _SMALLEST_VALIDATION * scale, scale)
    if recipe.degradation.rounds == 0:
        return pairs
    random = torch.Generator().manual_seed(0)
    degraded = []
    for _, hr_image in pairs:
        batch = torch.tensor(hr_image).permute(2, 0, 1)[None] / 255
        lr_image = degrade(batch, scale, recipe.degradation, random)[0].mul(255).round().byte()
        degraded.append((lr_image.permute(1, 2, 0).numpy(), hr_image))
    return degraded

"""The pictures of a run: what it learns from, and what it is validated on."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from srgan.errors import DataError, UsageError
from srgan.images.read import list_pictures
from srgan.training.crops import PictureStore, choose_strata, read_pairs
from srgan.training.degradations.degrade import degrade
from srgan.training.given_pairs import Files, list_given_pairs, read_given_pairs
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
        low_res: name of the folder of given low-res pictures; "" if they are made from the high-res ones.
    """

    count: int
    store: PictureStore
    validation: Sequence[Pair]
    low_res: str = ""


def load_pictures(
    recipe: Recipe,
    data: Path,
    validation: Path | None,
    device: torch.device,
    processes: Processes,
    *,
    low_res: Path | None = None,
) -> Pictures:
    """Reads a run's pictures.

    Args:
        recipe: decides how large they must be.
        data: folder of training pictures, searched with its sub-folders.
        validation: folder of pictures to validate on, or None.
        device: where the training pictures are kept.
        processes: the run's; this one reads its share.
        low_res: folder of low-res partners with the same names; None to make them.

    Raises:
        UsageError: if low-res pictures are given and the recipe makes them.
        DataError: if there are none, too few for the processes, or one is too small; if pairs do not fit.
        ImageError: if one cannot be read.
    """
    options = recipe.data
    count, views, read = _made(recipe, data) if low_res is None else _given(recipe, data, low_res)
    strata = choose_strata(views, options.batch_size)
    if strata % processes.count:
        raise DataError(
            f"{data}: {views} pictures in batches of {options.batch_size} cannot be shared evenly by "
            f"{processes.count} processes; take another number of processes, or more pictures"
        )
    pairs = read(processes.share)
    pairs_to_validate = _validation_pairs(validation, recipe) if validation and processes.is_first else []
    return Pictures(
        count=count,
        store=PictureStore(
            pairs,
            device,
            recipe.degradation,
            strata=strata // processes.count,
            share=processes.share,
            upright=options.upright,
        ),
        validation=pairs_to_validate,
        low_res=low_res.name if low_res else "",
    )


_Source = tuple[int, int, Callable[[slice], Sequence[Pair]]]
"""How many pictures there are, without and with downscaled copies; what reads a share of the latter."""


def _made(recipe: Recipe, data: Path) -> _Source:
    """Returns pictures whose low-res versions are made from them."""
    options = recipe.data
    files = _listed(data)
    views = [(file, 0.5 ** (copy / 2)) for copy in range(options.reduced_copies + 1) for file in files]

    def read(share: slice) -> Sequence[Pair]:
        scale = recipe.generator.scale
        return read_pairs(views[share], options.crop * scale, scale, enlarge_small=options.enlarge_small)

    return len(files), len(views), read


def _given(recipe: Recipe, data: Path, low_res: Path) -> _Source:
    """Returns pictures whose low-res versions are given."""
    settings = {
        "degradation.rounds": recipe.degradation.rounds,
        "data.reduced_copies": recipe.data.reduced_copies,
        "data.enlarge_small": recipe.data.enlarge_small,
    }
    in_the_way = [f"{name} = {json.dumps(value)}" for name, value in settings.items() if value]
    if in_the_way:
        raise UsageError(
            f"{low_res}: pairs are taken as they are, but the recipe has {', '.join(in_the_way)}; "
            "set this to 0 or false",
            field="low_res",
        )
    files = list_given_pairs(data, low_res)
    return len(files), len(files), partial(_read_given, files, recipe)


def _read_given(files: Sequence[Files], recipe: Recipe, share: slice) -> Sequence[Pair]:
    return read_given_pairs(files[share], recipe.data.crop, recipe.generator.scale)


def _listed(folder: Path) -> list[Path]:
    files = list_pictures(folder, recursive=True)
    if not files:
        raise DataError(f"{folder}: no pictures found; name a folder of PNG, JPEG, WebP or TIFF files")
    return files


def _validation_pairs(folder: Path, recipe: Recipe) -> list[Pair]:
    """Returns pairs like those the network learns from, the same in every run."""
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

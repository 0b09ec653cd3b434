"""The part of ``srgan upscale`` that draws how much of each result is invented."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from srgan.errors import ImageError, UsageError

if TYPE_CHECKING:
    from srgan.jobs.naming import Job
    from srgan.upscaling.upscaler import Upscaler


@dataclass(frozen=True, kw_only=True)
class InventionMaps:
    """Where the maps go, and what they compare.

    Attributes:
        targets: the file of the map, by the file of the result.
        sibling: the model's fidelity sibling.
        max_pixels: sources with more are refused.
    """

    targets: dict[Path, Path]
    sibling: Upscaler
    max_pixels: int

    def write(self, job: Job, upscaler: Upscaler) -> None:
        """Draws the map of one picture.

        Raises:
            ImageError: if the source cannot be read or the map not be written.
        """
        from srgan.jobs.invented import write_invented

        target = self.targets[job.target]
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ImageError(f"{target}: its folder cannot be made ({error.strerror})") from error
        write_invented(job.source, target, upscaler, self.sibling, max_pixels=self.max_pixels)


def plan_maps(jobs: Sequence[Job], where: Path) -> dict[Path, Path]:
    """The file of each map, by the file of its result: ``where`` for one picture, else below it.

    Raises:
        UsageError: if an input is a video, ``where`` is neither PNG nor folder, or a map would be an input or
            a result.
    """
    if not jobs:
        raise UsageError("--invented draws maps of pictures only, not of what comes through a pipe")
    moving = next((job.source for job in jobs if job.is_video), None)
    if moving is not None:
        raise UsageError(f"--invented draws maps of pictures only; leave {moving} out")
    if len(jobs) == 1 and where.suffix.lower() == ".png" and not where.is_dir():
        targets = {jobs[0].target: where}
    elif where.exists() and not where.is_dir():
        raise UsageError(f"--invented {where}: is a file; name a folder for several maps")
    elif len(jobs) == 1 and where.suffix:
        raise UsageError(f"--invented {where}: maps are PNG files; end the name in .png")
    else:
        common = Path(os.path.commonpath([job.target.parent for job in jobs]))
        targets = {
            job.target: where / job.target.relative_to(common).with_name(f"{job.target.name}.png")
            for job in jobs
        }
    taken = {file.resolve() for job in jobs for file in (job.source, *job.outputs)}
    for target in targets.values():
        if target.resolve() in taken:
            raise UsageError(f"--invented {target}: is an input or a result itself; choose another name")
    return targets

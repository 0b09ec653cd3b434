"""A report as one self-contained HTML page: table, bars, every picture's figures, and crops."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.evaluation.dataset import Sample
from srgan.evaluation.embed import data_url, fill_page
from srgan.evaluation.methods import nearest
from srgan.evaluation.metrics import HIGHER_IS_BETTER
from srgan.evaluation.regions import region_of_difference

CROP = 160
"""Pixels a side of the crops, at high resolution."""

MOST_CROPS = 24
"""Crops of more pictures would make the page too large to open quickly."""


class Page:
    """Collects crops while pictures are evaluated, then renders the page."""

    def __init__(self) -> None:
        self._crops: list[tuple[float, int, dict[str, Any]]] = []

    def add(self, sample: Sample, results: Mapping[str, NDArray[np.uint8]]) -> None:
        """Keeps the part of a picture where the results, or the only one and the ground truth, differ most.

        Args:
            sample: the picture.
            results: (H, W, 3), uint8, by their models' names.
        """
        compared = list(results.values())
        if len(compared) == 1:
            compared.append(sample.hr_image)
        region, difference = region_of_difference(compared, CROP, sample.scale)
        panels = {"low-res": nearest(sample.lr_image, sample.scale), **results, "truth": sample.hr_image}
        crop = {
            "name": sample.name,
            "region": [region.x, region.y, region.width, region.height],
            "panels": [[name, data_url(region.of(panel))] for name, panel in panels.items()],
        }
        self._crops.append((difference, len(self._crops), crop))

    def render(self, report: dict[str, Any]) -> str:
        """Returns the page of a report, with crops of the pictures on which the results differ most.

        Args:
            report: as :func:`~srgan.evaluation.evaluate.evaluate` returns it.
        """
        chosen = sorted(self._crops, key=lambda crop: (-crop[0], crop[1]))[:MOST_CROPS]
        data = {
            "report": report,
            "higher": sorted(HIGHER_IS_BETTER),
            "crops": [crop for _, _, crop in chosen],
        }
        return fill_page(Path(__file__).with_name("page.html"), data)

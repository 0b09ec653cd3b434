"""Results of other software, as a folder of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from srgan.errors import DataError
from srgan.evaluation.dataset import Dataset, Sample, read_8_bit
from srgan.images.read import list_pictures


class ResultFolder:
    """Pictures that something else enlarged four times, found by the names of the true ones.

    Args:
        folder: holds them; extensions may differ from the true pictures', and further pictures are ignored.
        dataset: the true pictures.

    Raises:
        DataError: if a picture has no result.

    Attributes:
        name: the folder as it was given, and a slash, so that no model has the same.
        facts: the folder's path.
    """

    def __init__(self, folder: Path, dataset: Dataset) -> None:
        self.name = f"{folder}/"
        self.facts: dict[str, Any] = {"folder": str(folder.resolve())}
        self._files = {file.stem: file for file in list_pictures(folder, recursive=False)}
        missing = [name for name in dataset.names if name not in self._files]
        if missing:
            raise DataError(f"{folder}: no result for {len(missing)} pictures, the first is {missing[0]}")

    def read(self, sample: Sample) -> NDArray[np.uint8]:
        """The result for a picture: (4h, 4w, 3), uint8.

        Raises:
            ImageError: if it cannot be read.
            DataError: if it is not as large as the true picture.
        """
        file = self._files[sample.name]
        image = read_8_bit(file)
        if image.shape != sample.hr_image.shape:
            (height, width), (found_height, found_width) = sample.hr_image.shape[:2], image.shape[:2]
            raise DataError(
                f"{file}: is {found_width}x{found_height}, the true picture {width}x{height} (cropped to a "
                "multiple of 4); enlarge its low-res partner four times"
            )
        return image

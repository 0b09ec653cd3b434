"""Results of other software, as a folder of files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from srgan.errors import DataError
from srgan.evaluation.dataset import Dataset, Sample, read_8_bit
from srgan.networks.model_file import file_sha256


class ResultFolder:
    """Pictures that other software upscaled, found by the names of the high-res ones.

    Args:
        folder: holds them; extensions may differ from the high-res pictures', and other files are ignored.
        dataset: the pictures.

    Raises:
        DataError: if a picture has no result.

    Attributes:
        name: the folder as it was given, and a slash, so that no model has the same.
        facts: what tells two folders of one name apart: ``folder``, the path, and ``files_sha256``, of the
            SHA-256 of the files, in hexadecimal, one after the other.
    """

    def __init__(self, folder: Path, dataset: Dataset) -> None:
        self._files = dataset.matching(folder, "result")
        self.name = f"{folder}/"
        sums = "".join(file_sha256(file) for file in self._files.values())
        self.facts = {
            "folder": str(folder.resolve()),
            "files_sha256": hashlib.sha256(sums.encode()).hexdigest(),
        }

    def read(self, sample: Sample) -> NDArray[np.uint8]:
        """Returns the result for a picture: as large as the ground truth, uint8.

        Raises:
            ImageError: if it cannot be read.
            DataError: if it has another size.
        """
        file = self._files[sample.name]
        image = read_8_bit(file)
        if image.shape != sample.hr_image.shape:
            (height, width), (found_height, found_width) = sample.hr_image.shape[:2], image.shape[:2]
            raise DataError(
                f"{file}: is {found_width}x{found_height}, the ground truth {width}x{height} (cropped to a "
                f"multiple of {sample.scale}); upscale the low-res picture {sample.scale}x"
            )
        return image

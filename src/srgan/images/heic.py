"""What has to be known about a HEIC before it is read."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from srgan.errors import ImageError
from srgan.images.recognise import explained, kind_of, opened


def is_transparent(path: Path) -> bool:
    """Returns whether a picture says that it has transparency; False for a file that cannot be read."""
    try:
        with explained(path), opened(path) as file, Image.open(file, formats=[kind_of(path, file)]) as image:
            return image.has_transparency_data
    except ImageError:
        return False

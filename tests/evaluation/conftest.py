"""A folder of true pictures."""

import pytest
import skimage.data
from PIL import Image


@pytest.fixture
def hr(tmp_path):
    """Two pictures: one of 48x40, one of 50x43, which is cropped to 48x40."""
    folder = tmp_path / "truth"
    folder.mkdir()
    Image.fromarray(skimage.data.astronaut()[40:200:4, 100:292:4]).save(folder / "a.png")
    Image.fromarray(skimage.data.chelsea()[:172:4, 100:300:4]).save(folder / "b.png")
    return folder

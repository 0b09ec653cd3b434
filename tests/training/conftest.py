import pytest
import torch
from PIL import Image
from skimage import data


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A folder with three small pictures."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("astronaut", "chelsea", "coffee"):
        Image.fromarray(getattr(data, name)()[:160, :200]).save(folder / f"{name}.png")
    return folder


@pytest.fixture(scope="session")
def four_photos(tmp_path_factory):
    """A folder with four small pictures, of different sizes."""
    folder = tmp_path_factory.mktemp("four")
    for number, name in enumerate(("astronaut", "chelsea", "coffee", "rocket")):
        picture = getattr(data, name)()[: 100 + 20 * number, :150]
        Image.fromarray(picture).save(folder / f"{name}.png")
    return folder


@pytest.fixture(autouse=True)
def one_thread():
    """Tiny networks gain nothing from more, and a busy machine makes threads wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)

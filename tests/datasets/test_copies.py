"""Copies of real photographs are found; pictures that only resemble each other are not taken for them."""

import io

import numpy as np
import pytest
import scipy.ndimage
import skimage.data
from PIL import Image

from srgan.datasets.alignment import likeness
from srgan.datasets.copies import COPY, Look, find_copies
from srgan.datasets.examine import hash_pixels
from srgan.datasets.fingerprint import SIDE, Fingerprint


def look(name, pixels):
    pixels = np.ascontiguousarray(pixels)
    return Look(name=name, pixels=hash_pixels(pixels), fingerprint=Fingerprint.of(pixels))


def jpeg(pixels, quality):
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def resized(pixels, width, height):
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height), Image.BICUBIC))


def cut(pixels, left, top, right, bottom):
    """Without so many hundredths of the sides."""
    height, width = pixels.shape[:2]
    return pixels[
        height * top // 100 : height - height * bottom // 100,
        width * left // 100 : width - width * right // 100,
    ]


CHANGES = {
    "itself": lambda pixels: pixels,
    "JPEG 10": lambda pixels: jpeg(pixels, 10),
    "JPEG 75": lambda pixels: jpeg(pixels, 75),
    "a quarter": lambda pixels: resized(pixels, pixels.shape[1] // 4, pixels.shape[0] // 4),
    "twice": lambda pixels: resized(pixels, pixels.shape[1] * 2, pixels.shape[0] * 2),
    "squashed": lambda pixels: resized(pixels, 200, 150),
    "brighter": lambda pixels: np.clip(pixels * 1.15, 0, 255).astype(np.uint8),
    "cropped at the left": lambda pixels: cut(pixels, 10, 0, 0, 0),
    "cropped all round": lambda pixels: cut(pixels, 5, 5, 5, 5),
    "cropped at a corner": lambda pixels: cut(pixels, 0, 8, 8, 0),
    "cropped, smaller, JPEG 50": lambda pixels: jpeg(resized(cut(pixels, 4, 6, 2, 3), 160, 120), 50),
}


@pytest.fixture(scope="module")
def photographs():
    data = skimage.data
    pictures = {"astronaut": data.astronaut(), "chelsea": data.chelsea(), "coffee": data.coffee()}
    grey = {"camera": data.camera(), "coins": data.coins(), "brick": data.brick(), "grass": data.grass()}
    grey |= {"gravel": data.gravel(), "moon": data.moon(), "page": data.page(), "text": data.text()}
    pictures |= {name: np.repeat(picture[..., None], 3, axis=2) for name, picture in grey.items()}
    return pictures | {"rocket": data.rocket(), "hubble": data.hubble_deep_field()}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("turned", [False, True])
def test_changed_copies_of_photographs_are_found(photographs, change, turned):
    chosen = ("astronaut", "chelsea", "coffee", "camera", "rocket")
    known = [look(name, pixels) for name, pixels in photographs.items()]
    changed = [look(f"changed {name}", CHANGES[change](photographs[name])) for name in chosen]
    copies = find_copies(known, changed) if turned else find_copies(changed, known)
    pairs = {(copy.of, copy.name) if turned else (copy.name, copy.of) for copy in copies}
    assert pairs == {(f"changed {name}", name) for name in chosen}
    assert all(copy.exact == (change == "itself") for copy in copies)
    assert all(COPY <= copy.likeness <= 1 for copy in copies)


def test_other_pictures_are_no_copies(photographs):
    assert find_copies([look(name, pixels) for name, pixels in photographs.items()]) == []


def test_pictures_that_resemble_each_other_are_no_copies(photographs):
    """Parts of one texture, other parts of one photograph, and other lines of one page."""
    corners = [(slice(top, top + 256), slice(left, left + 256)) for top in (0, 256) for left in (0, 256)]
    pictures = [photographs[name][corner] for name in ("brick", "grass", "gravel") for corner in corners]
    pictures += [photographs["astronaut"][:, left : left + 256] for left in (0, 128, 256)]
    pictures += [photographs["page"][:95], photographs["page"][95:190]]
    assert find_copies([look(str(number), pixels) for number, pixels in enumerate(pictures)]) == []


def test_aligned_faces_are_no_copies():
    """25 pixels a side, of one light: what a fingerprint alone takes for each other."""
    faces = (skimage.data.lfw_subset()[:100] * 255).astype(np.uint8)
    faces = np.repeat(faces[..., None], 3, axis=3)
    pairs = find_copies([look(str(number), face) for number, face in enumerate(faces)])
    assert pairs == []
    again = [look(f"{number} again", resized(face, 50, 50)) for number, face in enumerate(faces)]
    found = find_copies(again, [look(str(number), face) for number, face in enumerate(faces)])
    assert [(copy.name, copy.of) for copy in found] == [(f"{n} again", str(n)) for n in range(100)]


def test_what_is_not_found_is_as_documented(photographs):
    """Mirrored, turned, or with a third of each side lost."""
    coffee = photographs["coffee"]
    changed = [coffee[:, ::-1], np.rot90(coffee), coffee[::-1], cut(coffee, 33, 33, 0, 0)]
    assert find_copies([look(str(n), pixels) for n, pixels in enumerate(changed)], [look("", coffee)]) == []


def test_each_is_a_copy_of_an_earlier_one_that_is_most_alike(photographs):
    coffee = photographs["coffee"]
    pictures = {
        "a": coffee,
        "b": photographs["chelsea"],
        "c": jpeg(coffee, 10),
        "d": coffee,
        "e": jpeg(coffee, 12),
    }
    copies = find_copies([look(name, pixels) for name, pixels in pictures.items()])
    # The two JPEGs are nearer to their original than to each other.
    assert [(copy.name, copy.of, copy.exact) for copy in copies] == [
        ("c", "a", False),
        ("d", "a", True),
        ("e", "a", False),
    ]


def test_pictures_without_detail_are_compared_by_their_pixels():
    flat = [np.full((40, 60, 3), level, np.uint8) for level in (0, 0, 1, 255)]
    copies = find_copies([look(str(number), pixels) for number, pixels in enumerate(flat)])
    assert [(copy.name, copy.of, copy.exact) for copy in copies] == [("1", "0", True)]


def test_the_likeness_is_the_correlation_of_differences_between_pixels():
    """Where nothing has to be aligned; SciPy blurs for the comparison."""
    random = np.random.default_rng(0)
    soft = scipy.ndimage.gaussian_filter(random.normal(size=(SIDE, SIDE)), 2, mode="wrap")
    first = np.clip(128 + soft * 400, 0, 255).astype(np.uint8)
    second = np.clip(first.astype(int) + random.integers(-9, 10, first.shape), 0, 255).astype(np.uint8)
    (found,) = likeness(first, second[None])
    kept = [scipy.ndimage.gaussian_filter(image.astype(float), 0.7)[4:-4, 4:-4] for image in (first, second)]
    steps = [np.concatenate([np.diff(image, axis=axis).ravel() for axis in (0, 1)]) for image in kept]
    assert found == pytest.approx(
        steps[0] @ steps[1] / np.sqrt(steps[0] @ steps[0] * (steps[1] @ steps[1])), abs=0.03
    )


def test_any_miniatures_have_a_likeness():
    random = np.random.default_rng(1)
    rows, columns = np.indices((SIDE, SIDE))
    odd = [
        random.integers(0, 256, (SIDE, SIDE)),
        rows * 8,
        columns * 8,
        (rows + columns) % 2 * 255,
        rows % 2 * 255,
    ]
    odd += [np.zeros((SIDE, SIDE)), np.full((SIDE, SIDE), 255), (columns > 15) * 255, np.eye(SIDE) * 255]
    odd = np.array(odd).astype(np.uint8)
    for number, picture in enumerate(odd):
        found = likeness(picture, odd)
        assert np.all(np.abs(found) <= 1 + 1e-5)
        if np.ptp(picture):
            assert found[number] == pytest.approx(1, abs=1e-4)
        else:
            assert abs(found[number]) < 0.01

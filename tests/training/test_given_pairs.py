import numpy as np
import pytest
from PIL import Image
from skimage import data

from srgan.errors import DataError
from srgan.training.given_pairs import list_given_pairs, read_given_pairs


def save(path, height, width):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(data.coffee()[:height, :width]).save(path)


def test_pairs_are_found_by_their_names_and_read_as_they_are(tmp_path):
    save(tmp_path / "true" / "a.png", 80, 120)
    save(tmp_path / "true" / "more" / "a.png", 40, 60)
    save(tmp_path / "low" / "a.webp", 20, 30)
    save(tmp_path / "low" / "more" / "a.jpg", 10, 15)
    files = list_given_pairs(tmp_path / "true", tmp_path / "low")
    assert [lr.name for lr, _ in files] == ["a.webp", "a.jpg"]
    pairs = read_given_pairs(files, 8, 4)
    np.testing.assert_array_equal(pairs[0][1], data.coffee()[:80, :120])
    with Image.open(tmp_path / "low" / "more" / "a.jpg") as small:
        np.testing.assert_array_equal(pairs[1][0], np.asarray(small))


def test_names_that_do_not_fit_are_all_told_at_once(tmp_path):
    for name in ("both.png", "both.jpg", "true_only.png"):
        save(tmp_path / "true" / name, 40, 40)
    for name in ("both.png", "low_only.png"):
        save(tmp_path / "low" / name, 10, 10)
    with pytest.raises(DataError) as caught:
        list_given_pairs(tmp_path / "true", tmp_path / "low")
    message = str(caught.value)
    assert "true_only.png: has no partner true_only.* in" in message
    assert "low_only.png: has no partner low_only.* in" in message
    assert "both.png: has the same name as both.jpg; remove one of them" in message
    assert message.count("; ") == 3  # one problem has two parts
    assert "\n" not in message


def test_sizes_that_do_not_fit_are_all_told_at_once(tmp_path):
    sizes = {"good": (40, 48), "tall": (41, 48), "small": (20, 24), "large": (80, 96)}
    for name, (height, width) in sizes.items():
        save(tmp_path / "true" / f"{name}.png", height, width)
        save(tmp_path / "low" / f"{name}.png", *((5, 6) if name == "small" else (10, 12)))
    (tmp_path / "low" / "good.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(DataError) as caught:
        read_given_pairs(list_given_pairs(tmp_path / "true", tmp_path / "low"), 8, 4)
    message = str(caught.value)
    assert "good.png: is damaged or cut short" in message
    assert "tall.png: is 48x41, must be 48x40, 4 times its low-res picture" in message
    assert "small.png: 6x5 is smaller than 8 pixels" in message
    assert "large.png: is 96x80, must be 48x40" in message


def test_of_very_many_problems_the_rest_is_counted(tmp_path):
    (tmp_path / "low").mkdir()
    for number in range(25):
        save(tmp_path / "true" / f"{number:02}.png", 8, 8)
    with pytest.raises(DataError, match=r"19\.png: has no partner .*; and 5 more$"):
        list_given_pairs(tmp_path / "true", tmp_path / "low")


def test_empty_folders_are_refused(tmp_path):
    (tmp_path / "true").mkdir()
    with pytest.raises(DataError, match="true: no pictures found"):
        list_given_pairs(tmp_path / "true", tmp_path / "true")

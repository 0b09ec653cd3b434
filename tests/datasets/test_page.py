"""The page of a dataset in a browser: opens from disk, the worst first, copies side by side."""

import re

import numpy as np
import pytest
import scipy.ndimage
import skimage.data
from PIL import Image

from srgan.datasets.page import MOST_PICTURES, render_page
from srgan.datasets.report import dataset_report

SECTIONS = """
return Object.fromEntries([...document.querySelectorAll('#sections section')].map(section => [
  section.querySelector('h2').textContent,
  [...section.querySelector('.groups').children].map(group =>
    (group.className === 'pair' ? [...group.children] : [group]).map(figure => [
      figure.querySelector('figcaption').firstChild.textContent,
      figure.querySelector('figcaption div').textContent,
      figure.querySelector('img')?.naturalWidth ?? 0,
      figure.querySelector('img')?.naturalHeight ?? 0])),
]))"""


@pytest.fixture
def folders(tmp_path):
    """Photographs, blurred, compressed, grey, small and twice; and a test set with one of them."""
    folder, tests = tmp_path / "photos", tmp_path / "tests"
    folder.mkdir()
    tests.mkdir()
    coffee, astronaut = skimage.data.coffee(), skimage.data.astronaut()
    Image.fromarray(astronaut).save(folder / "astronaut.jpg", quality=90)
    Image.fromarray(coffee).save(folder / "coffee.png")
    Image.fromarray(coffee).resize((300, 200)).save(folder / "coffee-again.jpg", quality=30)
    blurred = scipy.ndimage.gaussian_filter(skimage.data.chelsea(), (3, 3, 0))
    Image.fromarray(blurred).save(folder / "<b>blurred&.png")
    Image.fromarray(skimage.data.camera()[:100, :150]).save(folder / "grey.png")
    Image.fromarray(astronaut[10:, 10:]).resize((128, 128)).save(tests / "face.png")
    (folder / "empty.jpg").touch()
    return folder, tests


@pytest.fixture
def page(folders):
    report = dataset_report(*folders)
    return render_page(report, *folders, max_pixels=10**7)


def names(groups):
    return [[name for name, *_ in group] for group in groups]


def test_the_worst_come_first(open_page, page):
    sections = open_page(page, SECTIONS)
    assert names(sections["Least sharp"])[0] == ["<b>blurred&.png"]
    assert names(sections["Smallest"])[:2] == [["grey.png"], ["coffee-again.jpg"]]
    assert names(sections["Strongest JPEG compression"]) == [["coffee-again.jpg"], ["astronaut.jpg"]]
    assert names(sections["Without colours"]) == [["grey.png"]]
    ((_, words, width, height),) = sections["Strongest JPEG compression"][0]
    assert re.fullmatch(r"300x200, sharpness [\d.]+, JPEG 30", words)
    assert (width, height) == (200, 200)
    assert sections["Smallest"][0][0][2:] == [150, 100]


def test_copies_are_side_by_side(open_page, page, folders):
    sections = open_page(page, SECTIONS)
    (pair,) = sections["Copies of others in the folder"]
    assert [name for name, *_ in pair] == ["coffee.png", "coffee-again.jpg"]
    assert pair[0][1].startswith("likeness ")
    assert pair[0][2:] == pair[1][2:] == [200, 133]
    (overlap,) = sections[f"In {folders[1]} too"]
    assert [(name, width) for name, _, width, _ in overlap] == [("astronaut.jpg", 200), ("face.png", 128)]


def test_tables_have_the_counts_the_damage_and_every_picture(open_page, page, folders):
    counts, unread, rows, title = open_page(
        page,
        "const rows = id => [...document.querySelectorAll(`#${id} tbody tr`)]"
        ".map(row => [...row.cells].map(cell => cell.textContent));"
        "document.querySelectorAll('#images th')[5].click();"
        "return [rows('counts'), rows('unread'), rows('images'), document.title]",
    )
    assert ["all", "6"] in counts
    assert ["cannot be read", "1"] in counts
    assert unread == [[f"{folders[0]}/empty.jpg", "is empty (0 bytes)"]]
    assert title == f"{folders[0]} – srgan dataset-report"
    assert len(rows) == 5
    sharpness = [float(row[5]) for row in rows]
    assert sharpness == sorted(sharpness)
    assert rows[0][0] == "<b>blurred&.png"
    assert {row[0]: row[6] for row in rows}["coffee-again.jpg"] == "30"
    assert {row[0]: row[7] for row in rows}["grey.png"] == "no"


def test_the_page_needs_nothing_from_elsewhere(page):
    assert not re.search("https?:", page)
    assert not re.search(r"(src|href)=\"(?!data:)", page)
    assert "<b>blurred" not in page
    assert "{{" not in page


def test_a_picture_that_has_gone_since_is_told(open_page, folders):
    report = dataset_report(folders[0])
    (folders[0] / "grey.png").unlink()
    sections = open_page(render_page(report, folders[0], max_pixels=10**7), SECTIONS)
    ((name, words, width, _),) = sections["Without colours"][0]
    assert (name, width) == ("grey.png", 0)
    assert words.endswith("(can no longer be read)")


def test_a_large_folder_makes_no_large_page(open_page, tmp_path):
    random = np.random.default_rng(0)
    for number in range(MOST_PICTURES + 6):
        soft = Image.fromarray(random.integers(0, 256, (5, 6, 3), np.uint8))
        soft.resize((60 + number, 50 + number), Image.BICUBIC).save(tmp_path / f"{number:02}.png")
    page = render_page(dataset_report(tmp_path), tmp_path, max_pixels=10**7)
    sections, note = open_page(
        page, f"return [(() => {{{SECTIONS}}})(), document.querySelectorAll('#sections p')[1].textContent]"
    )
    assert [name for (name,) in names(sections["Smallest"])] == [f"{n:02}.png" for n in range(MOST_PICTURES)]
    assert note == "By the shorter side. 24 of 30."

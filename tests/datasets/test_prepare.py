"""From raw photographs to a training set, on real files."""

import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import skimage.data
from PIL import Image

from srgan.datasets.prepare import PrepareOptions, prepare
from srgan.datasets.report import dataset_report
from srgan.errors import DataError, InUseError, SrganError, UsageError

OPTIONS = PrepareOptions(min_size=40, crop=32)


def photo(seed, size=(64, 48)):
    """Another picture for every seed: soft colours with some grain."""
    random = np.random.default_rng(seed)
    soft = Image.fromarray(random.integers(0, 256, (5, 6, 3), dtype=np.uint8)).resize(size, Image.BICUBIC)
    return np.clip(np.asarray(soft) + random.integers(-6, 7, (size[1], size[0], 3)), 0, 255).astype(np.uint8)


def save(path, pixels, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def files_in(folder):
    """Every file's content by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def records_in(dest):
    return {record["name"]: record for record in json.loads((dest / "manifest.json").read_text())["pictures"]}


@pytest.fixture
def raw(tmp_path):
    """Eight photographs, two of them in a sub-folder."""
    folder = tmp_path / "raw"
    for number in range(6):
        save(folder / f"{number}.jpg", photo(number), quality=95)
    for number in (6, 7):
        save(folder / "more" / f"{number}.png", photo(number))
    return folder


@pytest.fixture
def dest(tmp_path):
    return tmp_path / "set"


def test_the_centre_of_every_photograph_is_kept_without_loss(raw, dest):
    prepared = prepare(raw, dest, OPTIONS)
    assert prepared.counts["pictures"] == prepared.counts["kept"] == 8
    assert prepared.counts["train"] + prepared.counts["validation"] == 8
    assert (prepared.train, prepared.validation) == (dest / "train", dest / "validation")
    records = records_in(dest)
    assert list(records) == [*(f"{n}.jpg" for n in range(6)), "more/6.png", "more/7.png"]
    for name, record in records.items():
        assert record["status"] == "kept"
        assert record["box"] == [16, 8, 48, 40]
        assert record["output"].startswith(record["split"] + "/")
        original = np.asarray(Image.open(raw / name))
        with Image.open(dest / record["output"]) as crop:
            assert (crop.format, crop.mode) == ("PNG", "RGB")
            np.testing.assert_array_equal(crop, original[8:40, 16:48])
    assert set(files_in(dest)) == {"manifest.json", *(record["output"] for record in records.values())}


def test_what_cannot_serve_is_left_out_counted_and_named(raw, dest):
    save(raw / "small.png", photo(20, (64, 39)))
    save(raw / "grey.png", photo(21)[..., 0])
    nearly_grey = np.repeat(photo(22)[..., :1], 3, axis=2)
    nearly_grey[:, :, 2] ^= 3
    nearly_grey[0, 0] = 255, 0, 0
    save(raw / "nearly-grey.png", nearly_grey)
    (raw / "cut.jpg").write_bytes((raw / "0.jpg").read_bytes()[:1500])
    (raw / "text.jpg").write_text("no picture")
    (raw / "empty.png").touch()
    save(raw / "same.bmp", np.asarray(Image.open(raw / "0.jpg")))
    save(raw / "saved-again.jpg", np.asarray(Image.open(raw / "1.jpg")), quality=40)
    Image.open(raw / "2.jpg").resize((96, 72), Image.BICUBIC).save(raw / "larger.png")
    save(raw / ".hidden.png", photo(23))
    (raw / "notes.txt").write_text("not looked at")
    counts = prepare(raw, dest, OPTIONS).counts
    assert counts == {
        "pictures": 17,
        "kept": 8,
        "train": counts["train"],
        "validation": 8 - counts["train"],
        "too_small": 1,
        "grey": 2,
        "damaged": 3,
        "duplicate": 3,
        "unsafe": 0,
    }
    assert json.loads((dest / "manifest.json").read_text())["counts"] == counts
    dropped = {n: (r["status"], r["reason"]) for n, r in records_in(dest).items() if r["status"] != "kept"}
    assert dropped == {
        "small.png": ("too_small", "64x39 is smaller than 40 pixels"),
        "grey.png": ("grey", "has no colours"),
        "nearly-grey.png": ("grey", "has no colours"),
        "cut.jpg": ("damaged", dropped["cut.jpg"][1]),
        "text.jpg": ("damaged", dropped["text.jpg"][1]),
        "empty.png": ("damaged", "is empty (0 bytes)"),
        "same.bmp": ("duplicate", "has the pixels of 0.jpg"),
        "saved-again.jpg": ("duplicate", "looks like 1.jpg"),
        "larger.png": ("duplicate", "looks like 2.jpg"),
    }
    assert "cut short" in dropped["cut.jpg"][1]
    assert "is not a picture" in dropped["text.jpg"][1]


def test_a_variation_of_a_photograph_is_no_duplicate(tmp_path, dest):
    pixels = photo(0)
    save(tmp_path / "raw" / "a.png", pixels)
    save(tmp_path / "raw" / "mirrored.png", pixels[:, ::-1])
    save(tmp_path / "raw" / "other-colours.png", np.ascontiguousarray(pixels[..., ::-1]))
    assert prepare(tmp_path / "raw", dest, OPTIONS).counts["kept"] == 3


def test_little_colour_is_colour(tmp_path, dest):
    pixels = np.repeat(photo(0)[..., :1], 3, axis=2)
    pixels[:8, :8] = 200, 30, 30  # 2 % of the picture
    save(tmp_path / "raw" / "a.png", pixels)
    assert prepare(tmp_path / "raw", dest, OPTIONS).counts["kept"] == 1


def test_pictures_come_upright_and_in_eight_bits(tmp_path, dest):
    pixels = photo(0)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: a quarter turn clockwise puts it right
    save(tmp_path / "raw" / "turned.png", pixels, exif=exif)
    save(tmp_path / "raw" / "clear.png", np.dstack([photo(1), np.full((48, 64), 200, np.uint8)]))
    prepare(tmp_path / "raw", dest, replace(OPTIONS, crop=0))
    crops = {name: np.asarray(Image.open(dest / r["output"])) for name, r in records_in(dest).items()}
    np.testing.assert_array_equal(crops["turned.png"], np.rot90(pixels, -1))
    np.testing.assert_array_equal(crops["clear.png"], photo(1))


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_an_archive_gives_the_set_of_its_folder(raw, tmp_path, kind):
    prepare(raw, tmp_path / "of-folder", OPTIONS)
    archive = tmp_path / f"raw.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            for path in sorted(raw.rglob("*"), reverse=True):
                file.write(path, path.relative_to(raw).as_posix())
            file.writestr("__MACOSX/._0.jpg", b"what a Mac adds")
    else:
        with tarfile.open(archive, f"w:{kind[4:]}") as file:
            for path in sorted(raw.rglob("*")):
                file.add(path, path.relative_to(raw).as_posix(), recursive=False)
    before = archive.read_bytes()
    prepare(archive, tmp_path / "of-archive", OPTIONS)
    of_folder, of_archive = files_in(tmp_path / "of-folder"), files_in(tmp_path / "of-archive")
    of_folder.pop("manifest.json"), of_archive.pop("manifest.json")
    assert of_archive == of_folder
    assert archive.read_bytes() == before


def test_the_split_follows_the_share_and_the_seed(raw, tmp_path):
    for number in range(8, 60):
        save(raw / f"{number}.png", photo(number))
    splits = {}
    for validation, seed in ((0.0, 0), (0.3, 0), (0.3, 1)):
        folder = tmp_path / f"{validation}-{seed}"
        prepare(raw, folder, replace(OPTIONS, validation=validation, seed=seed))
        splits[validation, seed] = {n for n, r in records_in(folder).items() if r["split"] == "validation"}
    assert splits[0.0, 0] == set()
    assert 9 <= len(splits[0.3, 0]) <= 27
    assert splits[0.3, 0] != splits[0.3, 1]


def test_added_photographs_join_and_removed_ones_leave(raw, tmp_path, dest):
    prepare(raw, dest, OPTIONS)
    before = records_in(dest)
    (dest / "train" / "mine.png").write_bytes(b"not of the set")
    times = {path: (dest / path).stat().st_mtime_ns for path in files_in(dest) if path != "manifest.json"}
    for number in range(8, 12):
        save(raw / f"{number}.png", photo(number))
    # Comes before 3.jpg, which is then the duplicate.
    save(raw / "0-again.png", np.asarray(Image.open(raw / "3.jpg")))
    (raw / "5.jpg").unlink()
    prepare(raw, dest, OPTIONS)
    after = records_in(dest)
    for name in set(before) - {"3.jpg", "5.jpg"}:
        assert after[name] == before[name]
        assert (dest / after[name]["output"]).stat().st_mtime_ns == times[after[name]["output"]]
    assert after["3.jpg"]["reason"] == "has the pixels of 0-again.png"
    assert (dest / "train" / "mine.png").exists()
    (dest / "train" / "mine.png").unlink()
    prepare(raw, tmp_path / "anew", OPTIONS)
    assert files_in(dest) == files_in(tmp_path / "anew")
    # And back: what was a duplicate serves again, though its crop was removed.
    (raw / "0-again.png").unlink()
    prepare(raw, dest, OPTIONS)
    assert records_in(dest)["3.jpg"] == before["3.jpg"]
    assert (dest / before["3.jpg"]["output"]).exists()


def test_a_limit_keeps_the_first_photographs(raw, dest):
    save(raw / "0.jpg", photo(0)[..., 0])
    assert prepare(raw, dest, replace(OPTIONS, limit=3)).counts["kept"] == 3
    records = records_in(dest)
    assert {name: record["status"] for name, record in records.items()} == {
        "0.jpg": "grey",
        "1.jpg": "kept",
        "2.jpg": "kept",
        "3.jpg": "kept",
    }
    assert len(files_in(dest)) == 4


@pytest.mark.parametrize("stop_after", [1, 5, 8])
@pytest.mark.parametrize("archived", [False, True])
def test_an_interrupted_run_goes_on_where_it_was(raw, tmp_path, dest, stop_after, archived):
    save(raw / "1-again.jpg", np.asarray(Image.open(raw / "1.jpg")), quality=50)
    source = raw
    if archived:
        source = tmp_path / "raw.tar.gz"
        with tarfile.open(source, "w:gz") as file:
            file.add(raw, "raw")
    prepare(source, tmp_path / "uninterrupted", OPTIONS)

    def interrupt(event):
        if event.done == stop_after:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(source, dest, OPTIONS, on_event=interrupt)
    made = {p: (dest / p).stat().st_mtime_ns for p in files_in(dest) if p.startswith(("train", "validation"))}
    assert 1 <= len(made) < 8 if stop_after < 8 else len(made) >= 7
    # A process that is killed may leave this as well.
    with (dest / ".prepare" / "journal.jsonl").open("a") as journal:
        journal.write('\n{"name": "5.jpg", "status": "kept", "rea')
    (dest / ".prepare" / "writing").write_bytes(b"half a crop")
    prepare(source, dest, OPTIONS)
    assert files_in(dest) == files_in(tmp_path / "uninterrupted")
    assert {path: (dest / path).stat().st_mtime_ns for path in made} == made


def test_a_crop_that_is_lost_or_cut_is_made_again(raw, dest):
    prepare(raw, dest, OPTIONS)
    whole = files_in(dest)
    first, second, *_ = (path for path in whole if path.endswith(".png"))
    (dest / first).unlink()
    (dest / second).write_bytes(b"")
    prepare(raw, dest, OPTIONS)
    assert files_in(dest) == whole


def test_a_picture_that_could_not_be_read_is_tried_again(raw, dest):
    whole = (raw / "0.jpg").read_bytes()
    times = (raw / "0.jpg").stat().st_mtime_ns
    (raw / "0.jpg").write_bytes(bytes(len(whole)))
    os.utime(raw / "0.jpg", ns=(times, times))
    assert prepare(raw, dest, OPTIONS).counts["damaged"] == 1
    (raw / "0.jpg").write_bytes(whole)
    os.utime(raw / "0.jpg", ns=(times, times))
    assert prepare(raw, dest, OPTIONS).counts["damaged"] == 0


@pytest.mark.parametrize("finished", [False, True])
def test_a_set_made_otherwise_is_refused_and_left_alone(raw, tmp_path, dest, finished):
    def interrupt(event):
        if event.done == 3 and not finished:
            raise KeyboardInterrupt

    try:
        prepare(raw, dest, OPTIONS, on_event=interrupt)
    except KeyboardInterrupt:
        assert not finished
    before = files_in(dest)
    with pytest.raises(UsageError, match="was made with crop 32, not 24; seed 0, not 1; name a new"):
        prepare(raw, dest, replace(OPTIONS, crop=24, seed=1))
    save(tmp_path / "other" / "a.png", photo(0))
    with pytest.raises(UsageError, match=r"was made from .*raw; name a new folder"):
        prepare(tmp_path / "other", dest, OPTIONS)
    assert files_in(dest) == before


def test_a_folder_with_something_else_in_it_is_refused(raw, dest):
    dest.mkdir()
    (dest / "manifest.json").write_text('{"name": "a web page"}')
    with pytest.raises(UsageError, match=r"manifest.json: was not written by srgan prepare"):
        prepare(raw, dest, OPTIONS)
    (dest / "manifest.json").rename(dest / "thesis.txt")
    with pytest.raises(UsageError, match="is not empty and holds no training set"):
        prepare(raw, dest, OPTIONS)
    assert list(files_in(dest)) == ["thesis.txt"]


def test_the_empty_folders_of_a_set_that_was_removed_while_it_began_are_taken(raw, dest):
    (dest / "train").mkdir(parents=True)
    (dest / "validation").mkdir()
    assert prepare(raw, dest, OPTIONS).counts["kept"] == 8


def test_folders_of_somebody_elses_pictures_are_refused(raw, dest):
    (dest / "train").mkdir(parents=True)
    (dest / "train" / "a.png").touch()
    with pytest.raises(UsageError, match="is not empty and holds no training set"):
        prepare(raw, dest, OPTIONS)
    assert list(files_in(dest)) == ["train/a.png"]


def test_a_set_that_is_being_made_is_left_alone(raw, dest):
    def meanwhile(event):
        if event.done == 2:
            with pytest.raises(InUseError, match="another process"):
                prepare(raw, dest, OPTIONS)

    assert prepare(raw, dest, OPTIONS, on_event=meanwhile).counts["kept"] == 8


def png(pixels):
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_outside_are_not_followed(tmp_path, kind):
    archive = tmp_path / f"evil.{kind}"
    names = ["../up.png", "a/../../up.png", f"{tmp_path}/absolute.png", "..\\up.png", "C:up.png"]
    contents = {name: png(photo(number)) for number, name in enumerate([*names, "good.png"])}
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as file:
            for name, data in contents.items():
                file.writestr(name, data)
    else:
        with tarfile.open(archive, "w") as file:
            for name, data in contents.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                file.addfile(member, io.BytesIO(data))
            link = tarfile.TarInfo("link.png")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
            file.addfile(link)
    dest = tmp_path / "deep" / "set"
    counts = prepare(archive, dest, OPTIONS).counts
    assert (counts["kept"], counts["unsafe"], counts["pictures"]) == (1, 5, 6)
    assert {records_in(dest)[name]["reason"] for name in names} == {"its name leads outside the archive"}
    assert {path.split("/")[0] for path in files_in(tmp_path)} == {archive.name, "deep"}
    assert {path.split("/")[1] for path in files_in(tmp_path / "deep")} <= {
        "manifest.json",
        "train",
        "validation",
    }


def test_names_of_any_kind_become_plain_ones(tmp_path, dest):
    archive = tmp_path / "odd.zip"
    names = ["a b&c?.png", "ż.png", "x" * 230 + ".png", "CON.png", "sub/a b&c?.png"]
    with zipfile.ZipFile(archive, "w") as file:
        for number, name in enumerate(names):
            file.writestr(name, png(photo(number)))
    assert prepare(archive, dest, OPTIONS).counts["kept"] == len(names)
    outputs = {record["output"] for record in records_in(dest).values()}
    assert len(outputs) == len(names)
    assert outputs | {"manifest.json"} == set(files_in(dest))


def test_bombs_are_left_out(tmp_path, dest):
    archive = tmp_path / "bombs.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("good.png", png(photo(0)))
        file.writestr("many-pixels.png", png(photo(1, (100, 80))))
        with file.open("many-bytes.png", "w") as member:
            for _ in range(17):
                member.write(bytes(2**20))
    assert prepare(archive, dest, replace(OPTIONS, max_pixels=64 * 48)).counts["kept"] == 1
    reasons = {name: record["reason"] for name, record in records_in(dest).items()}
    assert reasons["many-pixels.png"].startswith("100x80 is more than the limit of 3,072 pixels")
    assert reasons["many-bytes.png"].startswith("unpacks to 17,825,792 bytes")


def test_a_damaged_member_is_left_out_and_the_others_serve(raw, tmp_path, dest):
    archive = tmp_path / "raw.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for number in range(3):
            file.write(raw / f"{number}.jpg", f"{number}.jpg")
    data = bytearray(archive.read_bytes())
    data[data.index((raw / "1.jpg").read_bytes()) + 900] ^= 255
    archive.write_bytes(data)
    assert prepare(archive, dest, OPTIONS).counts["kept"] == 2
    assert "cannot be unpacked (Bad CRC-32" in records_in(dest)["1.jpg"]["reason"]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.xz"])
def test_an_archive_that_is_cut_short_is_one_line(raw, tmp_path, dest, kind):
    archive = tmp_path / f"raw.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(archive, "w") as file:
            for path in raw.glob("*.jpg"):
                file.write(path, path.name)
    else:
        with tarfile.open(archive, f"w:{kind[4:]}") as file:
            file.add(raw, "raw")
    data = archive.read_bytes()
    archive.write_bytes(data[: len(data) // 2])
    with pytest.raises(DataError, match=r"is damaged or cut short \(.*fetch the archive again") as caught:
        prepare(archive, dest, OPTIONS)
    assert "\n" not in str(caught.value)
    assert not dest.exists()


def test_what_cannot_work_is_one_line_and_changes_nothing(raw, tmp_path, dest):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("neither")
    (tmp_path / "small").mkdir()
    save(tmp_path / "small" / "a.png", photo(0, (20, 20)))
    for source, target, options, message in (
        (tmp_path / "nowhere", dest, OPTIONS, "there is no such folder or archive"),
        (tmp_path / "empty", dest, OPTIONS, "holds no pictures"),
        (tmp_path / "file", dest, OPTIONS, "is neither a folder nor a zip or tar archive"),
        (raw, tmp_path / "file", OPTIONS, "is a file"),
        (raw, tmp_path / "file" / "set", OPTIONS, "cannot be made"),
        (raw, raw / "set", OPTIONS, "lies in the source itself"),
        (raw, dest, replace(OPTIONS, crop=48), "crop is 48, larger than min_size, 40"),
        (raw, dest, replace(OPTIONS, validation=1.0), "validation is 1.0, must be"),
        (raw, dest, replace(OPTIONS, limit=0, crop=-1), "crop is -1, .*; limit is 0, must be at least 1"),
        (raw, dest, replace(OPTIONS, crop=80, validation=2.0), "crop is 80, .*; validation is 2.0, must"),
    ):
        with pytest.raises(SrganError, match=message) as caught:
            prepare(source, target, options)
        assert "\n" not in str(caught.value)
        assert not dest.exists()
    with pytest.raises(DataError, match=r"no picture can be used; left out: 1 too small; .*manifest.json"):
        prepare(tmp_path / "small", dest, OPTIONS)
    assert records_in(dest)["a.png"]["status"] == "too_small"


def test_preparing_needs_no_pytorch(raw, dest):
    script = (
        "import sys; sys.modules.update(dict.fromkeys(['torch', 'openvino', 'pyvips']))\n"
        "from pathlib import Path\n"
        "from srgan.datasets.prepare import PrepareOptions, prepare\n"
        "prepare(Path(sys.argv[1]), Path(sys.argv[2]), PrepareOptions(min_size=40, crop=32))"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script, raw, dest], check=True)
    assert len(records_in(dest)) == 8


def test_the_set_leaves_out_what_the_report_calls_a_copy(tmp_path, dest):
    """Also what was resized, cropped by a tenth and compressed."""
    raw = tmp_path / "raw"
    picture = Image.fromarray(skimage.data.coffee())
    smaller = picture.crop((30, 20, 570, 380)).resize((300, 200))
    raw.mkdir()
    picture.save(raw / "a.png")
    smaller.save(raw / "b.jpg", quality=50)
    Image.fromarray(skimage.data.chelsea()).save(raw / "c.png")
    prepare(raw, dest, OPTIONS)
    left_out = {name for name, record in records_in(dest).items() if record["status"] == "duplicate"}
    assert left_out == {"b.jpg"} == {copy["name"] for copy in dataset_report(raw)["copies"]}

"""``srgan prepare`` as it is typed: what it prints, and how it is stopped."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

COMMAND = [sys.executable, "-m", "srgan", "prepare"]
SIZES = ["--min-size", "40", "--crop", "32"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and limits")


@pytest.fixture
def raw(here):
    """Writes so many photographs, and a grey one."""

    def write(count, size=(64, 48)):
        folder = here / "raw"
        folder.mkdir()
        random = np.random.default_rng(0)
        for number in range(count):
            soft = Image.fromarray(random.integers(0, 256, (5, 6, 3), dtype=np.uint8))
            soft.resize(size, Image.BICUBIC).save(folder / f"{number:03d}.jpg")
        Image.fromarray(np.full((48, 64), 128, np.uint8)).save(folder / "grey.png")
        return folder

    return write


def files_in(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def test_the_counts_are_told_in_one_line(srgan, raw):
    raw(5)
    done = srgan("prepare", "raw", "set", *SIZES, "--validation", 0)
    assert (done.code, done.out) == (0, "")
    assert done.err.replace("\\", "/") == (
        "5 of 6 pictures kept: 5 in set/train, 0 in set/validation; left out: 1 grey; "
        "set/manifest.json names each\n"
    )


def test_json_is_one_object(srgan, raw, here):
    raw(5)
    done = srgan("prepare", "raw", "set", *SIZES, "--json", "--limit", 4, "--seed", 3)
    assert (done.code, done.err) == (0, "")
    result = json.loads(done.out)
    assert set(result) == {"train", "validation", "manifest", "counts", "seconds"}
    counts = result["counts"]
    assert (counts["pictures"], counts["kept"], counts["grey"]) == (4, 4, 0)
    assert len(list((here / result["train"]).iterdir())) == counts["train"]
    assert len(list((here / result["validation"]).iterdir())) == counts["validation"]
    manifest = json.loads((here / result["manifest"]).read_text())
    assert (manifest["counts"], manifest["complete"]) == (counts, True)
    assert manifest["options"]["seed"] == 3
    assert srgan("prepare", "raw", "set", *SIZES, "--json", "--limit", 4, "--seed", 3).code == 0


def test_the_help_names_the_usual_sources(srgan):
    done = srgan("prepare", "--help")
    assert "train2017.zip" in done.out
    assert "img_align_celeba.zip" in done.out
    assert "Example: srgan prepare train2017.zip sets/coco" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere", "set"], 2, "nowhere: there is no such folder or archive"),
        (["raw", "raw/set"], 2, "lies in the source itself"),
        (["raw", "set", "--crop", "400"], 2, "crop is 400, larger than min_size, 360"),
        (["raw", "set", "--validation", "1.5"], 2, "validation is 1.5, must be"),
        (["raw", "set", "--limit", "0"], 2, "--limit"),
        (["raw", "set"], 1, "no picture can be used; left out: 4 too small"),
    ],
)
def test_what_goes_wrong_is_one_line(srgan, raw, arguments, code, message):
    raw(3)
    done = srgan("prepare", *arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("srgan: ")
    assert done.err.count("\n") == 1
    assert message in done.err


@posix
@pytest.mark.parametrize(
    ("number", "code", "says"),
    [("SIGKILL", -9, ""), ("SIGINT", 130, "stopped; the same command continues set\n")],
)
def test_a_run_that_is_stopped_goes_on(raw, here, srgan_process, number, code, says):
    command = [*srgan_process, "prepare", "raw", "set", *SIZES]
    raw(40, (640, 480))
    subprocess.run([*COMMAND, "raw", "uninterrupted", *SIZES], check=True, capture_output=True)
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while len(list(here.glob("set/train/*.png"))) < 3:
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(getattr(signal, number))
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (code, says)
    assert not json.loads((here / "set" / "manifest.json").read_text())["complete"]
    made = {path: path.stat().st_mtime_ns for path in here.glob("set/*/*.png")}
    subprocess.run([*COMMAND, "raw", "set", *SIZES], check=True, capture_output=True)
    assert files_in(here / "set") == files_in(here / "uninterrupted")
    # The one that was being noted down may have been made again.
    assert sum(path.stat().st_mtime_ns != made[path] for path in made) <= 1


@posix
def test_a_full_disk_is_one_line_and_the_run_goes_on(raw, here):
    raw(5)
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1500, 1500));"
        "from srgan.cli.main import main; main()"
    )
    command = [sys.executable, "-c", script, "prepare", "raw", "set", *SIZES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "cannot be written (File too large); fix that, and run the same command again" in done.stderr
    for name in ("set", "anew"):
        subprocess.run([*COMMAND, "raw", name, *SIZES], check=True, capture_output=True)
    assert files_in(here / "set") == files_in(here / "anew")

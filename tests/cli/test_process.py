"""The installed command as a process of its own: signals, full disks, pipes, what it imports."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

COMMAND = [sys.executable, "-m", "srgan"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and limits")


@pytest.fixture
def noise(here):
    """Large enough to take a while in small tiles, and not to compress."""
    values = np.random.default_rng(0).integers(0, 256, (800, 1000, 3), dtype=np.uint8)
    Image.fromarray(values).save(here / "noise.png")
    return here / "noise.png"


@posix
@pytest.mark.parametrize(
    ("number", "code", "says"),
    [
        ("SIGINT", 130, "srgan: interrupted\n"),
        ("SIGTERM", 143, ""),
        ("SIGKILL", -9, ""),
    ],
)
def test_a_picture_that_is_interrupted_leaves_nothing_under_its_name(
    noise, here, tiny_model, srgan_process, number, code, says
):
    options = ["upscale", noise, "-o", "out.png", "--tile", "16", "--model", tiny_model]
    command = [*srgan_process, *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not list(here.glob(".srgan-*")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(getattr(signal, number))
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (code, says)
    assert not (here / "out.png").exists()
    if number != "SIGKILL":
        assert [path.name for path in here.iterdir()] == ["noise.png"]


@posix
def test_a_full_disk_is_one_line_and_leaves_nothing(noise, here, tiny_model):
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000));"
        "from srgan.cli.main import main; main()"
    )
    command = [sys.executable, "-c", script, "upscale", noise, "-o", "out.png", "--model", tiny_model]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "srgan: out.png: cannot be written (File too large)\n"
    assert [path.name for path in here.iterdir()] == ["noise.png"]


def test_upscaling_needs_no_pytorch_and_piped_progress_is_silent(pictures, here, tiny_model):
    pictures("a.png")
    script = (
        "import sys; sys.modules.update(dict.fromkeys(['torch', 'tensorboard', 'matplotlib']));"
        "from srgan.cli.main import main; main()"
    )
    command = [sys.executable, "-c", script, "upscale", "a.png", "--model", tiny_model]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr.startswith("a-x4.png: 120x96, ")
    assert done.stderr.count("\n") == 1
    assert "\x1b" not in done.stderr
    assert (here / "a-x4.png").exists()


def imported(*arguments):
    """The modules that a command has imported when it ends."""
    script = (
        "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr));"
        "from srgan.cli.main import main; main()"
    )
    command = [sys.executable, "-c", script, *arguments]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], ["upscale", "--help"], ["train", "--help"]])
def test_help_waits_for_nothing_heavy(arguments):
    found = imported(*arguments)
    assert not {"numpy", "PIL", "openvino", "torch", "asyncio"} & found
    assert "srgan.cli.upscale" in found


def test_a_picture_waits_for_no_part_that_it_does_not_need(pictures, tiny_model):
    pictures("a.png")
    found = imported("upscale", "a.png", "--model", str(tiny_model), "--device", "cpu")
    assert {"numpy", "openvino", "pyvips"} <= found
    unneeded = {"asyncio", "rich", "av", "torch", "srgan.export", "srgan.networks.foreign"}
    assert not unneeded & found


@posix
def test_a_reader_that_leaves_early_is_no_error_worth_a_word():
    with subprocess.Popen(
        [*COMMAND, "info", "srresnet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1

"""The commands and programs of the README, the tutorials and the how-to guides, run on small inputs.

Every block of ``sh`` and ``python`` is run, from the top of a page to its end, unless a comment above it says
``not run`` and why.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image
from tiny_recipes import TINY

from srgan.cpu import multiplies_eight_bits
from srgan.images.resize import bicubic

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [
    "../README.md",
    *(
        page.relative_to(DOCS).as_posix()
        for part in ("tutorials", "how-to")
        for page in sorted((DOCS / part).glob("*.md"))
    ),
]
BLOCK = re.compile(r"(<!-- not run: .+ -->\n)?```(sh|python)\n(.*?)\n```", re.DOTALL)

SHORT = [*TINY, "discriminator.channels=4", "data.batch_size=2", "run.validate_every=2"]
QUICK = ["--steps", "2", *(f"--set={change}" for change in SHORT)]
"""What every run of training is told besides."""

ELSEWHERE = {"how-to/serve.md"}  # tests/serve runs them against a server

INT8 = {"how-to/eight-bits.md"}  # ask for int8 by name

MADE = {
    "tutorials/first-photo.md": {
        "photo-x4.jpg": (256, 192),
        "wide.jpg": (1920, 1440),
        "double.jpg": (128, 96),
    },
    "how-to/batches.md": {"clear/a.jpg": (64, 48), "mirrored/below/b.jpg": (64, 48)},
    "how-to/python.md": {"clear.png": (128, 96), "clear/a.jpg": (32, 24), "large.png": (256, 192)},
}
"""Sizes of some results."""


@pytest.fixture
def inputs(here, request):
    """The files that the pages speak of."""
    photo = Image.fromarray(skimage.data.coffee()).crop((200, 80, 264, 128))
    for name in ("photo.jpg", "face.png", "truth/a.png"):
        (here / name).parent.mkdir(exist_ok=True)
        photo.save(here / name)
    for name in ("holiday/a.jpg", "holiday/below/b.jpg", "small/a.png"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(bicubic(np.asarray(photo), 1 / 4)).save(here / name)
    (here / "theirs").mkdir()
    photo.save(here / "theirs" / "a.png")

    def more(text):
        """Inputs that only some pages need, for they take time."""
        if "film.mp4" in text:
            make_films(here, request.getfixturevalue("ffmpeg"))
        if "--data photos/ --validation valid/" in text:
            for name in ("photos", "valid"):
                (here / name).mkdir()
                shutil.copy(Path(skimage.data.__file__).with_name("astronaut.png"), here / name)
        if "raw/" in text:
            (here / "raw").mkdir()
            for name in ("astronaut.png", "coffee.png"):
                shutil.copy(Path(skimage.data.__file__).with_name(name), here / "raw")

    return more


def make_films(folder, ffmpeg):
    picture, sound = "testsrc2=size=32x24:rate=2:duration=2.5", "sine=duration=2.5"
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, folder / "film.mp4")
    ffmpeg("-i", folder / "film.mp4", folder / "film.mkv")
    ffmpeg("-f", "lavfi", "-i", picture, folder / "animated.gif")


@pytest.fixture
def run(srgan):
    """Runs a block; commands of srgan alone in this process, which is faster."""

    def run_commands(text):
        lines = text.replace("\\\n", " ").splitlines()
        if not all(line.startswith("srgan ") for line in lines) or " | " in text:
            path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            subprocess.run(["bash", "-ec", text], check=True, env={**os.environ, "PATH": path})
            return
        for line in lines:
            arguments, _, target = line.partition(" > ")
            words = shlex.split(arguments, comments=True)[1:]
            done = srgan(*words, *(QUICK if words[0] == "train" else []))
            assert done.code == 0, f"{line}: {done.err}"
            if target:
                Path(target).write_text(done.out)

    return run_commands


@pytest.mark.parametrize("page", sorted({*PAGES} - ELSEWHERE))
def test_the_commands_of_a_page_work(here, inputs, run, page):
    if page in INT8 and not multiplies_eight_bits():
        pytest.skip("this processor is not known to compute in int8")
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks = [(kind, code) for is_marked, kind, code in BLOCK.findall(text) if not is_marked]
    inputs("".join(code for _, code in blocks))
    for kind, code in blocks:
        if kind == "sh":
            run(code)
    if program := "\n".join(code for kind, code in blocks if kind == "python"):
        subprocess.run([sys.executable, "-c", program], check=True)
    for name, size in MADE.get(page, {}).items():
        with Image.open(here / name) as image:
            assert image.size == size


def test_blocks_say_what_language_they_are_in():
    for page in PAGES:
        opening = (DOCS / page).read_text(encoding="utf-8").split("\n```")[1::2]
        assert not [block for block in opening if block.startswith("\n")], page

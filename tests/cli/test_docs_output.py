"""The JSON that the reference shows has the keys that commands print."""

import json
import re
import shutil
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "output.md"
EXAMPLE = re.compile(r"### `srgan ([a-z-]+)`\n\n```json\n(.*?)\n```", re.DOTALL)
EXAMPLES = {name: json.loads(text) for name, text in EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))}

COMMANDS = {
    "upscale": ("photo.jpg", "--model", "fast"),
    "compare": ("photo.jpg", "-o", "panels.png", "--model", "fast"),
    "evaluate": ("--hr", "truth", "--model", "fast"),
    "prepare": ("raw", "set"),
    "train": (
        "--recipe",
        "fast",
        "--data",
        "truth",
        "--out",
        "run",
        "--steps",
        "1",
        "--set=data.batch_size=1",
    ),
}


@pytest.fixture
def inputs(here):
    photo = Image.fromarray(skimage.data.coffee()).crop((200, 0, 400, 200))
    photo.resize((32, 32)).save("photo.jpg")
    for folder in ("truth", "raw"):
        (here / folder).mkdir()
    photo.save("truth/a.png")
    for name in ("astronaut.png", "coffee.png"):
        shutil.copy(Path(skimage.data.__file__).with_name(name), "raw")


def keys(value):
    """The keys of objects, at whatever depth; of a list, those of its first item."""
    if isinstance(value, dict):
        return {name: keys(item) for name, item in value.items()}
    return keys(value[0]) if isinstance(value, list) and value else None


@pytest.mark.usefixtures("inputs")
@pytest.mark.parametrize("command", sorted(EXAMPLES.keys() - {"cluster"}))  # tests/cluster compares that one
def test_examples_are_like_what_is_printed(srgan, command):
    done = srgan(command, *COMMANDS[command], "--json")
    assert done.code == 0, done.err
    assert keys(json.loads(done.out)) == keys(EXAMPLES[command])
